"""Ending the run that is under way, and no other."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.scheduler.conftest import NOW_US, check

from outrider.model import Measurement, Order, Outcome, RunId, new_run_id
from outrider.scheduler import Killable

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = RunId(new_run_id(NOW_US, bytes(10))), RunId(new_run_id(NOW_US, bytes([1] * 10)))


class Held:
    """A measure whose attempts end when they are let, or stopped."""

    def __init__(self) -> None:
        self.begun = {FIRST: threading.Event(), SECOND: threading.Event()}
        self.let = {FIRST: threading.Event(), SECOND: threading.Event()}

    def measure(self, order: Order) -> Measurement:
        self.begun[order.run].set()
        assert self.let[order.run].wait(60)
        return Measurement(Outcome.PASSED, "", NOW_US, 1.0)


def order(run: RunId, folder: Path) -> Order:
    return Order(run, check(), 1, 60.0, folder)


def in_thread(killable: Killable, run: RunId, folder: Path) -> tuple[threading.Thread, list[Measurement]]:
    measurements: list[Measurement] = []
    thread = threading.Thread(target=lambda: measurements.append(killable.measure(order(run, folder))))
    thread.start()
    return thread, measurements


def test_the_next_run_cannot_begin_between_comparing_and_stopping(tmp_path: Path) -> None:
    """While the first is stopped it ends by itself, and the second waits until nobody stops anything any more."""
    held = Held()
    second: list[tuple[threading.Thread, list[Measurement]]] = []

    def stop() -> None:
        held.let[FIRST].set()
        second.append(in_thread(killable, SECOND, tmp_path))
        assert not held.begun[SECOND].wait(0.2)

    killable = Killable(held, stop)
    first, measurements = in_thread(killable, FIRST, tmp_path)
    assert held.begun[FIRST].wait(60)
    killable.kill(FIRST)
    first.join(60)
    held.let[SECOND].set()
    thread, others = second[0]
    thread.join(60)

    assert [measurement.outcome for measurement in (*measurements, *others)] == [Outcome.SKIPPED, Outcome.PASSED]


def test_a_run_that_is_not_under_way_is_not_stopped_and_not_measured_either(tmp_path: Path) -> None:
    """It is killed while it waits for its turn, or between two attempts."""
    held = Held()
    stopped: list[None] = []
    killable = Killable(held, lambda: stopped.append(None))
    killable.kill(FIRST)

    measurement = killable.measure(order(FIRST, tmp_path))

    assert (measurement.outcome, "the next run was due" in measurement.reason) == (Outcome.SKIPPED, True)
    assert not held.begun[FIRST].is_set()
    assert stopped == []


def test_a_run_is_stopped_until_it_has_ended(tmp_path: Path) -> None:
    """Its worker may just have been starting when it was stopped first."""
    held = Held()
    stops: list[None] = []

    def stop() -> None:
        stops.append(None)
        if len(stops) == 2:
            held.let[FIRST].set()

    killable = Killable(held, stop)
    thread, measurements = in_thread(killable, FIRST, tmp_path)
    assert held.begun[FIRST].wait(60)
    killable.kill(FIRST)
    thread.join(60)

    assert len(stops) == 2
    assert measurements[0].outcome is Outcome.SKIPPED


def test_a_measure_that_breaks_is_inconclusive(tmp_path: Path) -> None:
    """With what it said."""

    class Broken:
        def measure(self, order: Order) -> Measurement:
            raise OSError("no such file")

    measurement = Killable(Broken(), lambda: None).measure(order(FIRST, tmp_path))

    assert measurement.outcome is Outcome.INCONCLUSIVE
    assert measurement.reason == "the prober itself broke: no such file"
