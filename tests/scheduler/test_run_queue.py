"""The leader's view of the queue: what is taken in, in which order it begins, and what is forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from tests.scheduler.conftest import NOW_US, SECOND_US, SetClock, check, made

from outrider.model import CheckId, Kind, QueueEntry, RunId, StoreError, new_run_id
from outrider.scheduler.admission import Admission
from outrider.scheduler.run_queue import RunQueue
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from outrider.model import Check, Run
    from outrider.scheduler import Work

HOLDER = "here 1 1.0"
MINUTE_US = 60 * SECOND_US


@dataclass
class Room:
    """An executor with room for so many runs, which notes them."""

    room: int = 10
    begun: list[str] = field(default_factory=list)

    def begin(self, work: Sequence[Work]) -> None:
        self.begun += [entry.run for entry, _ in work]

    def kill(self, run: RunId) -> None:
        """Kill nothing."""

    def close(self, within_s: float) -> Sequence[Work]:
        """Leave nothing."""
        return ()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts", busy_timeout_s=0.2) as opened:
        assert opened.schedule.lead(HOLDER, NOW_US, None)
        yield opened


@pytest.fixture
def run_queue(store: Store) -> RunQueue:
    return RunQueue(store.schedule, SetClock(), HOLDER)


def entry(of: Check, due_us: int = NOW_US, priority: int = 0) -> QueueEntry:
    return QueueEntry(RunId(new_run_id(due_us)), of.id, "local", due_us, priority)


def advance(
    run_queue: RunQueue, queued: Sequence[QueueEntry], executor: Room, *checks: Check, until_us: int | None = NOW_US
) -> bool:
    known: Mapping[CheckId, Check] = {known.id: known for known in checks}
    return run_queue.advance(Admission(list(queued)), until_us, known, {Kind.PROBE: executor}, NOW_US)


def test_what_is_due_is_in_the_store_although_there_is_no_room_for_it(store: Store, run_queue: RunQueue) -> None:
    """A crash loses no run that waits, and the plan goes on behind it."""
    due = entry(check())

    assert advance(run_queue, [due], Room(0), check(), until_us=NOW_US + 5)

    assert [waiting.run for waiting in store.schedule.waiting()] == [due.run]
    assert (run_queue.waiting, run_queue.running) == (1, 0)
    leadership = store.schedule.leadership()
    assert leadership is not None
    assert leadership.planned_until_us == NOW_US + 5


def test_a_queue_in_which_nothing_happens_writes_nothing(store: Store, run_queue: RunQueue) -> None:
    """It says so even where another process leads: there was nothing to be fenced."""
    store.schedule.resign(HOLDER)

    assert advance(run_queue, [], Room(), check(), until_us=None)
    assert not advance(run_queue, [entry(check())], Room(), check())


def test_a_begun_run_is_leased_until_it_must_have_ended(store: Store, run_queue: RunQueue) -> None:
    """Its time-out and a minute; it waits no more, and is under way."""
    due, executor = entry(check(timeout_s=30.0)), Room()

    advance(run_queue, [due], executor, check(timeout_s=30.0))

    assert executor.begun == [due.run]
    assert (run_queue.waiting, run_queue.running) == (0, 1)
    assert store.schedule.waiting() == ()
    assert store.schedule.length() == (0, 1)
    assert run_queue.under_way == {(due.check, "local"): 1}
    begun = run_queue.begun((due.check, "local"))
    assert begun is not None
    assert begun[0] == due.run


@pytest.mark.parametrize("room", [1, 2, 3])
def test_the_most_important_begin_first_and_then_the_oldest(run_queue: RunQueue, room: int) -> None:
    """As many as there is room for; the others keep their place."""
    old, new = entry(check("a"), NOW_US - 2), entry(check("b"), NOW_US - 1)
    urgent = entry(check("c"), priority=1)
    executor = Room(room)

    advance(run_queue, [new, old, urgent], executor, check("a"), check("b"), check("c"))
    assert executor.begun == [urgent.run, old.run, new.run][:room]

    executor.room = 3
    advance(run_queue, [], executor, check("a"), check("b"), check("c"), until_us=None)
    assert executor.begun == [urgent.run, old.run, new.run]


def test_an_entry_counts_once_however_often_it_is_adopted(run_queue: RunQueue) -> None:
    """The store's queue is read again after each change of the leader."""
    due = entry(check())

    assert run_queue.adopt([due]) == [due.run]
    assert run_queue.adopt([due]) == []
    assert (run_queue.waiting, run_queue.under_way) == (1, {(due.check, "local"): 1})


def test_what_a_replaced_leader_took_in_is_taken_back(store: Store, run_queue: RunQueue) -> None:
    """Another process leads: nothing is begun, what was there before waits on, and what was new is forgotten."""
    before, due, executor = entry(check("a")), entry(check("b")), Room()
    run_queue.adopt([before])
    store.schedule.resign(HOLDER)

    assert not advance(run_queue, [due], executor, check("a"), check("b"))

    assert executor.begun == []
    assert (run_queue.waiting, run_queue.running) == (1, 0)
    assert set(run_queue.under_way) == {(before.check, "local")}


def test_what_a_store_refuses_is_taken_back_and_may_come_again() -> None:
    """The same entries may be taken in again as soon as the store is there."""
    due, executor = entry(check()), Room()
    broken = RunQueue(_Away(), SetClock(), HOLDER)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(StoreError):
            advance(broken, [due], executor, check())
        assert (broken.waiting, broken.running, broken.under_way) == (0, 0, {})
    assert executor.begun == []


class _Away:
    """A queue whose store cannot be used; only what a leader writes is needed of it."""

    def advance(self, *_: object, **__: object) -> bool:
        raise StoreError("the disk is full", slug="store-full")


def test_a_finished_run_is_under_way_no_more(run_queue: RunQueue) -> None:
    """Of two runs of a check the one that began last is remembered as begun; an unknown run changes nothing."""
    first, second, executor = entry(check(), NOW_US), entry(check(), NOW_US + 1), Room()
    key = (first.check, "local")
    advance(run_queue, [first, second], executor, check())
    assert run_queue.under_way == {key: 2}

    run_queue.finished(made(first, check(), NOW_US))
    begun = run_queue.begun(key)
    assert begun is not None
    assert begun[0] == second.run
    assert run_queue.under_way == {key: 1}

    for finished in (second, second, entry(check("x"))):
        run_queue.finished(made(finished, check(), NOW_US))
    assert run_queue.begun(key) is None
    assert run_queue.under_way == {}


def test_what_waits_for_a_check_that_is_gone_is_an_orphan(run_queue: RunQueue) -> None:
    """It waits until it is dropped; what is there begins meanwhile."""
    gone, there, executor = entry(check("gone")), entry(check("a")), Room()
    advance(run_queue, [gone, there], executor, check("a"))
    assert executor.begun == [there.run]

    orphans = run_queue.orphans({there.check})
    run_queue.drop([])
    run_queue.drop(orphans)

    assert orphans == [gone]
    assert (run_queue.waiting, run_queue.running) == (0, 1)
    assert set(run_queue.under_way) == {(there.check, "local")}


def test_a_standby_forgets_what_waits_and_keeps_what_is_under_way(run_queue: RunQueue) -> None:
    """Another process executes what waits."""
    begun, waits = entry(check("a")), entry(check("b"), NOW_US + 1)
    advance(run_queue, [begun, waits], Room(1), check("a"), check("b"))

    run_queue.forget_waiting()

    assert (run_queue.waiting, run_queue.running) == (0, 1)
    assert set(run_queue.under_way) == {(begun.check, "local")}


def test_what_others_ask_for_and_pause_is_read_from_the_store(store: Store, run_queue: RunQueue) -> None:
    """A run that is asked for waits; a check that is paused is known as such."""
    asked = QueueEntry(RunId(new_run_id(NOW_US)), check().id, "local", NOW_US, 1, "somebody")
    store.schedule.ask([asked])
    store.schedule.pause(check("b").id, NOW_US)

    run_queue.refresh()

    assert (run_queue.waiting, run_queue.paused) == (1, frozenset({check("b").id}))


def test_runs_that_are_not_made_are_recorded_with_the_queue(store: Store, run_queue: RunQueue) -> None:
    """Even if nothing else is due; a replaced leader records none."""
    unmade: Run = replace(made(entry(check()), check(), NOW_US), attempts=())
    arguments = (None, {check().id: check()}, {Kind.PROBE: Room()}, NOW_US)

    assert run_queue.advance(Admission(unmade=[unmade]), *arguments)
    assert [run.id for run in store.runs.search()] == [unmade.id]

    store.schedule.resign(HOLDER)
    assert not run_queue.advance(Admission(unmade=[replace(unmade, id=new_run_id(NOW_US))]), *arguments)
    assert len(store.runs.search()) == 1
