"""What the leader does with runs that workers of locations make."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.scheduler.conftest import check, made

from outrider.model import ALIVE_US, AWAITED_US, DeliveredResult, HeldRun, Outcome, Verdict, WorkerReport
from outrider.runs import packed_run

if TYPE_CHECKING:
    from tests.scheduler.conftest import Stage, Stages

    from outrider.model import LeasedEntry

REPORT = WorkerReport("one", "i1", "1")


def work(stage: Stage) -> LeasedEntry:
    """Take the only order, as a worker does."""
    locations, now_us = stage.store.locations, stage.clock.wall
    assert locations.report("fra", REPORT, now_us) == ""
    (leased,) = locations.lease("fra", "i1", [entry.run for entry in locations.waiting("fra", now_us)], now_us)
    return leased


def deliver(stage: Stage, leased: LeasedEntry, **changes: int) -> Verdict:
    run = replace(made(leased.entry, check(locations=("fra", "here")), stage.clock.wall), **changes)  # type: ignore[arg-type]
    result = DeliveredResult(run.id, "fra", "i1", leased.lease, stage.clock.wall, packed_run(run))
    (verdict,) = stage.store.locations.deliver([result])
    return verdict


def judged(stage: Stage) -> list[str]:
    """Return the runs that were handed on to be judged."""
    stage.pipeline.close(60)
    return [run.id for run in stage.ears.runs if run.location == "fra"]


def test_a_worker_makes_the_runs_of_its_location_and_each_is_judged_once(stages: Stages) -> None:
    """Those of other locations are made here, and a delivered run is that of its order."""
    stage = stages.stage(check(locations=("fra", "here"), every_s=60.0))
    stage.store.locations.add("fra", stage.clock.wall)
    stage.passes(60)
    leased = work(stage)
    first = deliver(stage, leased)
    stage.passes(1)
    again = deliver(stage, leased)
    stage.passes(3)

    assert (first, again) == (Verdict.TAKEN, Verdict.DUPLICATE)
    assert {entry.location for entry in stage.executor.begun} == {"here"}
    assert [run.outcome for run in stage.store.runs.search(location="fra")] == [Outcome.PASSED]
    assert judged(stage) == [leased.entry.run]


def test_a_result_that_the_database_refuses_is_inconclusive_and_stops_nothing(stages: Stages) -> None:
    """What a worker delivers must not keep the service from all that is due, here and in other locations."""
    stage = stages.stage(check(locations=("fra", "here"), every_s=60.0))
    stage.store.locations.add("fra", stage.clock.wall)
    stage.passes(60)
    leased = work(stage)
    deliver(stage, leased, finished_us=1 << 70)
    before = len(stage.executor.begun)
    stage.passes(61)

    assert len(stage.executor.begun) == before + 1
    (run,) = stage.store.runs.search(location="fra", outcome=Outcome.INCONCLUSIVE)
    assert run.id == leased.entry.run
    assert run.reason.startswith("the result that fra delivered cannot be stored: ")


def test_what_nobody_does_in_time_is_missed_with_its_cause(stages: Stages) -> None:
    """No worker, or busy ones: the next run is due as usual, and is not skipped."""
    stage = stages.stage(check(locations=("fra",), every_s=60.0, timeout_s=60.0))
    stage.store.locations.add("fra", stage.clock.wall)
    stage.passes(125)
    for _ in range(90):
        stage.store.locations.report("fra", REPORT, stage.clock.wall)
        stage.passes(1)

    runs = list(reversed(stage.store.runs.search()))
    assert {run.outcome for run in runs} == {Outcome.MISSED}
    assert list(dict.fromkeys(run.reason for run in runs)) == [
        "fra had no live worker",
        "the workers of fra were busy until it was too late",
    ]
    assert stage.executor.begun == []


def test_the_result_of_a_silent_worker_is_awaited_and_does_not_hold_up_the_next_run(stages: Stages) -> None:
    """Partition: it took an order and is not heard of; what it delivers minutes later is taken, and judged once."""
    stage = stages.stage(check(locations=("fra",), every_s=60.0, timeout_s=30.0))
    stage.store.locations.add("fra", stage.clock.wall)
    stage.passes(60)
    leased = work(stage)
    stage.passes(150)
    before = {run.outcome for run in stage.store.runs.search()}
    verdict = deliver(stage, leased)
    stage.passes(1)

    assert before == {Outcome.MISSED}
    assert verdict is Verdict.TAKEN
    assert judged(stage)[-1] == leased.entry.run
    assert [run.id for run in stage.store.runs.search(outcome=Outcome.PASSED)] == [leased.entry.run]


def test_a_worker_that_is_never_heard_of_again_is_named(stages: Stages) -> None:
    """The run is missed; a result that comes after that is a duplicate."""
    stage = stages.stage(check(locations=("fra",), every_s=3600.0, timeout_s=30.0))
    stage.store.locations.add("fra", stage.clock.wall)
    while not stage.store.locations.waiting("fra", stage.clock.wall):
        stage.passes(10, step_s=10)
    leased = work(stage)
    stage.passes((AWAITED_US + ALIVE_US) / 1e6 + 60, step_s=10)

    assert deliver(stage, leased) is Verdict.DUPLICATE
    (run,) = stage.store.runs.search()
    assert (run.outcome, run.reason) == (Outcome.MISSED, "the worker one of fra took it, and was not heard of again")


def test_a_location_that_is_removed_is_measured_here_again(stages: Stages) -> None:
    """Its waiting orders too; a heartbeat was here all the time, since its calls come here."""
    heartbeat = check("beat", locations=("fra",))
    stage = stages.stage(check(locations=("fra",)), heartbeat)
    stage.factory.runtime.stays_here = frozenset({heartbeat.id})
    stage.store.locations.add("fra", stage.clock.wall)
    stage.passes(61)
    stage.store.locations.report("fra", REPORT, stage.clock.wall)
    before = [entry.check for entry in stage.executor.begun]
    held = HeldRun(work(stage).entry.run, 1)
    stage.store.locations.remove("fra")
    stage.passes(2)

    assert before == [heartbeat.id]
    assert held.run in {entry.run for entry in stage.executor.begun}
