"""The Locust workers that a load has in locations: asked for while it begins, and told apart from those elsewhere."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Final, Self

from outrider.model import LoadShare

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from outrider.model import CheckId, LoadShareLog

_LOOK_S: Final = 0.5


class LoadCrew:
    """Shares of one load, which are wanted until the context is left.

    Args:
        log: Where they are asked for.
        locations: A worker is wanted in each.
        check: The load.
        master: Host and port at which they find Locust's master.
        config: Of every process of the load, as a line of its protocol.
        within_s: For how long the load takes at most.
    """

    def __init__(
        self,
        log: LoadShareLog,
        locations: Sequence[str],
        check: CheckId,
        *,
        master: tuple[str, int],
        config: str,
        within_s: float,
    ) -> None:
        self._log = log
        self._now_us = time.time_ns() // 1000
        until_us = self._now_us + round(within_s * 1_000_000)
        self._shares = [
            LoadShare(secrets.token_hex(16), location, check, *master, until_us, config) for location in locations
        ]
        self._ids = [share.id for share in self._shares]
        self._looked_s = 0.0

    def __enter__(self) -> Self:
        self._log.ask(self._shares, self._now_us)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._log.end(self._ids)

    def problem(self) -> str:
        """Return why workers cannot join, looked up twice a second at most; empty as long as they may."""
        if time.monotonic() - self._looked_s < _LOOK_S:
            return ""
        self._looked_s = time.monotonic()
        return "; ".join(
            f"worker at {state.location} {state.why}" for state in self._log.states(self._ids) if state.why
        )

    def absence(self) -> str:
        """Return in which locations nobody took a share; empty if all were taken."""
        absent = dict.fromkeys(state.location for state in self._log.states(self._ids) if not state.is_taken)
        return f"no worker at {', '.join(absent)} was free to take its share" if absent else ""
