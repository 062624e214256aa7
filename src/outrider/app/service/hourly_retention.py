"""A listener of the service that prunes expired data every hour."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from outrider.model import OutriderError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import Run
    from outrider.runs import Judgement
    from outrider.scheduler import Health

_FIRST_AFTER_S, _PRUNE_EVERY_S = 60.0, 3600.0
_SUBJECT = "retention"


class HourlyRetention:
    """Prunes expired data a minute after its start and then every hour, in a thread of its own.

    A service that never lasts an hour prunes too, and history that was stored while none ran is rolled up soon.

    Args:
        prune: Prunes the data that is expired now.
        health: Takes what goes wrong.
        clock: Seconds on a monotonic clock.
    """

    def __init__(
        self, prune: Callable[[], None], health: Health, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._prune = prune
        self._health = health
        self._clock = clock
        self._due_s = clock() + _FIRST_AFTER_S

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Ignore runs."""

    def ticked(self, now_us: int) -> None:  # noqa: ARG002 - its own clock is steady
        """Prune if it is due."""
        if self._clock() >= self._due_s:
            self._due_s = self._clock() + _PRUNE_EVERY_S
            threading.Thread(target=self._keep_within_age, name="retention", daemon=True).start()

    def _keep_within_age(self) -> None:
        try:
            self._prune()
        except OutriderError as error:
            self._health.wrong(_SUBJECT, str(error))
        except Exception as error:  # nobody waits for this thread: it says itself what went wrong
            self._health.wrong(_SUBJECT, f"{type(error).__name__}: {error}")
        else:
            self._health.well(_SUBJECT)
