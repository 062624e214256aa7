"""What becomes of runs that are due."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scheduler.conftest import NOW_US, SECOND_US, check

from outrider.model import CatchUp, Circumstances, Outcome, Overlap, QueueEntry
from outrider.scheduler.admission import (
    HOUR_US,
    LATE_US,
    MOST_WAITING,
    AdmissionContext,
    abandoned_run,
    admit,
    orphaned_run,
    run_id,
)
from outrider.scheduler.plan import Due

if TYPE_CHECKING:
    from outrider.model import Check

BUSY = "the service was busy"


def context(under_way: int = 0, **more: Any) -> AdmissionContext:
    known = {"era": 0, "paused": frozenset(), "why_closed": lambda _check, _at: "", "why_late": BUSY, **more}
    return AdmissionContext(now_us=NOW_US, under_way={(check().id, "local"): under_way}, **known)


def due(late_us: int = 0, **policy: Any) -> Due:
    return Due(check(**policy), "local", NOW_US - late_us)


@pytest.mark.parametrize(
    ("run", "under_way", "outcome", "reason"),
    [
        (due(), 0, None, ""),
        (due(LATE_US), 0, None, ""),
        (due(LATE_US + 1), 0, Outcome.MISSED, BUSY),
        (due(LATE_US + 1, catch_up=CatchUp.LAST), 0, None, ""),
        (due(overlap=Overlap.SKIP), 1, Outcome.SKIPPED, "the run before it was still waiting or under way"),
        (due(overlap=Overlap.QUEUE), 1, None, ""),
        (due(overlap=Overlap.QUEUE), MOST_WAITING - 1, None, ""),
        (due(overlap=Overlap.QUEUE), MOST_WAITING, Outcome.SKIPPED, "10 runs of it were still waiting or under way"),
        (due(overlap=Overlap.KILL), 1, None, ""),
    ],
)
def test_a_run_is_queued_unless_something_speaks_against_it(
    run: Due, under_way: int, outcome: Outcome | None, reason: str
) -> None:
    """Late runs are missed, overlapping ones skipped, as the check's policy says."""
    admission = admit([run], context(under_way))

    assert [(unmade.outcome, unmade.reason) for unmade in admission.unmade] == ([(outcome, reason)] if outcome else [])
    assert len(admission.queued) == (outcome is None)
    is_killing = run.check.policy.overlap is Overlap.KILL
    assert admission.killed == ([(run.check.id, "local")] if is_killing else [])


def test_only_the_last_of_several_is_queued() -> None:
    """Those before it have missed their time, since the next was due already; other places have a last of their own."""
    runs = [due(20_000_000), due(10_000_000), due(0), Due(check(), "oslo", NOW_US - 15_000_000)]

    admission = admit(runs, context())

    assert [(unmade.due_us, unmade.due_count) for unmade in admission.unmade] == [(runs[0].due_us, 2)]
    assert [(entry.due_us, entry.location) for entry in admission.queued] == [
        (NOW_US, "local"), (NOW_US - 15_000_000, "oslo"),
    ]  # fmt: skip


@given(st.lists(st.integers(0, 5 * 3600), min_size=1, unique=True), st.integers(1, 7200))
def test_missed_runs_are_counted_exactly_and_recorded_once_an_hour(seconds: list[int], late_s: int) -> None:
    """However many there were; each record has the time of its first, and its hour is that of all it stands for."""
    runs = [due(number * 1_000_000 + late_s * 1_000_000) for number in sorted(seconds, reverse=True)]

    admission = admit(runs, context())

    hours = Counter(run.due_us // HOUR_US for run in runs)
    hours -= Counter(entry.due_us // HOUR_US for entry in admission.queued)
    assert {unmade.due_us // HOUR_US: unmade.due_count for unmade in admission.unmade} == dict(hours)
    assert {unmade.due_us for unmade in admission.unmade} <= {run.due_us for run in runs}


def test_a_run_that_is_killed_for_the_next_needs_one_under_way() -> None:
    """Without one there is nothing to end."""
    assert admit([due(overlap=Overlap.KILL)], context(0)).killed == []


def test_maintenance_skips_and_a_pause_leaves_nothing_behind() -> None:
    """The window's reason is the run's; it is asked about when the run was due."""
    asked = []

    def why_closed(wanted: Check, at_us: int) -> str:
        asked.append((wanted.id, at_us))
        return "new roof"

    closed = admit([due(5)], context(why_closed=why_closed))
    paused = admit([due()], context(paused={check().id}))

    assert [(unmade.outcome, unmade.reason) for unmade in closed.unmade] == [(Outcome.SKIPPED, "new roof")]
    assert asked == [(check().id, NOW_US - 5)]
    assert (paused.queued, paused.unmade) == ([], [])


def test_a_run_has_one_id_whoever_admits_it() -> None:
    """Another time, place, check or era has another; the id sorts by when the run was due."""
    run = due()
    others = [due(1), Due(check("b"), "local", NOW_US), Due(check(), "oslo", NOW_US)]

    assert run_id(run, 0) == run_id(due(), 0)
    assert len({run_id(run, 0), run_id(run, 1), *(run_id(other, 0) for other in others)}) == 5
    assert run_id(due(SECOND_US), 0) < run_id(run, 0)


def test_an_entry_carries_what_the_queue_needs() -> None:
    """Its id, check, place, time and priority."""
    run = due(3, priority=7)

    assert admit([run], context(era=2)).queued == [
        QueueEntry(run_id(run, 2), check().id, "local", NOW_US - 3, 7),
    ]  # fmt: skip


def test_what_is_recorded_of_runs_that_were_not_executed() -> None:
    """No attempts, the time of now, and why."""
    here = Circumstances(host="here")
    entry = QueueEntry(run_id(due(), 0), check().id, "oslo", NOW_US - 9)
    orphaned = orphaned_run(entry, here, NOW_US)
    abandoned = abandoned_run(entry, check(environment="staging"), here, NOW_US)
    (missed,) = admit([due(LATE_US + 1)], context(circumstances=here)).unmade

    assert (orphaned.environment, abandoned.environment) == ("", "staging")
    assert {run.outcome for run in (orphaned, abandoned)} == {Outcome.SKIPPED}
    assert [(run.id, run.location, run.due_us) for run in (orphaned, abandoned)] == [
        (entry.run, "oslo", NOW_US - 9)
    ] * 2
    for run in (orphaned, abandoned, missed):
        assert (run.started_us, run.finished_us, run.attempts, run.circumstances) == (NOW_US, NOW_US, (), here)
        assert run.reason
