"""The service, with its time in our hands and a real store."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs
from tests.scheduler.conftest import NOW_US, SECOND_US, check, made

from outrider.model import CatchUp, Outcome, Overlap, Place, QueueEntry, new_run_id
from outrider.scheduler import view_of
from outrider.scheduler.leadership import BEAT_US, DEAD_AFTER_US
from outrider.server.metrics import exposition
from outrider.workspace import Maintenance, Pattern

if TYPE_CHECKING:
    from tests.scheduler.conftest import Stages

    from outrider.model import RunId

PASSED, MISSED, SKIPPED = Outcome.PASSED, Outcome.MISSED, Outcome.SKIPPED


@pytest.mark.slow
def test_every_run_that_is_due_is_made_once(stages: Stages) -> None:
    """Ten minutes of five checks, and nothing is left in the queue."""
    stage = stages.stage(*(check(str(number)) for number in range(5)))

    stage.passes(601)

    assert stage.outcomes() == [PASSED] * 50
    assert stage.store.schedule.length() == (0, 0)
    assert {interval.share for interval in stage.store.schedule.coverage(0)} == {1.0}


@pytest.mark.slow
def test_500_checks_due_in_one_second_are_all_made(stages: Stages) -> None:
    """A cron puts them there."""
    stage = stages.stage(*(check(str(number), cron="* * * * *") for number in range(500)))

    stage.passes(61)

    assert Counter(stage.outcomes()) == {PASSED: 500}


@pytest.mark.parametrize(
    ("overlap", "expected", "killed"),
    [(Overlap.SKIP, [PASSED, SKIPPED, SKIPPED], 0), (Overlap.QUEUE, [PASSED] * 3, 0), (Overlap.KILL, [PASSED] * 3, 2)],
)
def test_a_run_that_takes_longer_than_its_interval(
    stages: Stages, overlap: Overlap, expected: list[Outcome], killed: int
) -> None:
    """Those after it are skipped, wait, or end it, as its policy says; never silence."""
    stage = stages.stage(check(overlap=overlap))
    stage.executor.holds = True
    stage.passes(181)
    stage.executor.let()
    stage.tick()

    assert stage.outcomes() == expected
    assert len(stage.executor.killed) == killed


@pytest.mark.slow
@pytest.mark.parametrize(("catch_up", "made_late"), [(CatchUp.NONE, 0), (CatchUp.LAST, 1)])
def test_what_was_due_while_nothing_ran_is_missed(stages: Stages, catch_up: CatchUp, made_late: int) -> None:
    """With the reason; the last one is made late where that is asked for."""
    hourly = check(every_s=600.0, catch_up=catch_up)
    first = stages.stage(hourly)
    first.passes(601)
    first.service.stop()
    first.service.run(0)
    first.clock.passes(3600 - 300)
    second = stages.stage(hourly, clock=first.clock)
    second.passes(1)

    outcomes = Counter(second.outcomes())
    assert outcomes == {PASSED: 1 + made_late, MISSED: sum(outcomes.values()) - 1 - made_late}
    assert sum(outcomes.values()) in {6, 7}
    assert {run.reason for run in second.store.runs.search(outcome=MISSED)} == {"Outrider was not running"}


@pytest.mark.slow
def test_a_long_time_without_the_service_is_missed_for_one_reason(stages: Stages) -> None:
    """Although more runs were due than are caught up with in one pass."""
    checks = [check(str(number)) for number in range(150)]
    first = stages.stage(*checks)
    first.passes(61)
    first.service.stop()
    first.service.run(0)
    first.clock.passes(3 * 3600)
    second = stages.stage(*checks, clock=first.clock)
    second.passes(3)

    missed = second.store.runs.search(outcome=MISSED, limit=None)
    assert sum(run.due_count for run in missed) > 20_000
    assert {run.reason for run in missed} == {"Outrider was not running"}


def test_a_clock_set_forward_misses_what_it_skipped(stages: Stages) -> None:
    """An hour's runs are told as missed, and not made all at once."""
    stage = stages.stage(check())
    stage.passes(61)
    stage.clock.is_set(3600)
    stage.passes(61)

    outcomes = Counter(stage.outcomes())
    assert outcomes[MISSED] in {59, 60}
    assert outcomes[PASSED] in {2, 3}
    assert "the clock went forward by 3600 s" in stage.store.runs.search(outcome=MISSED)[0].reason


@pytest.mark.slow
@pytest.mark.parametrize("back_s", [60, 3600])
def test_a_clock_set_back_stops_nothing(stages: Stages, back_s: int) -> None:
    """Runs go on at their pace although their times were there before."""
    stage = stages.stage(check())
    stage.passes(301)
    stage.clock.is_set(-back_s)
    stage.passes(301)

    assert Counter(stage.outcomes())[PASSED] in {10, 11}
    assert stage.service.health.counts.events["clock_jumps"] == 1


def test_maintenance_is_told_and_a_pause_is_not_due(stages: Stages) -> None:
    """A window says its reason; a paused check leaves nothing behind."""
    window = Maintenance((Pattern("*one", Place("s")),), 120.0, cron="0 0 * * *", reason="new roof")
    begin_us = NOW_US // 86_400_000_000 * 86_400_000_000 + 86_400_000_000
    stage = stages.stage(check("one"), check("two"), maintenance=(window,))
    stage.clock.wall = begin_us - 1_000_000
    stage.store.schedule.pause(check("two").id, NOW_US)
    stage.passes(121)

    assert stage.outcomes() == [SKIPPED] * 2
    assert {run.reason for run in stage.store.runs.search()} == {"new roof"}

    assert stage.store.schedule.resume(check("two").id)
    stage.passes(60)
    assert Counter(run.check[-3:] for run in stage.store.runs.search(outcome=PASSED))["two"] == 1


def test_a_failing_check_runs_more_often(stages: Stages) -> None:
    """And at its usual pace again when it is good."""
    quick = check(every_failing_s=10.0)
    stage = stages.stage(quick)
    stage.tick()
    entry = QueueEntry(_id(1), quick.id, "local", NOW_US)
    stage.service.recorder.record(made(entry, quick, NOW_US, Outcome.FAILED))
    stage.tick()

    assert stage.service.plan is not None
    assert stage.service.plan.failing == {(quick.id, "local")}
    stage.executor.holds = True
    stage.passes(11)
    assert len(stage.executor.begun) == 1


def test_the_more_important_goes_first_and_what_is_asked_for_before_all(stages: Stages) -> None:
    """Where there is room for one."""
    low, high = check("low"), check("high", priority=5)
    stage = stages.stage(low, high)
    stage.executor.room = 0
    stage.passes(61)
    stage.store.schedule.ask([QueueEntry(_id(2), low.id, "local", NOW_US, 1000, "asked")])
    stage.passes(1)
    stage.executor.room = 1
    for _ in range(3):
        stage.tick()

    assert [(entry.check, entry.origin) for entry in stage.executor.begun] == [
        (low.id, "asked"), (high.id, "schedule"), (low.id, "schedule"),
    ]  # fmt: skip


def test_a_standby_takes_over_and_no_run_is_stored_twice(stages: Stages) -> None:
    """The leader falls silent with a run under way: the other makes it under the same id, within fifteen seconds."""
    leader = stages.stage(check())
    leader.executor.holds = True
    standby = stages.stage(check(), holder="elsewhere 2 2.0", clock=leader.clock)
    leader.tick()
    for _ in range(61):
        leader.clock.passes(1)
        leader.tick()
        standby.tick()
    assert standby.executor.begun == []

    standby.passes(15)

    assert [entry.run for entry in standby.executor.begun] == [entry.run for entry in leader.executor.begun]
    leader.executor.let()  # it was only slow, and ends its run too
    leader.passes(BEAT_US / 1e6 + 1)
    assert not leader.service.leading.leads
    assert len(standby.store.runs.search()) == 1
    assert DEAD_AFTER_US + 2 * BEAT_US < 15_000_000


def test_listeners_hear_every_run_and_every_second_of_the_leader(stages: Stages) -> None:
    """Those that were skipped too; a standby's time is nobody's business."""
    stage = stages.stage(check(overlap=Overlap.SKIP))
    standby = stages.stage(check(), holder="elsewhere 2 2.0", clock=stage.clock)
    stage.executor.holds = True
    stage.passes(121)
    for _ in range(5):
        standby.tick()
    stage.executor.let()
    for staged in (stage, standby):
        staged.pipeline.close(60)

    assert Counter(run.outcome for run in stage.ears.runs) == {PASSED: 1, SKIPPED: 1}
    assert stage.ears.ticks == [NOW_US + second * SECOND_US for second in range(1, 122)]
    assert (standby.ears.ticks, standby.ears.runs) == ([], [])


def test_the_view_tells_how_each_check_does(stages: Stages) -> None:
    """Its last run, how long it took, how many ended how; and what waits and runs. In short, only what is paused."""
    stage = stages.stage(check("a"), check("b", enabled=False), check("c"))
    stage.passes(1)
    stage.store.schedule.pause(check("c").id, NOW_US)
    stage.executor.holds = True
    stage.passes(60)
    before = view_of(stage.service)
    stage.executor.let()
    stage.service.tick()
    stage.clock.passes(3)
    view = view_of(stage.service)

    assert (before.running, before.waiting, view.running) == (1, 0, 0)
    assert [(shown.check[-1], shown.outcome, shown.paused, shown.runs) for shown in view.checks] == [
        ("a", "passed", False, {"passed": 1}), ("c", "", True, {}),
    ]  # fmt: skip
    assert [shown.check[-1] for shown in view_of(stage.service, in_full=False).checks] == ["c"]
    assert view.checks[0].duration_s == 0.0
    assert view.ticked_s == 3.0
    assert (view.leads, view.loaded, view.is_alive) == (True, True, True)


def test_a_tick_that_breaks_is_not_the_last(stages: Stages) -> None:
    """The service says that it is not ready, and goes on at the next tick."""
    stage = stages.stage(check())
    stage.passes(1)
    plan, stage.service.plan = stage.service.plan, None
    stage.passes(1)
    assert "AssertionError" in view_of(stage.service).problems["service"]
    assert not view_of(stage.service).is_ready

    stage.service.plan = plan
    stage.passes(60)
    assert view_of(stage.service).is_ready
    assert stage.outcomes() == [PASSED]


def test_a_locked_store_delays_and_loses_nothing(stages: Stages) -> None:
    """What could not be queued is, once the store is free."""
    stage = stages.stage(check())
    stage.passes(2)
    other = sqlite3.connect(stages.folder / "outrider.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    stage.passes(60, step_s=20)
    assert not view_of(stage.service).is_ready
    other.execute("COMMIT")
    other.close()
    stage.passes(2)

    assert view_of(stage.service).is_ready
    assert len(stage.outcomes()) == 1


def test_a_store_that_is_away_is_said_once(stages: Stages) -> None:
    """Most ticks do not ask it, and do not say that it is well."""
    stage = stages.stage(check())
    stage.passes(2)
    other = sqlite3.connect(stages.folder / "outrider.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    stage.passes(3)
    with capture_logs() as lines:
        stage.passes(5, step_s=0.25)
    assert "store" in stage.service.health.problems
    assert [line["event"] for line in lines] == []
    other.execute("COMMIT")
    other.close()
    with capture_logs() as lines:
        stage.passes(2)

    assert [(line["event"], line["subject"]) for line in lines] == [("service.recovered", "store")]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_database_that_is_removed_is_begun_anew(stages: Stages, replaced: bool) -> None:
    """Runs go on into the file that lies there, and not into one that nobody finds."""
    stage = stages.stage(check())
    stage.passes(61)
    for path in stages.folder.glob("outrider.db*"):
        path.unlink()
    if replaced:
        (stages.folder / "outrider.db").touch()
    stage.passes(65)

    assert stage.service.health.counts.events["store_renewals"] == 1
    assert len(stage.outcomes()) == 1


def test_a_workspace_that_is_gone_stops_runs_until_it_is_back(stages: Stages) -> None:
    """It is said, and needs no restart."""
    stage = stages.stage(check())
    stage.passes(2)
    runtime = stage.factory.runtime
    stage.service.runtime = replace(runtime, workspace=replace(runtime.workspace, root=stages.folder / "gone"))
    stage.passes(2)
    assert "is gone" in view_of(stage.service).problems["workspace"]

    (stages.folder / "gone").mkdir()
    stage.passes(2)

    assert view_of(stage.service).is_ready


def test_a_persistent_minority_of_locations_is_a_finding(stages: Stages) -> None:
    """Three bad runs in a row in one place of three, while the others are good."""
    everywhere = check(locations=("berlin", "oslo", "lima"))
    stage = stages.stage(everywhere)
    stage.tick()
    for number in range(9):
        place = everywhere.policy.locations[number % 3]
        entry = QueueEntry(_id(number), everywhere.id, place, NOW_US + number)
        outcome = Outcome.FAILED if place == "lima" else PASSED
        stage.service.recorder.record(made(entry, everywhere, NOW_US, outcome))
    stage.tick()

    assert view_of(stage.service).findings == (f"{everywhere.id} keeps failing in lima and not in berlin, oslo",)


def test_metrics_speak_of_every_check(stages: Stages) -> None:
    """In Prometheus' text format, with names escaped."""
    stage = stages.stage(check('quo"te'))
    stage.passes(61)

    text = exposition(view_of(stage.service))

    assert 'outrider_runs_total{check="probe:p.toml::quo\\"te",location="local",outcome="passed"} 1.0\n' in text
    assert "outrider_start_lag_seconds_count 1\n" in text
    assert "outrider_ready 1.0\n" in text


def _id(number: int) -> RunId:
    return new_run_id(NOW_US, bytes([number] * 10))
