"""Seconds of a load that is under way, as they are written."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from outrider.load.progress_writer import ProgressWriter
from outrider.model import (
    Check,
    CheckId,
    EndpointLoad,
    Histogram,
    Kind,
    LoadInterval,
    LoadSecond,
    Order,
    Policy,
    RunId,
    StoreError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CHECK = Check(CheckId("load:a.py::rush"), Kind.LOAD, "a.py", "rush", "rush", Policy())


class Progress:
    """Keeps seconds; may hang or refuse."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.kept: list[LoadSecond] = []
        self.refuses = refuses
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def record(self, seconds: Sequence[LoadSecond]) -> None:
        self.may_go_on.wait()
        if self.refuses:
            raise StoreError("away", slug="store-locked")
        self.kept += seconds

    def seconds(self, run: RunId, limit: int = 3_600) -> tuple[LoadSecond, ...]:
        return tuple(second for second in self.kept if second.run == run)[-limit:]

    def latest(self, since_us: int) -> tuple[LoadSecond, ...]:
        return tuple(second for second in self.kept if second.at_us >= since_us)


def order(scratch: Path) -> Order:
    return Order(RunId("r1"), CHECK, 1, 60.0, scratch)


def interval(offset_s: float) -> LoadInterval:
    parts = (
        EndpointLoad("GET /", Histogram.of([10.0] * 19), Histogram.of([500.0])),
        EndpointLoad("GET /b", Histogram.of([20.0] * 20)),
    )
    return LoadInterval(offset_s, 0.5, 7, 1, 0.1, 0.0, endpoints=parts)


def test_each_second_is_written_once_with_rate_times_errors_and_users(tmp_path: Path) -> None:
    """Of all endpoints together, by the length of the interval."""
    progress = Progress()
    with ProgressWriter(progress, order(tmp_path)) as writer:
        writer.second((interval(0.0),), 9.0)
        writer.second((interval(0.0), interval(1.0)), 8.0)

    first, second = progress.kept
    assert (first.run, first.check, first.offset_s, second.offset_s) == ("r1", CHECK.id, 0.0, 1.0)
    assert (second.users, second.requests_per_s, second.failed_per_s, second.left_s) == (7, 78.0, 2.0, 8.0)
    assert second.p50_ms is not None
    assert 19 < second.p50_ms < 21


def test_a_load_does_not_wait_for_a_store_that_hangs(tmp_path: Path) -> None:
    """What finds no room is left out: the whole load is stored at its end."""
    progress = Progress()
    progress.may_go_on.clear()
    writer = ProgressWriter(progress, order(tmp_path))
    writer.__enter__()
    for number in range(1_000):
        writer.second((interval(float(number)),), None)
    progress.may_go_on.set()
    writer.__exit__(None, None, None)

    assert progress.kept == [] or len(progress.kept) < 1_000


def test_a_store_that_refuses_ends_no_load(tmp_path: Path) -> None:
    """The next second is tried again."""
    with ProgressWriter(Progress(refuses=True), order(tmp_path)) as writer:
        writer.second((interval(0.0),), None)
