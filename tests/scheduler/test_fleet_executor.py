"""Probes under way, counted from two threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.scheduler.conftest import NOW_US, check

from outrider.model import Circumstances, Measurement, Outcome, QueueEntry, RunId, new_run_id
from outrider.runs import Fleet
from outrider.scheduler import FleetExecutor, Health, RetryingRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from outrider.model import Order, Run


class Held:
    """A starter whose attempts end when they are let, and a store that keeps what comes of them."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Order, Callable[[Measurement], None]]] = []
        self.runs: list[Run] = []
        self.stored = threading.Event()

    def soon(self, work: Callable[[], None]) -> None:
        work()

    def start(self, order: Order, done: Callable[[Measurement], None]) -> None:
        self.waiting.append((order, done))

    def let(self) -> None:
        for _, done in self.waiting:
            done(Measurement(Outcome.PASSED, "", NOW_US, 1.0))
        self.waiting.clear()

    def record_many(self, runs: Sequence[Run]) -> None:
        self.runs += runs
        self.stored.set()


def entries(count: int) -> list[QueueEntry]:
    return [
        QueueEntry(RunId(new_run_id(NOW_US, bytes([number] * 10))), check().id, "oslo", NOW_US + number)
        for number in range(count)
    ]


def test_there_is_room_for_as_many_as_may_be_under_way(tmp_path: Path) -> None:
    """A finished run makes room; closing waits for all of them."""
    held = Held()
    recorder = RetryingRecorder(held, Health(), lambda _: None)
    with Fleet(held, recorder, tmp_path, Circumstances()) as fleet:
        executor = FleetExecutor(fleet, 3)
        work = entries(2)
        executor.begin([(entry, check()) for entry in work])
        room = executor.room
        held.let()
        assert executor.close(60) == ()

    assert room == 1
    assert executor.room == 3
    assert [(run.id, run.location, run.due_us) for run in held.runs] == [
        (entry.run, "oslo", entry.due_us) for entry in work
    ]


def test_what_is_not_finished_in_time_is_returned(tmp_path: Path) -> None:
    """Whoever closes it says what becomes of those runs; killing one changes nothing."""
    held = Held()
    recorder = RetryingRecorder(held, Health(), lambda _: None)
    with Fleet(held, recorder, tmp_path, Circumstances()) as fleet:
        executor = FleetExecutor(fleet, 3)
        (entry,) = entries(1)
        executor.begin([(entry, check())])
        executor.kill(entry.run)

        assert executor.close(0) == ((entry, check()),)
