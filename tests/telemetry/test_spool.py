"""What was acknowledged reaches the store once, whatever is killed, full, damaged or away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.waiting import until

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
    TelemetryError,
    TelemetryUnavailable,
)
from outrider.telemetry.digestion import Digestion
from outrider.telemetry.limits import Tally
from outrider.telemetry.otlp_body import SignalKind
from outrider.telemetry.spool import Spool, SpoolFull, read_segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrider.model import MetricValue

MOST = 1 << 20
RESOURCE = {"service.name": "shop", "host.name": "one"}


def log_record(body: str) -> LogRecord:
    return LogRecord(1, "ab" * 16, "cd" * 8, 1, "INFO", 9, "shop", body, RESOURCE, "lib", "1", {"a": "b"})


SPAN = Span(
    5, "ab" * 16, "cd" * 8, "", "", "GET /", "Server", "shop", RESOURCE, "lib", "1", {"a": "ü"}, 7, "Error", "no",
    (SpanEvent(6, "exception", {"exception.type": "ValueError"}),), (SpanLink("ef" * 16, "01" * 8, "", {}),),
)  # fmt: skip
VALUES: list[MetricValue] = [
    GaugeValue(0.5), SumValue(1.0, is_monotonic=True, is_delta=True), HistogramValue(3, 9.0, (1, 2), (5.0,)),
    ExponentialValue(2, 3.0, 1, 0, 2, (2,)), SummaryValue(2, 3.0, ((0.5, 1.0),)),
]  # fmt: skip
POINTS = [MetricPoint(1, 0, "shop", "m", "", "ms", RESOURCE, "", "", {"k": "v"}, value) for value in VALUES]


class Store:
    """A store of telemetry that can be away, or refuse."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.inserted: dict[str, Sequence[object]] = {}

    def insert_logs(self, records: Sequence[LogRecord], *, token: str) -> None:
        self._insert(records, token)

    def insert_spans(self, spans: Sequence[Span], *, token: str) -> None:
        self._insert(spans, token)

    def count_spans(self, spans: Sequence[Span], *, token: str) -> None:
        self._insert(spans, token)

    def insert_metrics(self, points: Sequence[MetricPoint], *, token: str) -> None:
        self._insert(points, token)

    def _insert(self, records: Sequence[object], token: str) -> None:
        if self.error is not None:
            raise self.error
        self.inserted[token] = records

    @property
    def records(self) -> list[object]:
        return [record for batch in self.inserted.values() for record in batch]


@pytest.mark.parametrize(
    ("kind", "records"),
    [(SignalKind.LOGS, [log_record("one\nline"), log_record("two")]), (SignalKind.TRACES, [SPAN]),
     (SignalKind.METRICS, POINTS)],
)  # fmt: skip
def test_records_come_back_as_they_were(tmp_path: Path, kind: SignalKind, records: list[LogRecord | Span]) -> None:
    """Every kind of record, and the attributes of a resource are one object again."""
    spool = Spool(tmp_path, MOST)
    spool.write(kind, records)
    spool.write(kind, records)

    [segment] = spool.sealed()

    assert read_segment(segment) == (kind, records * 2)
    assert len({id(record.resource) for record in read_segment(segment)[1]}) == 2
    assert segment.stat().st_mode & 0o077 == 0


WRITER = """
import sys
from pathlib import Path
from outrider.telemetry.otlp_body import SignalKind
from outrider.telemetry.spool import Spool
from tests.telemetry.test_spool import log_record

spool = Spool(Path(sys.argv[1]), 1 << 30)
for number in range(1_000_000):
    spool.write(SignalKind.LOGS, [log_record(str(number))])
    print(number, flush=True)
"""


def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """After `kill -9` in the middle of writing, the next process finds every acknowledged batch, and no half one."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(200)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]

    segments = Spool(tmp_path, MOST << 10).sealed()
    bodies = [record.body for segment in segments for record in read_segment(segment)[1]]

    assert bodies[: len(acknowledged)] == [str(number) for number in acknowledged]
    assert len(bodies) <= len(acknowledged) + 1


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    """It was never acknowledged."""
    spool = Spool(tmp_path, MOST)
    spool.write(SignalKind.LOGS, [log_record("whole")])
    [segment] = spool.sealed()
    with segment.open("ab") as file:
        file.write(b'[[{"service')

    assert [record.body for record in read_segment(segment)[1]] == ["whole"]


def test_a_full_spool_takes_nothing_until_there_is_room(tmp_path: Path) -> None:
    """Clients are told to come again; what waits is kept."""
    spool, store, full = Spool(tmp_path, 2_000), Store(), [log_record("x" * 1_500)]
    spool.write(SignalKind.LOGS, full)
    with pytest.raises(SpoolFull, match="of at most 2,000"):
        spool.write(SignalKind.LOGS, full)

    assert Digestion(spool, store, Tally()).digest()
    spool.write(SignalKind.LOGS, full)

    assert store.records == full


def test_a_disk_that_takes_half_a_batch_leaves_none_of_it(tmp_path: Path) -> None:
    """A file that may not grow is as full as a disk; what was acknowledged before and is taken after it stays whole."""
    program = f"""
import resource, signal
from outrider.telemetry import SignalKind, Spool
from outrider.telemetry.spool import SpoolFull
from tests.telemetry.test_spool import log_record
from pathlib import Path

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
spool = Spool(Path({str(tmp_path)!r}), 10**6)
spool.write(SignalKind.LOGS, [log_record("first")])
try:
    spool.write(SignalKind.LOGS, [log_record("x" * 5_000)])
except SpoolFull as error:
    print(error)
spool.write(SignalKind.LOGS, [log_record("last")])
"""
    done = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True, check=True)

    records = [record for segment in Spool(tmp_path, MOST).sealed() for record in read_segment(segment)[1]]
    assert done.stdout == "the spool cannot be written: no space left\n"
    assert [record.body for record in records] == ["first", "last"]


def test_nothing_is_lost_while_the_store_is_away(tmp_path: Path) -> None:
    """What waits is inserted once the store is back, oldest first, each segment under one token."""
    spool, store, tally = Spool(tmp_path, MOST), Store(TelemetryUnavailable("away", slug="x")), Tally()
    digestion = Digestion(spool, store, tally)
    for body in ("one", "two"):
        spool.write(SignalKind.LOGS, [log_record(body)])
        assert not digestion.digest()
    store.error = None

    assert digestion.digest()

    assert [record.body for record in store.records if isinstance(record, LogRecord)] == ["one", "two"]
    assert len(store.inserted) == 2
    assert spool.bytes == 0
    assert tally.counts() == {"logs stored": 2}


def test_a_segment_keeps_its_token_after_a_restart(tmp_path: Path) -> None:
    """Whoever does not know whether it was inserted inserts it again, and the store knows it by its token."""
    spool = Spool(tmp_path, MOST)
    spool.write(SignalKind.LOGS, [log_record("one")])
    first, second = Store(), Store()
    [segment] = spool.sealed()
    content = segment.read_bytes()
    Digestion(spool, first, Tally()).digest()
    segment.write_bytes(content)

    Digestion(Spool(tmp_path, MOST), second, Tally()).digest()

    assert first.inserted == second.inserted


@pytest.mark.parametrize("content", [None, b"no JSON\n", b"[[],[[1,2]]]\n", b"[]\n", b"\xff\n", b"7\n"])
def test_what_the_store_refuses_is_put_aside(tmp_path: Path, content: bytes | None) -> None:
    """A segment that is damaged, or refused, does not hold up those behind it, and is kept for whoever looks."""
    spool, tally = Spool(tmp_path, MOST), Tally()
    spool.write(SignalKind.LOGS, [log_record("one")])
    [segment] = spool.sealed()
    if content is not None:
        segment.write_bytes(content)
    store = Store(TelemetryError("no", slug="x") if content is None else None)
    digestion = Digestion(spool, store, tally)

    assert digestion.digest()
    store.error = None
    spool.write(SignalKind.LOGS, [log_record("two")])
    assert digestion.digest()

    assert [record.body for record in store.records if isinstance(record, LogRecord)] == ["two"]
    assert tally.counts() == {"segments that the store refused": 1, "logs stored": 1}
    assert len(list(tmp_path.glob("*.refused"))) == 1


def test_a_thread_digests_until_it_is_closed(tmp_path: Path) -> None:
    """What is written is in the store soon, and what comes after the end waits."""
    spool, store = Spool(tmp_path, MOST), Store()
    digestion = Digestion(spool, store, Tally(), every_s=0.001)
    digestion.start()
    spool.write(SignalKind.METRICS, POINTS)
    until(lambda: len(store.records) == len(POINTS))
    digestion.close()

    spool.write(SignalKind.METRICS, POINTS)

    assert store.records == POINTS
    assert spool.bytes > 0
