"""A copy of what was taken, sent to another endpoint by OTLP over HTTP, out of a queue on disk.

A segment of the spool that takes no more is linked into the queue, which costs neither time nor, while it waits to be
stored, room. It is sent line by line, and how far it was sent stands in a file: after a restart that goes on. An
answer that was lost brings its records twice, nothing brings them never, but what is dropped: the oldest beyond the
size of the queue, and what the endpoint refuses for good. Both are counted.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import random
import threading
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

import structlog

from outrider.telemetry.erased_lines import kept_line
from outrider.telemetry.otlp_body import PROTOBUF, SignalKind, rejected_records
from outrider.telemetry.otlp_request import request_body
from outrider.telemetry.spool import SEALED, kind_of, read_batch
from outrider.telemetry.thread_priority import yield_to_measurements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from outrider.telemetry.limits import Tally
    from outrider.telemetry.spool import Record

log = structlog.get_logger("outrider.telemetry")

FORWARDED_BY: Final = "X-Outrider-Forwarded-By"
"""Header that names the workspace which sends: it refuses what it sent itself, whatever way that came back."""
_POSITION: Final = "position.json"
_RECORDS: Final = 2_000
_TIMEOUT_S: Final = 15.0
_CLOSE_S: Final = 5.0
_EVERY_S: Final = 1.0
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 120.0
_LONGEST_RETRY_S: Final = 3_600.0
_ANSWER_BYTES: Final = 64 << 10
_TOO_LARGE: Final = 413
_WAITS: Final = frozenset({401, 403, 404, 407, 408, 425, 429, 502, 503, 504})
"""OTLP's, and what a wrong address or token is answered with: both are mended while telemetry waits."""
_RANDOM: Final = random.Random()


class NotNow(Exception):
    """The endpoint takes nothing at the moment.

    Attributes:
        wait_s: How long it asks to be left alone; None if it does not say.
    """

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class ForwardTarget:
    """Where copies go.

    Attributes:
        url: Base address, to which `/v1/logs` and so on are added.
        headers: Of each request.
        sender: Names this workspace.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    sender: str = ""


class ForwardQueue:
    """Segments that wait to be sent, in a folder on the disk of the spool, and how far the oldest was sent.

    Args:
        most_bytes: Beyond which the oldest are dropped.
        signals: Those that are sent.
        is_on: Whether anything is queued; may be replaced at any time.
    """

    def __init__(
        self, folder: Path, most_bytes: int, signals: frozenset[SignalKind], tally: Tally, *, is_on: bool = True
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._signals = signals
        self._tally = tally
        self.is_on = is_on
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def add(self, segment: Path, name: str) -> None:
        """Queue a segment of the spool; one that was queued under this name is not queued again."""
        if self.is_on and kind_of(segment) in self._signals:
            try:
                with contextlib.suppress(FileExistsError):
                    os.link(segment, self._folder / name)
            except OSError as error:
                self._tally.add("segments not forwarded, the queue cannot be written")
                log.warning("telemetry is not forwarded", reason=error.strerror)

    def waiting(self) -> list[Path]:
        """Return the segments that wait, oldest first, after dropping what is beyond the size."""
        segments = sorted(self._folder.glob(f"*{SEALED}"), key=lambda path: path.name.partition("-")[2])
        size = sum(segment.stat().st_size for segment in segments)
        while size > self._most_bytes:
            oldest = segments.pop(0)
            size -= oldest.stat().st_size
            self._drop(oldest)
        return segments

    def unsent(self, segment: Path) -> tuple[int, bytes]:
        """Return from where on a segment was not sent, in bytes, and what stands there."""
        begin = self._position(segment)
        with segment.open("rb") as file:
            file.seek(begin)
            return begin, file.read()

    def sent(self, segment: Path, position: int) -> None:
        """Note that a segment was sent up to a position, in bytes."""
        draft = self._folder / f"{_POSITION}.new"
        draft.write_text(json.dumps({"segment": segment.name, "bytes": position}), "utf-8")
        draft.replace(self._folder / _POSITION)

    def done(self, segment: Path) -> None:
        """Forget a segment that was sent."""
        segment.unlink(missing_ok=True)

    def clear(self) -> None:
        """Drop all that waits."""
        for path in self._folder.iterdir():
            path.unlink()

    def _position(self, segment: Path) -> int:
        try:
            mark = json.loads((self._folder / _POSITION).read_text("utf-8"))
            return max(0, int(mark["bytes"])) if mark["segment"] == segment.name else 0
        except (OSError, ValueError, TypeError, KeyError):
            return 0

    def _drop(self, segment: Path) -> None:
        kind, count = kind_of(segment), 0
        with contextlib.suppress(ValueError, TypeError, LookupError):
            count = sum(
                len(json.loads(line)[1]) for line in self.unsent(segment)[1].split(b"\n")[:-1] if not line.isspace()
            )
        segment.unlink(missing_ok=True)
        self._tally.add(f"{kind} not forwarded, queue full", count)


class Forwarder:
    """Sends what waits, in a thread of the lowest priority, and waits longer while the endpoint takes nothing.

    Attributes:
        erased: As of `SpoolDigestion.leave_out`.
    """

    def __init__(self, queue: ForwardQueue, target: ForwardTarget, tally: Tally) -> None:
        self._queue = queue
        self._target = target
        self._tally = tally
        self._stop = threading.Event()
        self._is_away = False
        self.erased: Callable[[], Callable[[str], bool] | None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="telemetry-forwarding", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End soon; what waits goes on with the next one."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        yield_to_measurements()
        wait_s, away_s = _EVERY_S, _FIRST_WAIT_S
        while not self._stop.wait(wait_s):
            try:
                self.send()
                wait_s, away_s = _EVERY_S, _FIRST_WAIT_S
            except NotNow as refusal:
                self._report(refusal)
                wait_s = refusal.wait_s if refusal.wait_s is not None else away_s * _RANDOM.uniform(0.5, 1.0)
                away_s = min(2 * away_s, _LONGEST_WAIT_S)
            except OSError as error:  # of the queue's disk
                log.warning("telemetry is not forwarded", reason=str(error))
                wait_s = _LONGEST_WAIT_S

    def send(self) -> None:
        """Send what waits, unless forwarding is switched off.

        Raises:
            NotNow: If the endpoint takes nothing at the moment.
        """
        if not self._queue.is_on:
            return
        with _Connection(self._target) as connection:
            for segment in self._queue.waiting():
                self._send_segment(segment, connection)
                if self._stop.is_set():
                    return

    def _send_segment(self, segment: Path, connection: _Connection) -> None:
        kind = kind_of(segment)
        position, content = self._queue.unsent(segment)
        records: list[Record] = []
        lines = content.split(b"\n")[:-1]
        names = self.erased()
        for number, line in enumerate(lines, 1):
            try:
                others = line if names is None else kept_line(segment, line + b"\n", names)
                records += read_batch(kind, others) if not others.isspace() else []
            except (ValueError, TypeError, LookupError):
                self._tally.add("segments not forwarded, damaged")
            position += len(line) + 1
            if len(records) >= _RECORDS or number == len(lines):
                for begin in range(0, len(records), _RECORDS):
                    self._send(kind, records[begin : begin + _RECORDS], connection)
                self._queue.sent(segment, position)
                records = []
                if self._stop.is_set():
                    return
        self._queue.done(segment)

    def _send(self, kind: SignalKind, records: Sequence[Record], connection: _Connection) -> None:
        """Send records, in halves where they are too large for the endpoint."""
        status, answer = connection.post(kind, request_body(kind, records))
        if self._is_away:
            log.info("telemetry is forwarded again", address=self._target.url)
        self._is_away = False
        if status == _TOO_LARGE and len(records) > 1:
            half = len(records) // 2
            self._send(kind, records[:half], connection)
            self._send(kind, records[half:], connection)
            return
        rejected = min(rejected_records(kind, answer), len(records)) if 200 <= status < 300 else len(records)
        if rejected:
            log.warning("forwarded telemetry was refused", status=status, records=rejected, signal=str(kind))
            self._tally.add(f"{kind} not forwarded, refused", rejected)
        if rejected < len(records):
            self._tally.add(f"{kind} forwarded", len(records) - rejected)

    def _report(self, refusal: NotNow) -> None:
        if not self._is_away:
            log.warning("telemetry waits to be forwarded", address=self._target.url, reason=str(refusal))
        self._is_away = True


class _Connection:
    """A connection to the endpoint, kept for as long as there is something to send; redirects are not followed."""

    def __init__(self, target: ForwardTarget) -> None:
        self._target = target
        parts = urlsplit(target.url)
        self._path = parts.path.rstrip("/")
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = make(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def post(self, kind: SignalKind, body: bytes) -> tuple[int, bytes]:
        """Send a request, and return status and body of the answer.

        Raises:
            NotNow: If it is to be sent again later.
        """
        headers = {
            "User-Agent": "Outrider", **self._target.headers, FORWARDED_BY: self._target.sender,
            "Content-Type": PROTOBUF, "Content-Encoding": "gzip",
        }  # fmt: skip
        try:
            self._connection.request("POST", f"{self._path}/v1/{kind}", gzip.compress(body, 1), headers)
            answer = self._connection.getresponse()
            content = answer.read(_ANSWER_BYTES)
        except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
            self._connection.close()
            raise NotNow(str(error) or type(error).__name__) from None
        if answer.read(1):  # an answer that never ends
            self._connection.close()
        if answer.status in _WAITS:
            raise NotNow(f"it answered {answer.status}", _retry_after_s(answer.getheader("Retry-After", "")))
        return answer.status, content


def _retry_after_s(text: Any) -> float | None:
    """Return how long a `Retry-After` asks to wait, at most an hour (RFC 9110, 10.2.3); None if it says nothing."""
    try:
        seconds = float(text) if str(text).strip().isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, seconds), _LONGEST_RETRY_S)
