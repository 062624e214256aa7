"""Telemetry on disk, from the moment it is acknowledged until the store has it.

A batch is a line of JSON in the open segment of its signal, with each resource in it once. A segment is sealed when
somebody comes to digest it, or when it is full; it is inserted whole, under its name as the token, and deleted.
Whatever is killed when: a line that was written is inserted, and a segment that is inserted again, since its deletion
was cut off, changes nothing. A line that was cut off was never acknowledged.

    logs-0000001795981234567890-7f3a.open      being written
    logs-0000001795981234567890-7f3a.sealed    waits to be inserted
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from outrider.model import (
    ExponentialValue,
    GaugeValue,
    HistogramValue,
    LogRecord,
    MetricPoint,
    Span,
    SpanEvent,
    SpanLink,
    SummaryValue,
    SumValue,
)
from outrider.telemetry.otlp_body import SignalKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from outrider.model import Attributes, MetricValue

OPEN: Final = ".open"
SEALED: Final = ".sealed"
REFUSED: Final = ".refused"
_VALUES: Final[dict[str, Callable[..., MetricValue]]] = {
    kind.__name__: kind for kind in (GaugeValue, SumValue, HistogramValue, ExponentialValue, SummaryValue)
}
_SEGMENT_BYTES: Final = 16 << 20
_REFUSED_KEPT: Final = 5
_EVENTS_AT, _LINKS_AT = Span._fields.index("events"), Span._fields.index("links")

Record = LogRecord | Span | MetricPoint
Line = bytes
"""Of JSON, with its line feed; the name `bytes` is a property of the spool."""


class SpoolFull(Exception):
    """The spool holds as much as it may: clients are to send again later."""


class Spool:
    """The segments of one process in one folder; safe between threads.

    Args:
        folder: Readable by nobody else; made if it is not there.
        most_bytes: Of all segments, beyond which nothing more is taken.
        syncs: Whether a batch outlives the machine's power, too, not only the process.
        inbox: A folder whose sealed segments are taken as if they had been written here, while there is room.
        on_seal: Is given each segment that takes no more, and the name that it gets; under the lock.
    """

    def __init__(
        self,
        folder: Path,
        most_bytes: int,
        *,
        syncs: bool = False,
        inbox: Path | None = None,
        on_seal: Callable[[Path, str], None] = lambda _segment, _name: None,
    ) -> None:
        self._folder = folder
        self._on_seal = on_seal
        self._most_bytes = most_bytes
        self._syncs = syncs
        self._inbox = inbox
        self._lock = threading.Lock()  # guards `_open` and `_bytes`
        self._open: dict[str, _Segment] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in sorted(folder.glob(f"*{OPEN}")):
            self._sealed(left)
        self._bytes = _bytes_in(folder)

    @property
    def bytes(self) -> int:
        """Bytes that wait to be inserted."""
        return self._bytes

    def write(self, kind: SignalKind, records: Sequence[Record]) -> None:
        """Keep a batch; it is safe against `kill -9` when this returns.

        Raises:
            SpoolFull: If there is no room, or the disk takes nothing.
        """
        if records:
            self.append(kind, _line(kind, records))

    def append(self, kind: str, line: Line) -> None:
        """Keep whole lines in the segment of a kind, as `write` does.

        Raises:
            SpoolFull: As `write`.
        """
        with self._lock:
            if self._bytes + len(line) > self._most_bytes:
                raise SpoolFull(f"{self._bytes:,} bytes wait to be stored, of at most {self._most_bytes:,}")
            segment = self._open.get(kind)
            try:
                if segment is None:
                    segment = self._open[kind] = _Segment(self._folder, kind)
                segment.append(line, syncs=self._syncs)
            except OSError as error:
                self._seal(kind)
                raise SpoolFull(f"the spool cannot be written: {error.strerror}") from error
            self._bytes += len(line)
            if segment.size >= _SEGMENT_BYTES:
                self._seal(kind)

    def sealed(self) -> list[Path]:
        """Return the segments that wait, oldest first, what was written until now among them."""
        with self._lock:
            for kind in tuple(self._open):
                self._seal(kind)
            if self._inbox is not None:
                self._adopt(self._inbox)
        return sorted(self._folder.glob(f"*{SEALED}"), key=lambda path: path.name.partition("-")[2])

    def hand_over(self) -> None:
        """Seal what is open for another spool whose inbox this folder is; what that took by now makes room here."""
        with self._lock:
            for kind in tuple(self._open):
                self._seal(kind)
            self._bytes = _bytes_in(self._folder)

    def waits_since(self) -> float:
        """Return when the oldest of what waits was begun, seconds since 1970; infinite if nothing waits."""
        names = [path.name for form in (OPEN, SEALED) for path in self._folder.glob(f"*{form}")]
        return min((int(name.split("-")[1]) / 1e9 for name in names), default=math.inf)

    def forget(self, segment: Path) -> None:
        """Delete a segment whose records are stored."""
        self._leave(segment, lambda: segment.unlink(missing_ok=True))

    def put_aside(self, segment: Path) -> None:
        """Take a segment that the store refuses out of the way of others; the last few stay, so that one can look."""
        self._leave(segment, lambda: segment.rename(segment.with_suffix(REFUSED)))
        for older in sorted(self._folder.glob(f"*{REFUSED}"))[:-_REFUSED_KEPT]:
            older.unlink(missing_ok=True)

    def close(self) -> None:
        """Seal what is open."""
        self.sealed()

    def _adopt(self, inbox: Path) -> None:
        for segment in sorted(inbox.glob(f"*{SEALED}")):
            size = segment.stat().st_size
            if self._bytes + size > self._most_bytes:
                return
            self._on_seal(segment, segment.name)
            segment.rename(self._folder / segment.name)
            self._bytes += size

    def _leave(self, segment: Path, act: Callable[[], object]) -> None:
        size = segment.stat().st_size
        act()
        with self._lock:
            self._bytes -= size

    def _seal(self, kind: str) -> None:
        segment = self._open.pop(kind, None)
        if segment is not None:
            self._sealed(segment.close())

    def _sealed(self, segment: Path) -> None:
        sealed = segment.with_suffix(SEALED)
        self._on_seal(segment, sealed.name)  # first: after a kill between the two it is given once more
        segment.rename(sealed)


def _bytes_in(folder: Path) -> int:
    """Return the size of what waits in a folder; another process may take it meanwhile."""
    size = 0
    for segment in folder.glob(f"*{SEALED}"):
        with suppress(FileNotFoundError):
            size += segment.stat().st_size
    return size


class _Segment:
    """A file that takes lines."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._path = folder / f"{kind}-{time.time_ns():022}-{uuid.uuid4().hex[:8]}{OPEN}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
        self.size = 0

    def append(self, line: bytes, *, syncs: bool) -> None:
        written = os.write(self._file, line)
        if written < len(line):
            os.ftruncate(self._file, self.size)  # the disk is full: nobody may take half a line for a batch
            raise OSError(28, "no space left")
        self.size += written
        if syncs:
            os.fdatasync(self._file)

    def close(self) -> Path:
        os.close(self._file)
        return self._path


def read_segment(segment: Path) -> tuple[SignalKind, list[Any]]:
    """Return the records of a segment, without a last line that was cut off; those of a resource share its attributes.

    Raises:
        ValueError: If it holds something else.
    """
    kind = kind_of(segment)
    return kind, [record for line in whole_lines(segment) for record in read_batch(kind, line)]


def whole_lines(segment: Path) -> list[bytes]:
    """Return the lines of a segment: neither what follows the last line feed, which was cut off, nor blank ones."""
    return [line for line in segment.read_bytes().split(b"\n")[:-1] if not line.isspace()]


def kind_of(segment: Path) -> SignalKind:
    """Return what a segment holds.

    Raises:
        ValueError: If its name does not say it.
    """
    return SignalKind(segment.name.partition("-")[0])


def read_batch(kind: SignalKind, line: bytes) -> list[Record]:
    """Return the records of a line of a segment.

    Raises:
        ValueError, TypeError, LookupError: If it holds something else.
    """
    at, make = RESOURCE_AT[kind], _MAKERS[kind]
    resources, batch = json.loads(line)
    for fields in batch:
        fields[at] = resources[fields[at]]
    return [make(fields) for fields in batch]


def _line(kind: SignalKind, records: Sequence[Record]) -> bytes:
    at = RESOURCE_AT[kind]
    numbers: dict[int, int] = {}
    resources: list[Attributes] = []
    batch: list[list[object]] = []
    for record in records:
        number = numbers.get(id(record.resource))
        if number is None:
            number = numbers[id(record.resource)] = len(resources)
            resources.append(record.resource)
        fields: list[object] = list(record)
        fields[at] = number
        if isinstance(record, MetricPoint):
            fields[-1] = (type(record.value).__name__, *record.value)
        batch.append(fields)
    return json.dumps((resources, batch), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _log(fields: list[Any]) -> LogRecord:
    return LogRecord(*fields)


def _span(fields: list[Any]) -> Span:
    fields[_EVENTS_AT] = tuple(SpanEvent(*event) for event in fields[_EVENTS_AT])
    fields[_LINKS_AT] = tuple(SpanLink(*link) for link in fields[_LINKS_AT])
    return Span(*fields)


def _point(fields: list[Any]) -> MetricPoint:
    name, *value = fields[-1]
    fields[-1] = _VALUES[name](*(_frozen(entry) for entry in value))
    return MetricPoint(*fields)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(entry) for entry in value) if isinstance(value, list) else value


_MAKERS: Final[dict[SignalKind, Callable[[list[Any]], Record]]] = {
    SignalKind.LOGS: _log,
    SignalKind.TRACES: _span,
    SignalKind.METRICS: _point,
}
RESOURCE_AT: Final = {
    SignalKind.LOGS: LogRecord._fields.index("resource"),
    SignalKind.TRACES: Span._fields.index("resource"),
    SignalKind.METRICS: MetricPoint._fields.index("resource"),
}
