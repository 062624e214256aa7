"""Page views that wait in the spool -> the telemetry, segment after segment, in a thread of its own."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from outrider.model import OutriderError
from outrider.real_users import PageView
from outrider.telemetry.thread_priority import yield_to_measurements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from outrider.telemetry.limits import Tally
    from outrider.telemetry.spool import Spool

log = structlog.get_logger("outrider.real_users")

_EVERY_S: Final = 1.0
_LONGEST_WAIT_S: Final = 15.0
_BATCH: Final = 20_000


class PageViewInserts(Protocol):
    """Takes page views; see the port of telemetry for what a token is."""

    def insert_page_views(self, views: Sequence[PageView], *, token: str) -> None:
        """Insert views; those that are told of again replace what was told before."""
        ...


class PageViewDigestion:
    """Stores what waits once a second, and waits longer while the engine is away.

    Args:
        store: Returns where page views are kept; raises an `OutriderError` while it cannot be reached.
    """

    def __init__(self, spool: Spool, store: Callable[[], PageViewInserts], tally: Tally) -> None:
        self._spool = spool
        self._store = store
        self._tally = tally
        self._is_away = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="page-view-digestion", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after the segment that is being stored; what waits stays in the spool."""
        self._stop.set()
        self._thread.join()

    def digest(self) -> bool:
        """Store what waits; return False if nothing takes it at the moment."""
        return all(self._stop.is_set() or self._insert(segment) for segment in self._spool.sealed())

    def _run(self) -> None:
        yield_to_measurements()
        wait_s = _EVERY_S
        while not self._stop.wait(wait_s):
            wait_s = _EVERY_S if self.digest() else min(2 * wait_s, _LONGEST_WAIT_S)

    def _insert(self, segment: Path) -> bool:
        try:
            store = self._store()
            views = _views(segment)
            for number in range(0, len(views), _BATCH):
                store.insert_page_views(views[number : number + _BATCH], token=f"{segment.stem}-{number}")
        except OutriderError as error:  # away, off, not installed, or refused: nothing is thrown away for it
            return self._waits(error)
        except (ValueError, TypeError, LookupError) as error:
            self._tally.add("segments of page views put aside")
            log.error("a segment of page views was put aside", segment=segment.name, reason=str(error))  # noqa: TRY400
            self._spool.put_aside(segment)
            return True
        self._is_away = False
        self._tally.add("page views stored", len(views))
        self._spool.forget(segment)
        return True

    def _waits(self, error: OutriderError) -> bool:
        if not self._is_away:
            log.warning("page views wait: the telemetry takes nothing", reason=str(error), bytes=self._spool.bytes)
        self._is_away = True
        return False


def _views(segment: Path) -> list[PageView]:
    lines = segment.read_bytes().split(b"\n")[:-1]  # what follows the last line feed was cut off
    return [PageView._make(json.loads(line)) for line in lines]
