"""Which passing runs take a picture of the page that they end on: a few, since a picture costs what a step does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import Check


class PictureTimes:
    """When each check had its last picture, in this process: the first run after a start takes one.

    Args:
        every_s: The age of a picture from which on another is taken; None takes none at all.
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, every_s: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._clock = clock
        self._taken_s: dict[tuple[str, str], float] = {}

    def is_due(self, check: Check) -> bool:
        """Whether a run of a check takes a picture if it passes."""
        if self._every_s is None:
            return False
        taken_s = self._taken_s.get((check.id, check.policy.environment))
        return taken_s is None or self._clock() - taken_s >= self._every_s

    def note(self, check: Check) -> None:
        """Remember that a run of a check passed and took a picture."""
        self._taken_s[check.id, check.policy.environment] = self._clock()
