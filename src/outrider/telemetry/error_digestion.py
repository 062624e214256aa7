"""Errors that wait in the spool -> issues."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from outrider.errors import ReceivedEvent, SentAttachment, attachment_from_json, read_sentry_event
from outrider.model import Arrival, SessionCount, StoreError
from outrider.telemetry.error_intake import SESSIONS
from outrider.telemetry.spool_digestion import SpoolDigestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrider.model import AddedEvent, ErrorEvent
    from outrider.telemetry.limits import Tally
    from outrider.telemetry.spool import Spool

log = structlog.get_logger("outrider.errors")

_BATCH: Final = 200


class ErrorDigestion(SpoolDigestion):
    """Stores events, one that cannot be read or stored counted and left out.

    What was stored before a kill is stored once: an event has its id from the moment it is taken.

    Args:
        add: Stores events, all or none; raises `StoreError` while it cannot.
        attach: Keeps files of an event: name, media type, content; returns whether it did.
        add_sessions: Adds sessions to their sums, all or none, once for a token; raises as `add` does.
        after: Is called after each round.
    """

    def __init__(
        self,
        spool: Spool,
        add: Callable[[Sequence[ErrorEvent]], Sequence[AddedEvent]],
        tally: Tally,
        *,
        attach: Callable[[str, Sequence[tuple[str, str, Path]]], bool] = lambda _event, _files: False,
        add_sessions: Callable[[Sequence[SessionCount], int], bool] = lambda _counts, _token: True,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(spool, "errors", after=after)
        self._add = add
        self._attach = attach
        self._add_sessions = add_sessions
        self._tally = tally

    def store(self, segment: Path) -> None:
        """Store the events of a segment, batch by batch, or all of its sessions."""
        kind, began_ns, *_ = segment.name.split("-")
        if kind == SESSIONS:
            self._add_sessions(list(self._sessions(segment)), int(began_ns))
            self._spool.forget(segment)
            return
        for batch in _batches(self._events(segment)):
            if self.is_ending:
                return
            add_events(self._add, [event for event, _ in batch], self._tally)
            for event, files in batch:
                if files:
                    self._attach_files(event.id, files)
        self._spool.forget(segment)

    def _attach_files(self, event: str, files: Sequence[SentAttachment]) -> None:
        """Keep the files of an event, if it is kept; an event that was stored before a kill gets them now."""
        with tempfile.TemporaryDirectory() as folder:
            placed = []
            try:
                for number, file in enumerate(files):
                    path = Path(folder) / str(number)
                    path.write_bytes(file.content)
                    placed.append((file.name, file.media_type, path))
                is_kept = self._attach(event, placed)
            except OSError as error:
                log.warning("attachments could not be kept", event_id=event, reason=str(error))
                is_kept = False
        self._tally.add(f"attachments {'stored' if is_kept else 'not kept'}", len(files))

    def _events(self, segment: Path) -> Iterator[tuple[ErrorEvent, list[SentAttachment]]]:
        for line in _lines(segment):
            try:
                document = json.loads(line)
                yield read_event(document), [attachment_from_json(own) for own in document.get("attachments", ())]
            except (ValueError, TypeError, LookupError, RecursionError) as error:
                log.warning("an error could not be read", reason=str(error))
                self._tally.add("events dropped, not readable")

    def _sessions(self, segment: Path) -> Iterator[SessionCount]:
        for line in _lines(segment):
            try:
                yield SessionCount._make(json.loads(line))
            except (ValueError, TypeError):
                self._tally.add("sessions left out, not readable")


def _lines(segment: Path) -> Iterator[bytes]:
    """Yield whole lines: one that was cut off was never acknowledged, a blank one is of somebody who was erased."""
    with segment.open("rb") as lines:
        yield from (line for line in lines if line.endswith(b"\n") and not line.isspace())


def add_events(
    add: Callable[[Sequence[ErrorEvent]], Sequence[AddedEvent]], events: Sequence[ErrorEvent], tally: Tally
) -> int:
    """Store events, and count what became of each; one that the store cannot hold does not take others with it.

    Returns:
        How many were not stored before.

    Raises:
        StoreError: While the store takes nothing.
    """
    try:
        added = add(events)
    except StoreError:
        raise
    except Exception as error:
        if len(events) > 1:
            return sum(add_events(add, [event], tally) for event in events)
        log.exception("an error could not be stored", event_id=events[0].id, reason=str(error))
        tally.add("events dropped, not storable", events[0].weight)
        return 0
    fresh = 0
    for event, own in zip(events, added, strict=True):
        if own.arrival is Arrival.REPEATED:
            tally.add("events repeated", event.weight)
            continue
        fresh += event.weight
        tally.add("events stored", int(own.is_kept))
        tally.add("events sampled", event.weight - own.is_kept)
    return fresh


def read_event(line: dict[str, Any]) -> ErrorEvent:
    """Return the event of a line of the spool."""
    received = {name: line[name] for name in ("id", "project", "service", "environment", "received_us", "sent_us")}
    return read_sentry_event(line["document"], ReceivedEvent(**received))


def _batches(
    events: Iterator[tuple[ErrorEvent, list[SentAttachment]]],
) -> Iterator[list[tuple[ErrorEvent, list[SentAttachment]]]]:
    """Yield events with their files, of which none that is large waits for others."""
    batch: list[tuple[ErrorEvent, list[SentAttachment]]] = []
    for event in events:
        batch.append(event)
        if len(batch) >= _BATCH or event[1]:
            yield batch
            batch = []
    if batch:
        yield batch
