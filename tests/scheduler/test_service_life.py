"""The life of a service: it begins, follows its workspace, drains and ends, with its time in our hands."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.scheduler.conftest import FixedRuntime, Instant, check
from tests.waiting import until

from outrider.model import ConfigError, Kind, Outcome, Overlap, Place
from outrider.scheduler import view_of
from outrider.scheduler.leadership import BEAT_US, DEAD_AFTER_US

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.scheduler.conftest import Stages

    from outrider.scheduler import Work

PASSED, MISSED, SKIPPED = Outcome.PASSED, Outcome.MISSED, Outcome.SKIPPED


def test_a_broken_change_is_refused_and_the_old_state_runs_on(stages: Stages) -> None:
    """Its message is on the pages; the next good change takes effect."""
    stage = stages.stage(check())
    stage.passes(61)
    stage.factory.fresh, stage.factory.error = True, ConfigError("no", slug="broken-toml", where=Place("a.toml", 1))
    stage.passes(60)
    assert "a.toml:1: no" in view_of(stage.service).problems["reload"]

    stage.factory.fresh, stage.factory.error = True, None
    stage.factory.runtime = replace(stage.factory.runtime, checks=(check(), check("new")))
    stage.passes(60)

    assert view_of(stage.service).problems == {}
    assert Counter(stage.outcomes())[PASSED] == 4


def test_a_broken_change_leaves_runs_under_way_alone(stages: Stages) -> None:
    """The runtime that executes them is not closed, and what they find is stored although the reload is refused."""
    stage = stages.stage(check())
    stage.executor.holds = True
    stage.passes(61)
    stage.factory.fresh, stage.factory.error = True, ConfigError("no", slug="broken-toml", where=Place("a.toml", 1))
    stage.passes(5)
    assert view_of(stage.service).running == 1
    assert not stage.factory.runtime.closed.is_set()

    stage.executor.let()
    stage.tick()

    assert stage.outcomes() == [PASSED]
    assert "a.toml:1: no" in view_of(stage.service).problems["reload"]
    assert not stage.service.run_queue.under_way


def test_the_service_runs_until_it_is_stopped_and_lets_the_next_one_lead(stages: Stages) -> None:
    """It builds what it runs beside itself, and drains at the end."""
    stage = stages.stage(check())
    running = threading.Thread(target=stage.service.run, args=[60])
    running.start()
    assert stage.factory.entered.wait(60)
    until(lambda: view_of(stage.service).loaded)
    stage.service.stop()
    running.join(60)

    assert stage.factory.runtime.closed.is_set()
    left = stage.store.schedule.leadership()
    assert left is not None
    assert left.holder == ""


def test_a_leader_leads_until_its_last_run_is_finished(stages: Stages) -> None:
    """Draining takes longer than a standby waits for a beat: it must not execute the same run a second time."""
    leader = stages.stage(check())
    closing, may_close = threading.Event(), threading.Event()

    class Slow(Instant):
        def close(self, within_s: float) -> Sequence[Work]:
            closing.set()
            assert may_close.wait(60)
            return ()

    leader.factory.runtime.executors[Kind.PROBE] = Slow(lambda: leader.service.recorder, leader.clock)
    leader.tick()
    standby = stages.stage(check(), holder="elsewhere 2 2.0", clock=leader.clock)
    leader.service.stop()
    running = threading.Thread(target=leader.service.run, args=[60])
    running.start()
    assert closing.wait(60)
    for _ in range(2 * DEAD_AFTER_US // BEAT_US):
        row = stages.store.schedule.leadership()
        leader.clock.passes(BEAT_US / 1e6)
        until(lambda before=row: stages.store.schedule.leadership() != before)  # type: ignore[misc]
        standby.tick()
    assert not standby.service.leading.leads

    may_close.set()
    running.join(60)
    standby.passes(1)
    assert standby.service.leading.leads


def test_a_runtime_that_cannot_be_closed_does_not_keep_the_service_from_ending(stages: Stages) -> None:
    """What is recorded is judged, and the next one leads at once."""
    stage = stages.stage(check())
    stage.tick()
    stage.factory.runtime.error = TypeError("broken")
    stage.service.stop()
    stage.service.run(60)

    left = stage.store.schedule.leadership()
    assert left is not None
    assert left.holder == ""


def test_a_store_that_never_takes_the_last_run_does_not_keep_the_service_from_ending(stages: Stages) -> None:
    """As on a full disk: closing waits for a recorder that tries again, for as long as draining may last."""
    stage = stages.stage(check())
    recorder = stage.service.recorder

    class Waiting(Instant):
        def close(self, within_s: float) -> Sequence[Work]:
            until(lambda: recorder.has_given_up)
            return ()

    stage.factory.runtime.executors[Kind.PROBE] = Waiting(lambda: recorder, stage.clock)
    stage.tick()
    stage.service.stop()
    stage.service.run(0.1)

    assert stage.factory.runtime.closed.is_set()


def test_a_stopped_service_builds_nothing_more(stages: Stages) -> None:
    """It is stopped before it ran."""
    stage = stages.stage(check())
    stage.service.stop()
    stage.service.run(0)

    assert stage.factory.made == 0


def test_runs_of_checks_that_are_gone_are_skipped(stages: Stages) -> None:
    """They waited while their check was taken out of the workspace; a locked store delays that and loses none."""
    stage = stages.stage(check())
    stage.executor.room = 0
    stage.passes(61)
    stage.factory.runtime = replace(stage.factory.runtime, checks=(check("other"),), closed=threading.Event())
    stage.factory.fresh = True
    stage.tick()
    other = sqlite3.connect(stages.folder / "outrider.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    stage.service.tick()
    other.execute("COMMIT")
    other.close()
    stage.passes(2)

    (run,) = stage.store.runs.search()
    assert (run.outcome, run.reason) == (SKIPPED, "the workspace does not have this check any more")
    assert stage.store.schedule.length() == (0, 0)
    assert view_of(stage.service).waiting == 0


def test_nothing_is_due_before_the_first_load_of_a_new_store(stages: Stages) -> None:
    """It may take a minute; afterwards every run is executed in its time, and the next start tells what it missed."""
    first = stages.stage(check(every_s=10.0))
    for _ in range(60):
        first.clock.passes(1)
        first.service.tick()
    first.passes(60)
    assert Counter(first.outcomes()) == {PASSED: 6}

    first.service.stop()
    first.service.run(0)
    second = stages.stage(check(every_s=10.0), clock=first.clock)
    for _ in range(60):
        second.clock.passes(1)
        second.service.tick()
    second.passes(10)
    outcomes = Counter(second.outcomes())
    assert outcomes[MISSED] in {5, 6}
    assert sum(outcomes.values()) == 13


def test_a_changed_workspace_costs_no_run(stages: Stages) -> None:
    """Sixty checks, one due each second, and a change every fifth: none is lost at the moment of the change."""
    stage = stages.stage(*(check(str(number)) for number in range(60)))
    stage.passes(60)
    for _ in range(12):
        stage.factory.fresh = True
        stage.passes(5)

    stage.passes(1)
    due = [run.due_us for run in stage.store.runs.search(limit=None)]
    assert Counter(stage.outcomes()) == {PASSED: len(due)}
    assert len(due) == 2 * 60
    assert stage.service.health.counts.events["reloads"] == 13


def test_runs_go_on_while_a_changed_workspace_is_built(stages: Stages) -> None:
    """Building takes a minute; the runs that are due meanwhile are executed by the state before."""
    stage = stages.stage(check(every_s=10.0))
    stage.passes(1)
    before = stage.factory.runtime
    stage.factory.runtime = replace(before, checks=(check("new"),), closed=threading.Event())
    stage.factory.entered.clear()
    stage.factory.fresh, stage.factory.gate = True, threading.Event()
    building = threading.Thread(target=stage.service.builder.look)
    building.start()
    assert stage.factory.entered.wait(60)

    for _ in range(60):
        stage.clock.passes(1)
        stage.service.tick()
    assert Counter(stage.outcomes()) == {PASSED: 6}
    assert stage.service.health.counts.events["reloads"] == 1

    stage.factory.gate.set()
    building.join(60)
    stage.service.tick()
    assert stage.factory.runtime.active
    assert stage.service.health.counts.events["reloads"] == 2
    assert before.closed.wait(60)


def test_what_a_replaced_runtime_did_not_finish_is_skipped(stages: Stages) -> None:
    """Otherwise the check would count as under way until the service ends, and never run again."""
    stage = stages.stage(check())
    stage.executor.holds = True
    stage.passes(61)
    (entry,) = stage.executor.begun
    held, stage.executor.held = stage.executor.held, []
    stage.factory.runtime.unfinished = [(entry, check())]
    stage.factory.runtime = replace(stage.factory.runtime, executors={}, closed=threading.Event())
    stage.factory.fresh = True
    stage.tick()
    stage.service.stop()
    stage.service.run(60)  # waits for what retires
    stage.service.tick()

    assert held
    assert stage.outcomes() == [SKIPPED]
    assert not stage.service.run_queue.under_way


@dataclass
class SlowRuntime(FixedRuntime):
    """A runtime that is closed after the one that replaced it."""

    successor: FixedRuntime | None = None

    def close(self, within_s: float) -> Sequence[Work]:
        assert self.successor is not None
        assert self.successor.closed.wait(60)
        threading.Event().wait(0.3)  # the service ends meanwhile, unless it waits for this
        return super().close(within_s)


def test_the_service_ends_after_the_runtimes_that_it_replaced(stages: Stages) -> None:
    """What they could not finish is recorded before the next process leads and executes it again."""
    stage = stages.stage(check())
    stage.executor.holds = True
    replaced = stage.factory.runtime = SlowRuntime(
        stage.factory.runtime.workspace, [check()], stage.factory.runtime.executors
    )
    stage.passes(61)
    (entry,) = stage.executor.begun
    stage.executor.held.clear()
    replaced.unfinished = [(entry, check())]
    replaced.successor = stage.factory.runtime = FixedRuntime(replaced.workspace, [check()])
    stage.factory.fresh = True
    stage.tick()

    stage.service.stop()
    stage.service.run(60)

    assert replaced.closed.is_set()
    assert stage.outcomes() == [SKIPPED]


def test_a_run_is_ended_by_the_runtime_that_began_it(stages: Stages) -> None:
    """The workspace changed in between: the executor of today knows nothing of it."""
    stage = stages.stage(check(overlap=Overlap.KILL))
    stage.executor.holds = True
    stage.passes(61)
    fresh = Instant(lambda: stage.service.recorder, stage.clock)
    stage.factory.runtime = replace(stage.factory.runtime, executors={Kind.PROBE: fresh}, closed=threading.Event())
    stage.service.runtime = stage.factory.runtime
    stage.passes(60)

    assert stage.executor.killed == [stage.executor.begun[0].run]
    assert fresh.killed == []
