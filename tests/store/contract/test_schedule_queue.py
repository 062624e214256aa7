"""The queue of due runs, its leader, and pauses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import CheckId, Coverage, Outcome, Pause, QueueEntry, RunId, new_run_id

if TYPE_CHECKING:
    from tests.store.conftest import Maker

    from outrider.store import Store

CHECK = CheckId("probe:home")


def entry(at_s: int, **changes: object) -> QueueEntry:
    due_us = NOW_US + at_s * SECOND_US
    return replace(QueueEntry(RunId(new_run_id(due_us)), CHECK, "local", due_us), **changes)  # type: ignore[arg-type]


def test_one_process_leads_until_another_replaces_the_leader_that_it_saw(store: Store) -> None:
    """Whoever saw a leader that has moved on meanwhile is too late."""
    assert store.schedule.leadership() is None
    assert store.schedule.lead("ada", 1, None)
    assert not store.schedule.lead("bob", 2, None)
    seen = store.schedule.leadership()

    assert store.schedule.beat("ada", 3)
    assert not store.schedule.lead("bob", 4, seen)
    assert store.schedule.lead("bob", 5, store.schedule.leadership())
    assert not store.schedule.beat("ada", 6)


def test_a_leader_counts_up_with_everything_that_it_does(store: Store) -> None:
    """Whoever saw an earlier beat sees that the leader lives, whichever process it is by now."""
    beats = []

    def note() -> None:
        leadership = store.schedule.leadership()
        assert leadership is not None
        beats.append(leadership.beat)

    assert store.schedule.lead("ada", 1, None)
    note()
    assert store.schedule.beat("ada", 2)
    note()
    assert store.schedule.advance("ada", [entry(0)])
    note()
    assert store.schedule.lead("bob", 3, store.schedule.leadership())
    note()
    assert beats == [1, 2, 3, 4]


def test_what_a_replaced_leader_writes_changes_nothing(store: Store) -> None:
    """Fencing happens in the transaction that writes."""
    store.schedule.lead("ada", 1, None)
    store.schedule.resign("ada")
    store.schedule.lead("bob", 2, None)

    assert not store.schedule.advance("ada", [entry(0)], planned_until_us=9)

    leadership = store.schedule.leadership()
    assert leadership is not None
    assert (leadership.holder, leadership.planned_until_us) == ("bob", 0)
    assert store.schedule.waiting() == ()


def test_a_run_is_queued_once_and_leaves_the_queue_when_it_is_stored(store: Store, make: Maker) -> None:
    """A run that is stored already is not queued again."""
    run = make.run(str(CHECK))
    queued = QueueEntry(run.id, CHECK, "local", run.due_us, priority=3)
    store.schedule.lead("ada", 1, None)

    store.schedule.advance("ada", [queued, queued])
    store.schedule.advance("ada", [queued], planned_until_us=run.due_us)
    assert store.schedule.waiting() == (queued,)
    store.runs.record(run)
    store.schedule.advance("ada", [queued])

    assert store.schedule.length() == (0, 0)


def test_leases_end_with_their_leader(store: Store) -> None:
    """What it had begun is due again, under the same ids; what somebody asked for stays."""
    first, second = entry(1), entry(0, origin="ada")
    store.schedule.lead("ada", 1, None)
    store.schedule.ask([second])
    store.schedule.advance("ada", [first], {first.run: NOW_US + 60 * SECOND_US})
    assert store.schedule.length() == (1, 1)
    assert store.schedule.waiting() == store.schedule.asked() == (second,)

    store.schedule.lead("bob", 2, store.schedule.leadership())

    assert store.schedule.waiting() == (second, first)
    assert store.schedule.asked() == (second,)


def test_a_run_is_asked_for_once_while_it_waits(store: Store) -> None:
    """Whoever asks again gets the run that waits; one that has begun, or is due by schedule, is another."""
    first, second, third = (entry(number, origin="ada") for number in (1, 2, 3))
    store.schedule.lead("ada", 1, None)
    store.schedule.advance("ada", [entry(0)])

    assert store.schedule.ask_once(first) == store.schedule.ask_once(second) == first.run
    store.schedule.advance("ada", leases={first.run: NOW_US})

    assert store.schedule.ask_once(third) == third.run
    assert store.schedule.asked() == (third,)


def test_a_check_is_paused_once_and_resumed(store: Store) -> None:
    """Pausing it again keeps the first time and reason."""
    store.schedule.pause(CHECK, 1, "deploy")
    store.schedule.pause(CHECK, 2, "other")

    assert store.schedule.pauses() == (Pause(CHECK, 1, "deploy"),)
    assert store.schedule.resume(CHECK)
    assert not store.schedule.resume(CHECK)
    assert store.schedule.pauses() == ()


def test_a_record_of_missed_runs_counts_as_all_of_them(store: Store, make: Maker) -> None:
    """In coverage, and when it is read; it is written with the plan, once, or not at all."""
    missed = replace(make.run(str(CHECK), outcome=Outcome.MISSED), attempts=(), due_count=60)
    assert not store.schedule.advance("ada", unmade=[missed], planned_until_us=9)
    assert store.runs.search() == ()
    store.schedule.lead("ada", 1, None)

    assert store.schedule.advance("ada", unmade=[missed], planned_until_us=9)
    assert store.schedule.advance("ada", unmade=[missed], planned_until_us=9)

    assert store.schedule.coverage(0) == (Coverage(CHECK, "production", "local", 60, 0),)
    (summary,) = store.runs.search()
    assert summary.due_count == store.runs.get(summary.id).run.due_count == 60


def test_coverage_counts_runs_that_were_due_and_those_that_happened(store: Store, make: Maker) -> None:
    """A run that was missed or skipped did not happen."""
    outcomes = (Outcome.PASSED, Outcome.FAILED, Outcome.MISSED, Outcome.SKIPPED)
    store.runs.record_many([make.run(str(CHECK), outcome=outcome) for outcome in outcomes])

    assert store.schedule.coverage(0) == (Coverage(CHECK, "production", "local", 4, 2),)
    assert store.schedule.coverage(NOW_US * 2) == ()
