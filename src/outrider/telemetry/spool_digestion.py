"""What waits in a spool -> its store, segment after segment, in a thread of its own."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

import structlog

from outrider.model import StoreError, TelemetryUnavailable
from outrider.telemetry.erased_lines import blank_lines, locked
from outrider.telemetry.thread_priority import yield_to_measurements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrider.telemetry.spool import Spool

log = structlog.get_logger("outrider.telemetry")

EVERY_S: Final = 0.5
_LONGEST_WAIT_S: Final = 10.0


class SpoolDigestion(ABC):
    """Stores what waits, round after round, and waits longer while the store is away.

    Args:
        what: Waits, for the log and the name of the thread.
        every_s: From the end of one round to the beginning of the next.
        busy_s: From the beginning of a round that found something to that of the next, where that is later.
        after: Is called after each round.
    """

    def __init__(
        self,
        spool: Spool,
        what: str,
        *,
        every_s: float = EVERY_S,
        busy_s: float = 0.0,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._spool = spool
        self._what = what
        self._every_s = every_s
        self._busy_s = busy_s
        self._after = after
        self._is_away = False
        self._erased: Callable[[], Callable[[str], bool] | None] = lambda: None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{what}-digestion", daemon=True)

    @abstractmethod
    def store(self, segment: Path) -> None:
        """Store a segment and remove it from the spool, or leave it if `is_ending`.

        Raises:
            StoreError, TelemetryUnavailable: While the store takes nothing; the segment comes again.
        """

    @property
    def is_ending(self) -> bool:
        """Whether no more is to be begun."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after what is being stored; what waits stays in the spool."""
        self._stop.set()
        self._thread.join()

    def digest(self) -> bool:
        """Store what waits; return False if the store takes nothing at the moment."""
        for segment in self._spool.sealed():
            if self.is_ending:
                return True
            try:
                self._store_others(segment)
            except (StoreError, TelemetryUnavailable) as error:
                if not self._is_away:
                    log.warning(
                        "what was taken waits: the store is away",
                        what=self._what, reason=str(error), bytes=self._spool.bytes,
                    )  # fmt: skip
                self._is_away = True
                return False
            if self._is_away:
                log.info("the store is back", what=self._what)
            self._is_away = False
        return True

    def leave_out(self, erased: Callable[[], Callable[[str], bool] | None]) -> None:
        """Store nothing that names somebody who was erased.

        Args:
            erased: Returns what tells whether a record, as JSON, does; None while nobody was erased.
        """
        self._erased = erased

    def _store_others(self, segment: Path) -> None:
        with locked(segment):
            if (names := self._erased()) is not None and (count := blank_lines(segment, names)):
                log.info("what names an erased person was left out", what=self._what, lines=count)
            self.store(segment)

    def _run(self) -> None:
        yield_to_measurements()
        wait_s = self._every_s
        while not self._stop.wait(wait_s):
            next_s = time.monotonic() + self._busy_s if self._spool.bytes else 0.0
            if self.digest():
                wait_s = max(self._every_s, next_s - time.monotonic())
            else:
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            self._after()
