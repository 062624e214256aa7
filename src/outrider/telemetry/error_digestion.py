"""Errors that wait in the spool -> issues, segment after segment, in a thread of its own."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final

import structlog

from outrider.errors import ReceivedEvent, read_sentry_event
from outrider.model import StoreError
from outrider.telemetry.thread_priority import yield_to_measurements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from outrider.model import ErrorEvent
    from outrider.telemetry.limits import Tally
    from outrider.telemetry.spool import Spool

log = structlog.get_logger("outrider.errors")

_EVERY_S: Final = 0.5
_LONGEST_WAIT_S: Final = 10.0
_BATCH: Final = 200


class ErrorDigestion:
    """Stores what waits twice a second, and waits longer while the store is away.

    What was stored before a kill is stored once: an event has its id from the moment it is taken.

    Args:
        add: Stores events, all or none; raises `StoreError` while it cannot.
        after: Is called after each round.
    """

    def __init__(
        self,
        spool: Spool,
        add: Callable[[Sequence[ErrorEvent]], object],
        tally: Tally,
        *,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._spool = spool
        self._add = add
        self._tally = tally
        self._after = after
        self._is_away = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="error-digestion", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after the batch that is being stored; what waits stays in the spool."""
        self._stop.set()
        self._thread.join()

    def digest(self) -> bool:
        """Store what waits; return False if the store takes nothing at the moment."""
        for segment in self._spool.sealed():
            if self._stop.is_set():
                return True
            if not self._store(segment):
                return False
        return True

    def _run(self) -> None:
        yield_to_measurements()
        wait_s = _EVERY_S
        while not self._stop.wait(wait_s):
            wait_s = _EVERY_S if self.digest() else min(2 * wait_s, _LONGEST_WAIT_S)
            self._after()

    def _store(self, segment: Path) -> bool:
        try:
            for batch in _batches(self._events(segment)):
                if self._stop.is_set():
                    return True
                self._add_all(batch)
        except StoreError as error:
            if not self._is_away:
                log.warning("errors wait: the store takes nothing", reason=str(error), bytes=self._spool.bytes)
            self._is_away = True
            return False
        self._is_away = False
        self._spool.forget(segment)
        return True

    def _add_all(self, events: Sequence[ErrorEvent]) -> None:
        """Store events; one that the store cannot hold does not take others with it."""
        try:
            self._add(events)
        except StoreError:
            raise
        except Exception as error:
            if len(events) > 1:
                for event in events:
                    self._add_all([event])
                return
            log.exception("an error could not be stored", event_id=events[0].id, reason=str(error))
            self._tally.add("events dropped, not storable")
            return
        self._tally.add("events stored", len(events))

    def _events(self, segment: Path) -> Iterator[ErrorEvent]:
        with segment.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    return  # cut off, and never acknowledged
                try:
                    yield read_event(json.loads(line))
                except (ValueError, TypeError, LookupError, RecursionError) as error:
                    log.warning("an error could not be read", reason=str(error))
                    self._tally.add("events dropped, not readable")


def read_event(line: dict[str, Any]) -> ErrorEvent:
    """Return the event of a line of the spool."""
    received = {name: line[name] for name in ("id", "project", "service", "environment", "received_us", "sent_us")}
    return read_sentry_event(line["document"], ReceivedEvent(**received))


def _batches(events: Iterator[ErrorEvent]) -> Iterator[list[ErrorEvent]]:
    batch: list[ErrorEvent] = []
    for event in events:
        batch.append(event)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
