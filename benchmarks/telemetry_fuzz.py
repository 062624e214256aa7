"""Broken requests of OTLP, Loki, NDJSON and syslog through intake and spool: `python -m benchmarks.telemetry_fuzz`.

Requests of OTLP's three signals, of Loki (JSON and protobuf), lines and syslog are broken at random: bytes changed,
doubled and left out, values of JSON replaced, bodies and what they compress to broken, the wrong content type named.
Each goes through the intake as a request does. Counted: requests that raise anything but a refusal, that take longer
than two seconds of the processor; records that were acknowledged and that the spool does not return or (with
`--engine`) that the engine refuses; memory of this process at the tenth of the way and at the end.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import random
import sys
import tempfile
import time
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outrider.model import TelemetryError
from outrider.telemetry import (
    JSON,
    PROTOBUF,
    AttributeReader,
    BadTelemetry,
    Intake,
    SignalKind,
    Spool,
    SyslogFrames,
    SyslogReader,
    read_segment,
)
from outrider.telemetry.intake import NDJSON
from outrider.telemetry.snappy_block import inflate_snappy
from outrider.telemetry_store import EngineOptions, TelemetryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

SLOW_S = 2.0
DIGEST_EVERY = 5_000
TRACE, SPAN = bytes(range(16)), bytes(range(8))
NOW_NS = time.time_ns()
RESOURCE = {"attributes": [{"key": "service.name", "value": {"string_value": "shop"}}]}
VALUES: list[dict[str, Any]] = [
    {"string_value": "text é"}, {"int_value": 2**62}, {"double_value": 1e308}, {"bool_value": True},
    {"bytes_value": b"\xff\x00"}, {"array_value": {"values": [{"int_value": 1}, {"array_value": {}}]}},
    {"kvlist_value": {"values": [{"key": "password", "value": {"string_value": "x"}}]}},
]  # fmt: skip
ATTRIBUTES = [{"key": f"key.{number}", "value": value} for number, value in enumerate(VALUES)]
TIMES = {"start_time_unix_nano": NOW_NS - 10**9, "time_unix_nano": NOW_NS, "attributes": ATTRIBUTES}
POINT = {**TIMES, "count": 6, "sum": 9.5}
METRICS = [
    {"name": "gauge", "gauge": {"data_points": [{**TIMES, "as_double": 1.5}, {**TIMES, "as_int": -(2**62)}]}},
    {"name": "sum", "sum": {"data_points": [{**TIMES, "as_int": 5}], "aggregation_temporality": 2}},
    {
        "name": "histogram",
        "histogram": {"data_points": [{**POINT, "bucket_counts": [1, 2, 3], "explicit_bounds": [1, 2], "min": 0.5}]},
    },
    {
        "name": "exponential",
        "exponential_histogram": {
            "data_points": [{**POINT, "scale": 3, "positive": {"offset": -2, "bucket_counts": [4, 2]}}]
        },
    },
    {"name": "summary", "summary": {"data_points": [{**POINT, "quantile_values": [{"quantile": 0.5, "value": 1}]}]}},
]
RECORD = {
    "time_unix_nano": NOW_NS, "severity_number": 17, "severity_text": "ERROR", "body": VALUES[0], "flags": 1,
    "attributes": ATTRIBUTES, "trace_id": TRACE, "span_id": SPAN, "event_name": "event",
}  # fmt: skip
SERVER_SPAN = {
    "trace_id": TRACE, "span_id": SPAN, "parent_span_id": SPAN[::-1], "name": "GET /", "kind": 2,
    "start_time_unix_nano": NOW_NS - 10**7, "end_time_unix_nano": NOW_NS, "attributes": ATTRIBUTES,
    "status": {"code": 2, "message": "no"}, "trace_state": "outrider=x",
    "events": [{"time_unix_nano": NOW_NS, "name": "exception", "attributes": ATTRIBUTES}],
    "links": [{"trace_id": TRACE[::-1], "span_id": SPAN}],
}  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, -1, 2**63, 2**64, 2**70, 1e400, -1e-320, "", "0", "-1", "NaN", "Infinity", "\ud800", "\0", "é" * 300,
    "f" * 32, "0" * 16, [], [[]], {}, {"stringValue": 5}, {"intValue": "x"}, "18446744073709551616", "AA==",
)  # fmt: skip


LOKI, LINES, SYSLOG = "loki", "lines", "syslog"
TEXT_FORMS = frozenset({LINES, SYSLOG})
PUSH = bytes.fromhex(
    "e501f0650ae2010a307b6a6f623d2273686f702f706179222c206c6576656c3d226572726f72222c20706174683d22433a5c5c785c2279227d127a"
    "0a080880f7c4d506100512317061796d656e7420726566757365642c207061796d656e7420726566757365642c2070362200f0491a2c0a08747261"
    "63655f6964122034626639326633353737623334646136613363653932396430653065343733361a0d0a056f7264657212043437313112300a0608"
    "81f7c4d50612267036580001a9327a001c20616761696e1807"
)
PUSH_DOCUMENT = {
    "streams": [
        {"stream": {"app": "shop"}, "values": [[str(NOW_NS), "a", {"order": "1"}], [str(NOW_NS), '{"msg":"b"}']]},
        {"labels": '{app="cart"}', "entries": [{"ts": "2026-11-29T04:00:00Z", "line": "c"}]},
    ]
}
LOG_LINES = [
    b'{"level":"error","ts":1795981234.5,"msg":"refused","nested":{"token":"x","deep":[1,[2]]},"trace_id":"%s"}'
    % (b"4bf9" * 8),
    "2026-11-29T04:00:00,123+01:00 WARN café".encode(),
    b"Traceback (most recent call last):", b"  File 'a.py', line 7", b"ValueError: no", b"",
    b'127.0.0.1 - - [29/Nov/2026:04:00:00 +0000] "GET / HTTP/1.1" 200', b"level=info msg=x \xe9\xff", b"\0\x1b[31m",
]  # fmt: skip

MESSAGES = [
    b'<165>1 2026-11-29T04:00:00.5Z web1 shop 4711 ID47 [ex@1 order="9" note="a \\"b\\" \\]"][b c="d"] refused\n',
    b"34 <34>Nov 29 04:13:20 web1 a[7]: b\nc", b"<14>shop: ready\0", b"999999999 <1>", b"<11>1 - - - - - - {}\n",
    b"\xe9\n",
]  # fmt: skip


def literal(data: bytes) -> bytes:
    """Return data in Snappy's format, not compressed."""
    size, head = len(data), bytearray()
    while size > 0x7F:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*head, size]) + b"\xfc" + (len(data) - 1).to_bytes(4, "little", signed=True) + data


def sources() -> dict[SignalKind, Message]:
    """Return a whole request of each signal."""
    made: Any = {
        SignalKind.LOGS: ExportLogsServiceRequest(
            resource_logs=[{"resource": RESOURCE, "scope_logs": [{"log_records": [RECORD, RECORD]}]}]  # type: ignore[list-item]
        ),
        SignalKind.TRACES: ExportTraceServiceRequest(
            resource_spans=[{"resource": RESOURCE, "scope_spans": [{"spans": [SERVER_SPAN, SERVER_SPAN]}]}]  # type: ignore[list-item]
        ),
        SignalKind.METRICS: ExportMetricsServiceRequest(
            resource_metrics=[{"resource": RESOURCE, "scope_metrics": [{"metrics": METRICS}]}]  # type: ignore[list-item]
        ),
    }
    messages: dict[SignalKind, Message] = made
    return messages


def with_hexadecimal_ids(text: str) -> str:
    """Return protobuf's JSON as OTLP's: ids in hexadecimal."""
    for data in (TRACE, SPAN, TRACE[::-1], SPAN[::-1]):
        text = text.replace(json.dumps(base64.b64encode(data).decode()), json.dumps(data.hex()))
    return text


def broken(data: bytes, numbers: random.Random) -> bytes:
    """Return data with a few bytes changed, doubled or left out."""
    for _ in range(numbers.choice((1, 1, 2, 4))):
        at, until = sorted((numbers.randint(0, len(data)), numbers.randint(0, len(data))))
        piece = numbers.choice(
            (numbers.randbytes(1), numbers.randbytes(3), data[at:until], b"\xff" * 9 + b"\x01", b"\x80", b'"', b"[{")
        )
        data = data[:at] + piece + data[until if numbers.random() < 0.2 else at + len(piece) :]
    return data[:50_000]


def changed(value: Any, numbers: random.Random, share: float) -> Any:
    """Return a document in which a share of the values is replaced by odd ones, and some is left out or doubled."""
    if numbers.random() < share:
        return numbers.choice(ODD)
    if isinstance(value, list):
        return [changed(entry, numbers, share) for entry in value] * numbers.choice((1, 1, 1, 2))
    if isinstance(value, dict):
        return {key: changed(entry, numbers, share) for key, entry in value.items() if numbers.random() > share / 3}
    return value


def nested(numbers: random.Random) -> bytes:
    """Return a body that nests deeper than anybody follows, or inflates a thousandfold."""
    depth = numbers.choice((50, 500, 20_000))
    return numbers.choice(
        (
            b"[" * depth,
            b'{"resourceLogs":' * depth,
            b'{"a":' * depth + b"1" + b"}" * depth,
            b"\x0a\x80\x01" * depth,
            b"\x0a" + b"\x7f" * depth,
        )
    )


class Requests:
    """Makes broken requests, the same ones of a seed."""

    def __init__(self, seed: int) -> None:
        self._numbers = random.Random(seed)
        self._binary: dict[str, bytes] = {kind: message.SerializeToString() for kind, message in sources().items()}
        self._texts: dict[str, str] = {
            kind: with_hexadecimal_ids(json_format.MessageToJson(message, indent=0))
            for kind, message in sources().items()
        }
        self._texts[LOKI] = json.dumps(PUSH_DOCUMENT)
        self._documents = {kind: json.loads(text) for kind, text in self._texts.items()}
        self._bomb = gzip.compress(bytes(70 << 20))

    def make(self) -> tuple[str, bytes, str, str]:
        """Return form (a signal of OTLP, or another), body, content type and encoding."""
        numbers = self._numbers
        kind = numbers.choice((*SignalKind, LOKI, LINES, SYSLOG))
        media = numbers.choice((PROTOBUF, JSON)) if kind not in TEXT_FORMS else NDJSON
        data = self._body(kind, media)
        if numbers.random() < 0.01:
            media = numbers.choice((PROTOBUF, JSON, "text/plain", "", "application/json; charset=\xff"))
        draw = numbers.random()
        if draw < 0.0001:
            return kind, self._bomb, media, "gzip"
        if draw < 0.1:
            data = gzip.compress(data, 1) if numbers.random() < 0.5 else zlib.compress(data, 1)
            return kind, broken(data, numbers) if numbers.random() < 0.5 else data, media, "gzip"
        return kind, data, media, numbers.choice(("", "", "", "identity", "br")) if draw > 0.99 else ""

    def _body(self, kind: str, media: str) -> bytes:
        numbers = self._numbers
        draw = numbers.random()
        if draw < 0.001:
            return nested(numbers)
        if draw < 0.05:
            return numbers.randbytes(numbers.randrange(300))
        if kind in TEXT_FORMS or (kind == LOKI and media == PROTOBUF):
            return self._logs(kind)
        if media == PROTOBUF:
            return broken(self._binary[kind], numbers)
        if draw < 0.5:
            return broken(self._texts[kind].encode(), numbers)
        document = changed(self._documents[kind], numbers, numbers.choice((0.002, 0.01, 0.03)))
        return json.dumps(document).encode()

    def _logs(self, kind: str) -> bytes:
        """Return lines, or a push of Loki in protobuf, broken before or after it is compressed."""
        numbers = self._numbers
        if kind == SYSLOG:
            return broken(b"".join(numbers.choices(MESSAGES, k=numbers.randrange(12))), numbers)
        if kind == LINES:
            return broken(b"\n".join(numbers.choices(LOG_LINES, k=numbers.randrange(12))), numbers)
        if numbers.random() < 0.5:
            return broken(PUSH, numbers)
        return literal(broken(inflate_snappy(PUSH, 10**6), numbers))


class Course:
    """What happened so far."""

    def __init__(self, intake: Intake, spool: Spool, tally: Callable[[], dict[str, int]], store: TelemetryStore | None):
        self.intake = intake
        self.spool = spool
        self.tally = tally
        self.store = store
        self.problems: list[str] = []
        self._syslog = SyslogReader(AttributeReader())
        self.slow = self.refused = self.digested = 0

    def take(self, kind: str, data: bytes, media: str, encoding: str) -> None:
        """Send a request."""
        began_s = time.thread_time()
        try:
            if kind == LOKI:
                self.intake.take_loki(data, media, encoding)
            elif kind == SYSLOG:
                messages = [*(frames := SyslogFrames()).feed(data), *frames.end()]
                self.intake.keep_logs([self._syslog.record(message) for message in messages], len(data))
            elif kind == LINES:
                self.intake.take_lines(data, media, encoding, "shop")
            else:
                self.intake.take(SignalKind(kind), data, media, encoding)
        except BadTelemetry:
            self.refused += 1
        except BaseException as error:
            self.problems.append(f"{type(error).__name__}: {error} ({kind}, {media}, {data[:100]!r})")
        took_s = time.thread_time() - began_s
        if took_s > SLOW_S:
            self.slow += 1
            print(f"a request took {took_s:.1f} s: {kind}, {media}, {len(data)} bytes, {data[:60]!r}")

    def digest(self) -> None:
        """Read what was acknowledged, and store it where there is an engine."""
        for segment in self.spool.sealed():
            kind, records = read_segment(segment)
            self.digested += len(records)
            if self.store is not None and records:
                try:
                    self._insert(kind, records, segment.stem)
                except TelemetryError as error:
                    self.problems.append(f"the engine refuses {len(records)} {kind}: {error}")
            self.spool.forget(segment)

    def _insert(self, kind: SignalKind, records: list[Any], token: str) -> None:
        assert self.store is not None
        inserts: dict[SignalKind, Callable[..., None]] = {
            SignalKind.LOGS: self.store.insert_logs,
            SignalKind.TRACES: self.store.insert_spans,
            SignalKind.METRICS: self.store.insert_metrics,
        }
        inserts[kind](records, token=token)

    def lost(self) -> int:
        """Return how many records were acknowledged and not returned."""
        counts = self.tally()
        return sum(counts.get(f"{kind} taken", 0) for kind in SignalKind) - self.digested


def run(count: int, seed: int, folder: Path, *, with_engine: bool) -> int:
    """Send requests; return the exit code."""
    began_s, early_mb = time.monotonic(), 0.0
    with ExitStack() as stack:
        store = None
        if with_engine:
            store = stack.enter_context(TelemetryStore.open_embedded(EngineOptions(folder / "engine")))
        reader, spool = AttributeReader(), Spool(folder / "spool", 10**9)
        course = Course(Intake(spool, reader), spool, reader.tally.counts, store)
        requests = Requests(seed)
        for number in range(count):
            course.take(*requests.make())
            if number % DIGEST_EVERY == 0:
                course.digest()
            if number == count // 10:
                early_mb = psutil.Process().memory_info().rss / 1e6
        course.digest()
    late_mb, lost = psutil.Process().memory_info().rss / 1e6, course.lost()
    print(f"{count:,} requests, seed {seed}, {time.monotonic() - began_s:.0f} s: {course.refused:,} refused,")
    print(f"{len(course.problems)} raised or were refused by the engine, {course.slow} took over {SLOW_S:.0f} s;")
    print(f"{course.digested:,} records acknowledged and read again, {lost} lost;")
    print(f"memory {early_mb:.0f} MB at the tenth of the way, {late_mb:.0f} MB at the end")
    for problem in course.problems[:10]:
        print(problem)
    return 1 if course.problems or course.slow or lost else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", action="store_true", help="store what is acknowledged with the engine")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        sys.exit(run(options.count, options.seed, Path(place), with_engine=options.engine))
