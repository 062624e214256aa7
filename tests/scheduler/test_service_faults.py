"""What goes wrong within a tick of the service, and how it goes on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.scheduler.conftest import Instant, check

from outrider.model import CatchUp, Kind, Outcome, OutriderError
from outrider.scheduler.health import LAG_BOUNDS_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.scheduler.conftest import Stages

    from outrider.model import Check, QueueEntry


@dataclass
class Refusing(Instant):
    """An executor that begins nothing."""

    error: Exception = field(default_factory=ValueError)

    def begin(self, work: Sequence[tuple[QueueEntry, Check]]) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (OutriderError("no worker starts", slug="worker-failed"), "no worker starts"),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_what_breaks_a_tick_degrades_the_service_until_one_is_whole(
    stages: Stages, error: Exception, problem: str
) -> None:
    """It says what broke, and goes on at the next tick."""
    stage = stages.stage(check())
    executor = Refusing(lambda: stage.service.recorder, stage.clock, error=error)
    stage.factory.runtime.executors[Kind.PROBE] = executor

    problems = []
    for _ in range(62):
        stage.passes(1)
        problems.append(stage.service.health.problems.get("service", ""))

    assert [text for text in problems if text.startswith(problem)] == [text for text in problems if text]
    assert any(problems)
    assert problems[-1] == ""


def test_buckets_of_how_late_runs_begin_are_those_that_dashboards_know() -> None:
    """A histogram whose bounds change cannot be compared with that of the weeks before."""
    assert LAG_BOUNDS_S == (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


def test_what_is_done_once_a_second_is_not_done_at_every_tick(stages: Stages) -> None:
    """Listeners, the store's file and leadership are looked at each second, however often the service ticks."""
    stage = stages.stage(check())
    stage.passes(1)

    stage.passes(5, step_s=0.1)
    stage.pipeline.close(60)

    assert 5 <= len(stage.ears.ticks) <= 7


def test_a_leader_whose_clock_is_set_back_notes_it_in_the_schedule(stages: Stages) -> None:
    """Whoever takes over knows that what is due now was not planned yet."""
    stage = stages.stage(check())
    stage.passes(61)
    before = stage.store.schedule.leadership()

    stage.clock.is_set(-3_600)
    stage.tick()

    after = stage.store.schedule.leadership()
    assert before is not None
    assert after is not None
    assert after.era == before.era + 1
    assert after.planned_until_us == stage.clock.wall


def test_what_was_due_while_nobody_led_is_missed_for_that_reason(stages: Stages) -> None:
    """A standby that takes over goes on where the leader stopped, whatever it had planned for itself."""
    watched = check(every_s=5.0, catch_up=CatchUp.NONE)
    leader = stages.stage(watched)
    standby = stages.stage(watched, holder="elsewhere 2 2.0", clock=leader.clock)
    leader.tick()
    for _ in range(60):
        leader.clock.passes(1)
        leader.tick()
        standby.tick()
    assert len(leader.outcomes()) == 12

    leader.clock.passes(120)
    standby.passes(10)

    missed = standby.store.runs.search(outcome=Outcome.MISSED, limit=None)
    assert len(standby.outcomes()) == 12 + 26
    assert {run.reason for run in missed} == {"Outrider was not running"}


def test_a_run_that_was_due_while_the_store_was_away_says_so(stages: Stages) -> None:
    """The reason of a missed run is what hindered the service then."""
    stage = stages.stage(check(every_s=10.0))
    stage.passes(2)
    other = sqlite3.connect(stages.folder / "outrider.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    stage.passes(60, step_s=20)
    other.execute("COMMIT")
    other.close()
    stage.passes(2)

    missed = stage.store.runs.search(outcome=Outcome.MISSED, limit=None)
    assert {run.reason.partition(":")[0] for run in missed} == {"the store could not be used"}
