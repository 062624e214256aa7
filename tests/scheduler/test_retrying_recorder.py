"""A store that refuses for a while, and an interval of trouble that ends by itself."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.scheduler.conftest import NOW_US, check, made
from tests.waiting import until

from outrider.model import Outcome, QueueEntry, RunId, StoreError, new_run_id
from outrider.scheduler import Health, RetryingRecorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Run


class Full:
    """A store without room, until there is some."""

    def __init__(self) -> None:
        self.refused = threading.Event()
        self.room = threading.Event()
        self.runs: list[Run] = []

    def record_many(self, runs: Sequence[Run]) -> None:
        if not self.room.is_set():
            self.refused.set()
            raise StoreError("no room left", slug="store-full")
        self.runs += runs


def run() -> Run:
    watched = check()
    return made(QueueEntry(RunId(new_run_id(NOW_US)), watched.id, "local", NOW_US), watched, NOW_US)


def test_a_finished_run_waits_until_the_disk_has_room() -> None:
    """It is said meanwhile, and stored afterwards."""
    store, health = Full(), Health()
    stored_runs: list[Run] = []
    finished = run()
    thread = threading.Thread(target=RetryingRecorder(store, health, stored_runs.extend).record, args=[finished])
    thread.start()
    assert store.refused.wait(10)
    until(lambda: "no room left" in health.problems.get("recording", ""))
    assert stored_runs == []
    store.room.set()
    thread.join(10)

    assert store.runs == stored_runs == [finished]
    assert health.problems == {}


def test_at_the_end_it_is_tried_once_more() -> None:
    """A service that is told to stop does not wait for ever."""
    recorder = RetryingRecorder(Full(), Health(), lambda _: None)
    recorder.give_up()

    with pytest.raises(StoreError, match="no room left"):
        recorder.record(run())


def test_a_run_that_cannot_be_recorded_costs_no_other_and_is_not_lost() -> None:
    """It is recorded as a setup error in its own place."""
    first, poisonous, last = run(), run(), run()
    kept: list[Run] = []

    class Choosy:
        def record_many(self, runs: Sequence[Run]) -> None:
            if poisonous in runs:
                raise OverflowError("a number that no database takes")
            kept.extend(runs)

    stored_runs: list[Run] = []
    RetryingRecorder(Choosy(), Health(), stored_runs.extend).record_many([first, poisonous, last])

    assert [stored.id for stored in kept] == [first.id, poisonous.id, last.id]
    assert kept[1].outcome is Outcome.INCONCLUSIVE
    assert "a number that no database takes" in kept[1].reason
    assert stored_runs == kept


class Refusing:
    """A store that refuses every run."""

    def record_many(self, runs: Sequence[Run]) -> None:
        raise ValueError("not that one")


def test_a_run_that_cannot_be_recorded_even_without_what_it_measured_is_an_error() -> None:
    """Whoever executed it learns that it is lost."""
    recorder = RetryingRecorder(Refusing(), Health(), lambda _: None)

    with pytest.raises(ValueError, match="not that one"):
        recorder.record(replace(run(), attempts=()))
