"""Runs that are executed one at a time, whatever happens to the one before."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.scheduler.conftest import NOW_US, check

from outrider.model import (
    Circumstances,
    Kind,
    Measurement,
    Order,
    Outcome,
    OutriderError,
    QueueEntry,
    RunId,
    new_run_id,
)
from outrider.runs import Turns
from outrider.scheduler import Health, Killable, RetryingRecorder, TurnsExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from outrider.model import Check, Run


class Kept:
    """A store that keeps runs, and refuses what it is told to."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.refused: Callable[[Run], Exception | None] = lambda _: None
        self.changed = threading.Condition()

    def record_many(self, runs: Sequence[Run]) -> None:
        with self.changed:
            for run in runs:
                if (error := self.refused(run)) is not None:
                    raise error
            self.runs += runs
            self.changed.notify_all()

    def wait(self, count: int) -> list[Run]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.runs) >= count, 60)
            return list(self.runs)


class Measure:
    """A measure that passes, breaks, or waits until it is let."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.begun = threading.Event()
        self.let = threading.Event()
        self.let.set()

    def measure(self, order: Order) -> Measurement:
        self.begun.set()
        assert self.let.wait(60)
        if self.error is not None:
            raise self.error
        return Measurement(Outcome.PASSED, "", NOW_US, 1.0)


class Site:
    """An executor, and what it works with."""

    def __init__(self, folder: Path) -> None:
        self.store, self.measure, self.turns = Kept(), Measure(), Turns(folder / "turns", 1)
        self.prepared: list[Check] = []
        self.unprepared: OutriderError | None = None
        self.recorder = RetryingRecorder(self.store, Health(), lambda _: None)
        self.killable = Killable(self.measure, self.measure.let.set)
        self.executor = TurnsExecutor(
            {Kind.PROBE: self.killable},
            self.recorder,
            self.turns,
            scratch=folder / "scratch",
            circumstances=Circumstances(host="here"),
            prepare=self.prepare,
        )

    def prepare(self, wanted: Check) -> None:
        self.prepared.append(wanted)
        if self.unprepared is not None:
            raise self.unprepared

    def begin(self, number: int) -> QueueEntry:
        entry = QueueEntry(RunId(new_run_id(NOW_US, bytes([number] * 10))), check().id, "oslo", NOW_US)
        self.executor.begin([(entry, check())])
        return entry

    def wait_for_room(self) -> None:
        for _ in range(6_000):
            if self.executor.room == 1:
                return
            threading.Event().wait(0.01)
        raise AssertionError(self.executor.room)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_there_is_room_for_one_and_again_when_it_is_over(site: Site) -> None:
    """Run after run, in the place and under the id that the queue says."""
    site.measure.let.clear()
    first = site.begin(1)
    assert site.executor.room == 0
    site.measure.let.set()
    site.wait_for_room()
    second = site.begin(2)
    site.wait_for_room()

    runs = site.store.wait(2)
    assert [(run.id, run.location, run.outcome) for run in runs] == [
        (first.run, "oslo", Outcome.PASSED), (second.run, "oslo", Outcome.PASSED),
    ]  # fmt: skip
    assert site.prepared == [check(), check()]
    assert site.executor.close(60) == ()


def test_a_run_that_breaks_is_recorded_and_the_next_one_begins(site: Site) -> None:
    """As inconclusive, with what went wrong."""
    site.measure.error = RuntimeError("a bug")
    site.begin(1)
    (broken,) = site.store.wait(1)
    site.wait_for_room()
    site.measure.error = None
    site.begin(2)

    assert (broken.outcome, broken.reason) == (Outcome.INCONCLUSIVE, "the prober itself broke: RuntimeError: a bug")
    assert broken.circumstances.host == "here"
    assert site.store.wait(2)[1].outcome is Outcome.PASSED
    assert site.executor.close(60) == ()


@pytest.mark.slow
def test_a_run_that_cannot_be_recorded_does_not_end_the_others(site: Site) -> None:
    """Neither as it is nor as broken: the thread goes on, and there is room again."""
    site.store.refused = lambda _: ValueError("not that one")
    site.begin(1)
    site.wait_for_room()
    site.store.refused = lambda _: None
    second = site.begin(2)

    assert [run.id for run in site.store.wait(1)] == [second.run]
    assert site.executor.close(60) == ()


def test_a_run_that_cannot_be_prepared_is_executed_all_the_same(site: Site) -> None:
    """What is wrong shows in the run itself."""
    site.unprepared = OutriderError("no browser", slug="browser-missing")
    site.begin(1)

    assert site.store.wait(1)[0].outcome is Outcome.PASSED


def test_a_turn_that_does_not_come_is_given_up_at_the_end(site: Site) -> None:
    """Another process holds it: the run is returned as not finished, and never measured."""
    with site.turns.taken():
        entry = site.begin(1)
        unfinished = site.executor.close(0)

    assert [item[0] for item in unfinished] == [entry]
    assert not site.measure.begun.is_set()
    assert site.store.runs == []


def test_a_run_that_is_under_way_too_long_at_the_end_is_ended_and_not_recorded(site: Site) -> None:
    """How it ended says nothing of its target; whoever closes the executor records it, or has it repeated."""
    site.measure.let.clear()
    entry = site.begin(1)
    assert site.measure.begun.wait(60)

    unfinished = site.executor.close(0)

    assert [item[0] for item in unfinished] == [entry]
    assert site.measure.let.is_set()
    assert site.store.runs == []


def test_a_run_is_killed_by_another_thread(site: Site) -> None:
    """Whoever asks for it does not wait; the run says why it ended."""
    site.measure.let.clear()
    entry = site.begin(1)
    assert site.measure.begun.wait(60)
    site.executor.kill(entry.run)

    (run,) = site.store.wait(1)
    assert (run.outcome, run.reason) == (Outcome.SKIPPED, "ended before its time: the next run was due")
