"""The service: ticks, puts what is due into the queue, has it executed, and survives what happens meanwhile.

One thread ticks. It waits for nothing but the store: runtimes are built and retired beside it, runs are executed,
judged and alerted in other threads, which hand back what they did through queues.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

import structlog

from outrider.model import CommitInDoubt, OutriderError, StoreError
from outrider.scheduler.admission import Admission, AdmissionContext, admit, orphaned_run
from outrider.scheduler.clock import ClockWatch
from outrider.scheduler.leadership import Leading
from outrider.scheduler.location_orders import delivered_runs, missed_elsewhere, overdue, unstored
from outrider.scheduler.locations import Locations
from outrider.scheduler.plan import Plan
from outrider.scheduler.retrying_recorder import RetryingRecorder
from outrider.scheduler.run_queue import RunQueue
from outrider.scheduler.runtime_builder import RuntimeBuilder
from outrider.scheduler.runtime_retirement import RuntimeRetirement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from outrider.model import Check, CheckId, Leadership, Run, RunId, SchedulerStore
    from outrider.scheduler.clock import Clock
    from outrider.scheduler.health import Health
    from outrider.scheduler.maintenance_windows import Windows
    from outrider.scheduler.plan import Due
    from outrider.scheduler.result_pipeline import ResultPipeline
    from outrider.scheduler.scheduled_runtime import RuntimeFactory, ScheduledRuntime

log = structlog.get_logger("outrider.scheduler")

_MOST_DUE = 20_000
_LONGEST_WAIT_S = 0.1
_SHORTEST_WAIT_S = 0.05
"""Runs due within this begin together: a transaction costs more than what it says of a run."""

_END_BUILD_S = 10.0
_BEAT_S = 0.5
_SECOND_US = 1_000_000
_NOT_RUNNING = "Outrider was not running"
_STORE_AWAY = "the store could not be used"


class Service:
    """Runs the checks of a workspace by their schedule, as the leader or as a standby.

    `tick` and everything private belongs to the thread that calls `run`; other threads may call `stop` and read the
    properties and `health`.

    Args:
        store: Where everything is kept.
        factory: Makes what runs a state of the workspace.
        pipeline: Judges what is stored.
        holder: Names this process.
        may_lead: Whether it may run checks, or only follows who does.
        began: Is called when this process begins to lead, before anything is judged.
    """

    def __init__(
        self,
        store: SchedulerStore,
        factory: RuntimeFactory,
        pipeline: ResultPipeline,
        *,
        health: Health,
        clock: Clock,
        holder: str,
        may_lead: bool = True,
        began: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._began = began
        self._pipeline = pipeline
        self._clock = clock
        self._watch = ClockWatch(clock)
        self._finished: queue.SimpleQueue[Run] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._pending: list[Due] = []
        self._why_late = _NOT_RUNNING
        self._second_us = 0
        self._ticked_us = clock.steady_us()
        self._era = 0
        self._elsewhere: frozenset[str] = frozenset()
        self._looked_after: set[RunId] = set()
        self._from_us: int | None = None
        self._begins_anew = False
        self._checks: dict[CheckId, Check] = {}
        self._windows: Windows | None = None
        self.health = health
        self.locations = Locations()
        self.leading = Leading(store.schedule, clock, holder, may_lead=may_lead)
        self.recorder = RetryingRecorder(store.runs, health, self._stored)
        self.run_queue = RunQueue(store.schedule, clock, holder)
        self.builder = RuntimeBuilder(factory, health)
        self._retirement = RuntimeRetirement(self.recorder, health, clock)
        self.runtime: ScheduledRuntime | None = None
        self.plan: Plan | None = None

    @property
    def backlog(self) -> int:
        """How many stored runs wait to be judged."""
        return self._pipeline.backlog

    def since_tick_s(self) -> float:
        """Return how long ago the service last looked at what is due."""
        return (self._clock.steady_us() - self._ticked_us) / 1e6

    def stop(self) -> None:
        """End soon: what is under way is finished first. May be called from any thread, and by a signal handler."""
        self._stopping.set()
        self._wake.set()

    def run(self, drain_s: float) -> None:
        """Serve until `stop` is called, and then wait for what is under way, at most so long."""
        if not self._stopping.is_set():
            self.builder.start()
        while not self._stopping.is_set():
            self.tick()
            if not self._stopping.wait(_SHORTEST_WAIT_S):
                self._wake.wait(self._pause_s())
                self._wake.clear()
        self._drain(drain_s)

    def tick(self) -> None:
        """Do what is to be done now; what goes wrong degrades the service, and is tried again at the next tick."""
        self._ticked_us = self._clock.steady_us()
        try:
            self._tick()
        except StoreError as error:
            self._why_late = f"{_STORE_AWAY}: {error.what}"
            self._begins_anew |= isinstance(error, CommitInDoubt)  # memory and store may differ
            self.health.wrong("store", str(error))
        except OutriderError as error:
            self.health.wrong("service", str(error))
        except Exception as error:  # what breaks one tick may be gone at the next
            log.exception("tick.broken", error=str(error))
            self.health.wrong("service", f"{type(error).__name__}: {error}")
        else:
            self.health.well("service")

    def _tick(self) -> None:
        look = self._watch.look()
        if look.jump_us:
            self._jumped(look.jump_us, look.now_us)
        if look.now_us // _SECOND_US != self._second_us:
            self._second_us = look.now_us // _SECOND_US
            self._each_second(look.now_us)
        self._take_delivered()
        self._end_overdue(look.now_us)
        self._take_finished()
        if self.runtime is None:
            self._change_runtime(look.now_us)
        if self.leading.leads and self.runtime is not None:
            self._queue_due(look.now_us)
        self._change_runtime(look.now_us)

    def _each_second(self, now_us: int) -> None:
        if self.runtime is not None and not self.runtime.workspace.root.exists():
            self.health.wrong("workspace", f"{self.runtime.workspace.root} is gone: nothing runs until it is back")
            return
        self.health.well("workspace")
        if self._store.renewed():
            log.warning("store.renewed", reason="the database was removed, replaced or restored")
            self.health.count("store_renewals")
            self.leading.leads = False
        if self._begins_anew:
            self.leading.leads = False
        before = self.leading.leads
        left = self.leading.look(now_us)
        if before and not self.leading.leads:
            log.warning("leader.replaced", holder=self.leading.holder)
            self.run_queue.forget_waiting()
        if left is not None:
            self._begin_to_lead(left, now_us)
        if self.leading.leads:
            self._look_elsewhere()
            self.run_queue.refresh()
            self._pipeline.ticked(now_us)
        self.health.well("store")  # it was asked just now, which most ticks do not

    def _begin_to_lead(self, left: Leadership, now_us: int) -> None:
        """Take over what the store has; where it goes away meanwhile, that is begun anew."""
        log.info("leader.began", holder=self.leading.holder)
        why_late = self._why_late if self._begins_anew else _NOT_RUNNING
        self._begins_anew = True
        self._began()
        self._look_elsewhere()  # first: what workers are to make must not begin here
        self._era = left.era
        self.run_queue.forget_waiting()
        self.run_queue.adopt(self._store.schedule.waiting())
        self._pending.clear()
        self._why_late = why_late
        self._begins_anew = False
        # In a new store nothing was due before: the time of the first load counts as no missed run.
        self._from_us = min(left.planned_until_us, now_us) if left.planned_until_us else None
        if self.runtime is not None:
            self._plan(self.runtime, now_us if self._from_us is None else self._from_us)

    def _look_elsewhere(self) -> None:
        """Follow which locations have workers."""
        self._elsewhere = frozenset(self._store.locations.names())
        self.run_queue.use_places(self._elsewhere, self.runtime.stays_here if self.runtime is not None else frozenset())
        self._looked_after.clear()

    def _end_overdue(self, now_us: int) -> None:
        """Record what workers of locations did not do in time; called before the next runs are due.

        An order whose worker is at work, or silent, is looked after once a second.
        """
        if self.runtime is None or not (self.leading.leads and self._elsewhere):
            return
        entries = [entry for entry in self.run_queue.elsewhere if entry.run not in self._looked_after]
        if late := overdue(entries, self._checks, now_us):
            self._looked_after |= {entry.run for entry in late}
            over, silent = self._store.locations.close([entry.run for entry in late], now_us)
            for order in silent:
                self.run_queue.release(order.run)
            alive = {worker.location for worker in self._store.locations.workers() if worker.is_alive(now_us)}
            missed = missed_elsewhere(
                late, over, self._checks, alive=alive, circumstances=self.runtime.circumstances, now_us=now_us
            )
            self._record(missed)

    def _take_delivered(self) -> None:
        """Record what workers of locations delivered: each result once, since it leaves with its order."""
        if not (self.leading.leads and self._elsewhere):
            return
        if delivered := self._store.locations.delivered():
            environments = {check.id: check.policy.environment for check in self._checks.values()}
            if runs := delivered_runs(delivered, self.run_queue.elsewhere, environments):
                for stored in self._keep(runs, environments):
                    self._stored(stored)

    def _keep(self, runs: Sequence[Run], environments: Mapping[CheckId, str]) -> Iterator[Sequence[Run]]:
        """Yield what is stored; a run that the store cannot take, which a worker made, is replaced alone."""
        try:
            self._store.runs.record_many(runs)
        except StoreError:
            raise
        except Exception as error:
            if len(runs) > 1:
                for run in runs:
                    yield from self._keep([run], environments)
                return
            log.exception("result.unrecorded", run=runs[0].id, location=runs[0].location, error=str(error))
            environment = environments.get(runs[0].check, "")
            runs = [unstored(runs[0], environment, self._clock.wall_us(), error)]
            self._store.runs.record_many(runs)
        yield runs

    def _change_runtime(self, now_us: int) -> None:
        """Change to the runtime that was built, if there is one, as soon as all that is due is taken from the plan."""
        if self.leading.leads and self.plan is not None and not self.plan.is_done(now_us):
            return
        built = self.builder.take()
        if built is None:
            return
        old, self.runtime, self._windows = self.runtime, built.runtime, built.windows
        self._plan(built.runtime, now_us if old is not None or self._from_us is None else self._from_us)
        if old is not None:
            self._retirement.retire(old)
        self.health.count("reloads")
        built.runtime.activate()
        snapshot = built.runtime.circumstances.snapshot
        log.info("workspace.loaded", checks=len(built.runtime.checks), snapshot=snapshot)

    def _plan(self, runtime: ScheduledRuntime, from_us: int) -> None:
        self._checks = {check.id: check for check in runtime.checks}
        failing = self.plan.failing if self.plan is not None else frozenset()
        self.plan = Plan(runtime.checks, runtime.workspace.timezone, from_us, failing)

    def _jumped(self, by_us: int, now_us: int) -> None:
        self.health.count("clock_jumps")
        log.warning("clock.jumped", by_s=by_us / 1e6)
        if by_us > 0:
            self._why_late = f"the clock went forward by {by_us / 1e6:.0f} s: it was set, or the machine slept"
            return
        self._era += 1
        self._pending.clear()
        if self.plan is not None:
            self.plan.restart(now_us)
        if self.leading.leads:
            self._store.schedule.advance(self.leading.holder, planned_until_us=now_us, era=self._era)

    def _queue_due(self, now_us: int) -> None:
        runtime, plan = self.runtime, self.plan
        assert runtime is not None
        assert plan is not None
        orphans = self.run_queue.orphans(self._checks.keys())
        self._record([orphaned_run(entry, runtime.circumstances, now_us) for entry in orphans])
        self.run_queue.drop(orphans)
        self._pending += plan.until(now_us, _MOST_DUE)
        admission = self._admit_pending(runtime, now_us)
        ended = [begun for key in admission.killed if (begun := self.run_queue.begun(key)) is not None]
        until_us = self._pending[-1].due_us if self._pending else None
        if not self.run_queue.advance(admission, until_us, self._checks, runtime.executors, now_us):
            self.leading.leads = False
            return
        self._stored(admission.unmade)
        self._pending.clear()
        if plan.is_done(now_us):  # a long time is caught up with in several parts, all late for one reason
            self._why_late = "the service was busy"
        for run, executor in ended:
            executor.kill(run)

    def _admit_pending(self, runtime: ScheduledRuntime, now_us: int) -> Admission:
        assert self._windows is not None
        context = AdmissionContext(
            now_us=now_us,
            era=self._era,
            under_way=self.run_queue.under_way,
            paused=self.run_queue.paused,
            why_closed=self._windows.why_closed,
            why_late=self._why_late,
            circumstances=runtime.circumstances,
        )
        return admit(self._pending, context)

    def _record(self, runs: Sequence[Run]) -> None:
        if runs:
            self._store.runs.record_many(runs)
            self._stored(runs)

    def _stored(self, runs: Sequence[Run]) -> None:
        """Hand on runs that are stored; called from any thread."""
        for run in runs:
            self.health.ran(run)
            self._finished.put(run)
        self._pipeline.stored(runs)
        self._wake.set()

    def _take_finished(self) -> None:
        while not self._finished.empty():
            run = self._finished.get()
            self.run_queue.finished(run)
            if run.attempts:
                self.locations.note_run(run)
                if self.plan is not None:
                    now_us = self._clock.wall_us()
                    self.plan.note_result((run.check, run.location), now_us, good=run.outcome.is_good)

    def _pause_s(self) -> float:
        due_us = self.plan.next_us if self.plan is not None else None
        if due_us is None or not self.leading.leads:
            return _LONGEST_WAIT_S
        return min(_LONGEST_WAIT_S, max(0.0, (due_us - self._clock.wall_us()) / 1e6))

    def _drain(self, drain_s: float) -> None:
        """Let what is under way finish, and lead until then: a standby would execute the same runs a second time."""
        log.info("service.draining")
        self.builder.stop()
        ending = threading.Thread(target=self._finish, args=[drain_s], name="drain", daemon=True)
        ending.start()
        while ending.is_alive():
            self._beat()
            ending.join(_BEAT_S)
        try:
            if self.leading.leads:
                self._store.schedule.resign(self.leading.holder)
        except StoreError as error:
            log.warning("leader.unresigned", error=str(error))
        log.info("service.ended")

    def _finish(self, drain_s: float) -> None:
        until_s = time.monotonic() + drain_s
        # Closing a runtime waits for its results to be recorded, which a full disk does not allow for ever.
        deadline = threading.Timer(drain_s, self.recorder.give_up)
        deadline.daemon = True
        deadline.start()
        try:
            if self.runtime is not None:
                self.runtime.close(drain_s)
            self._retirement.close(max(0.0, until_s - time.monotonic()))
            self.builder.close(max(_END_BUILD_S, until_s - time.monotonic()))
        except Exception as error:  # what is recorded is judged all the same
            log.exception("runtime.unended", error=str(error))
        deadline.cancel()
        self.recorder.give_up()
        self._pipeline.close(drain_s)

    def _beat(self) -> None:
        try:
            if self.leading.leads:
                self.leading.look(self._clock.wall_us())
        except OutriderError as error:
            log.warning("leader.unbeaten", error=str(error))
