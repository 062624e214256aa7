"""The service: ticks, puts what is due into the queue, has it run, and survives what happens meanwhile."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

import structlog

from outrider.model import OutriderError, StoreError
from outrider.scheduler.admission import Admission, AdmissionContext, admit, orphaned_run
from outrider.scheduler.clock import ClockWatch
from outrider.scheduler.leadership import Leading
from outrider.scheduler.locations import Locations
from outrider.scheduler.plan import Plan
from outrider.scheduler.retrying_recorder import RetryingRecorder
from outrider.scheduler.run_queue import RunQueue
from outrider.scheduler.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Check, CheckId, Leadership, Run
    from outrider.scheduler.clock import Clock
    from outrider.scheduler.health import Health
    from outrider.scheduler.plan import Due
    from outrider.scheduler.result_pipeline import ResultPipeline
    from outrider.scheduler.scheduled_runtime import RuntimeFactory, ScheduledRuntime
    from outrider.store import Store

log = structlog.get_logger("outrider.scheduler")

_MOST_DUE = 20_000
_LONGEST_WAIT_S = 0.1
_SHORTEST_WAIT_S = 0.05
"""Runs due within this are begun together: a transaction costs more than what it says of a run."""

_SECOND_US = 1_000_000
_NOT_RUNNING = "Outrider was not running"
_STORE_AWAY = "the store could not be used"


class Service:
    """Runs the checks of a workspace by their schedule, as the leader or as one who waits to be.

    Args:
        store: Where everything is kept.
        maker: Makes what runs a state of the workspace.
        verdicts: Judges what is stored.
        holder: Names this process.
    """

    def __init__(
        self,
        store: Store,
        maker: RuntimeFactory,
        verdicts: ResultPipeline,
        *,
        health: Health,
        clock: Clock,
        holder: str,
    ) -> None:
        self._store = store
        self._maker = maker
        self._verdicts = verdicts
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
        self._from_us: int | None = None
        self._checks: dict[CheckId, Check] = {}
        self.health = health
        self.locations = Locations()
        self.leading = Leading(store.schedule, clock, holder)
        self.recorder = RetryingRecorder(store.runs, health, self._stored)
        self.desk = RunQueue(store.schedule, clock, holder)
        self.works: ScheduledRuntime | None = None
        self.plan: Plan | None = None
        self._windows: Windows | None = None

    @property
    def backlog(self) -> int:
        """How many stored runs wait to be judged."""
        return self._verdicts.backlog

    def since_tick_s(self) -> float:
        """Return how long ago the service last looked at what is due."""
        return (self._clock.steady_us() - self._ticked_us) / 1e6

    def stop(self) -> None:
        """End soon: what is under way is finished first."""
        self._stopping.set()
        self._wake.set()

    def run(self, drain_s: float) -> None:
        """Serve until `stop` is called, and then wait for what is under way, at most so long."""
        while not self._stopping.is_set():
            self.tick()
            if not self._stopping.wait(_SHORTEST_WAIT_S):
                self._wake.wait(self._pause_s())
                self._wake.clear()
        self._drain(drain_s)

    def tick(self) -> None:
        """Do what is to be done now; an unusable store is said, and tried again."""
        self._ticked_us = self._clock.steady_us()
        look = self._watch.look()
        try:
            if look.jump_us:
                self._jumped(look.jump_us, look.now_us)
            if look.now_us // _SECOND_US != self._second_us:
                self._second_us = look.now_us // _SECOND_US
                self._each_second(look.now_us)
            self._hear()
            if self.leading.leads and self.works is not None:
                self._make_due(look.now_us)
            self.health.well("store")
        except StoreError as error:
            self._why_late = f"{_STORE_AWAY}: {error.what}"
            self.health.wrong("store", str(error))
        except OutriderError as error:
            self.health.wrong("service", str(error))

    def _each_second(self, now_us: int) -> None:
        if self.works is not None and not self.works.workspace.root.exists():
            self.health.wrong("workspace", f"{self.works.workspace.root} is gone: nothing runs until it is back")
            return
        self.health.well("workspace")
        if self._store.renewed():
            log.warning("store.renewed", reason="the database file was removed or replaced")
            self.health.count("store_renewals")
            self.leading.leads = False
        before = self.leading.leads
        left = self.leading.look(now_us)
        if before and not self.leading.leads:
            log.warning("leader.replaced", holder=self.leading.holder)
            self.desk.forget_waiting()
        if left is not None:
            self._begin_to_lead(left, now_us)
        self._reload(now_us)
        if self.leading.leads:
            self.desk.refresh()
            self._verdicts.ticked(now_us)

    def _begin_to_lead(self, left: Leadership, now_us: int) -> None:
        log.info("leader.began", holder=self.leading.holder)
        self._era = left.era
        self.desk.adopt(self._store.schedule.waiting())
        self._pending.clear()
        from_us = min(left.planned_until_us or now_us, now_us)
        self._why_late = _NOT_RUNNING
        if self.works is not None:
            self._plan(self.works, from_us)
        self._from_us = from_us

    def _reload(self, now_us: int) -> None:
        """Make new works if the workspace changed; the old ones stay if it cannot be run as it is."""
        if self.works is not None and not self._maker.changed():
            return
        try:
            works = self._maker.make()
            windows = Windows(works.workspace.maintenance, works.workspace.timezone)
        except OutriderError as error:
            self.health.count("reloads_refused")
            self.health.wrong("reload", f"the change is refused, the state before it keeps running: {error}")
            return
        except OSError as error:
            self.health.wrong("reload", f"the workspace cannot be read: {error}")
            return
        old, self.works, self._windows = self.works, works, windows
        self.health.well("reload")
        self.health.count("reloads")
        self._plan(works, now_us if old is not None or self._from_us is None else self._from_us)
        log.info("workspace.loaded", checks=len(works.checks), snapshot=works.circumstances.snapshot)
        if old is not None:
            threading.Thread(target=old.close, args=[old.workspace.service.drain_s], daemon=True).start()

    def _plan(self, works: ScheduledRuntime, from_us: int) -> None:
        self._checks = {one.id: one for one in works.checks}
        failing = self.plan.failing if self.plan is not None else frozenset()
        self.plan = Plan(works.checks, works.workspace.timezone, from_us, failing)

    def _jumped(self, by_us: int, now_us: int) -> None:
        direction = "forward" if by_us > 0 else "back"
        self.health.count("clock_jumps")
        log.warning("clock.jumped", by_s=by_us / 1e6)
        if by_us > 0:
            self._why_late = f"the clock went {direction} by {by_us / 1e6:.0f} s: it was set, or the machine slept"
            return
        self._era += 1
        self._pending.clear()
        if self.plan is not None:
            self.plan.restart(now_us)
        if self.leading.leads:
            self._store.schedule.advance(self.leading.holder, planned_until_us=now_us, era=self._era)

    def _make_due(self, now_us: int) -> None:
        works, plan = self.works, self.plan
        assert works is not None
        assert plan is not None
        gone = self.desk.unknown(self._checks.keys())
        if gone:
            self._tell([orphaned_run(entry, works.circumstances, now_us) for entry in gone])
        self._pending += plan.until(now_us, _MOST_DUE)
        found = self._sort_pending(works, now_us)
        self._tell(found.told)
        until_us = self._pending[-1].due_us if self._pending else None
        if not self.desk.advance(found.made, until_us, self._checks, works.executors, now_us):
            self.leading.leads = False
            return
        self._pending.clear()
        self._why_late = "the service was busy"
        for key in found.killed:
            self.desk.kill(key, works.executors)

    def _sort_pending(self, works: ScheduledRuntime, now_us: int) -> Admission:
        assert self._windows is not None
        situation = AdmissionContext(
            now_us=now_us,
            era=self._era,
            under_way=self.desk.under_way,
            paused=self.desk.paused,
            why_closed=self._windows.why_closed,
            why_late=self._why_late,
            circumstances=works.circumstances,
        )
        return admit(self._pending, situation)

    def _tell(self, runs: Sequence[Run]) -> None:
        """Record runs that were due and not made."""
        if runs:
            self._store.runs.record_many(runs)
            self._stored(runs)

    def _stored(self, runs: Sequence[Run]) -> None:
        """Hear which runs are stored; called from any thread."""
        for run in runs:
            self.health.ran(run)
            self._finished.put(run)
        self._verdicts.stored(runs)
        self._wake.set()

    def _hear(self) -> None:
        while not self._finished.empty():
            run = self._finished.get()
            self.desk.over(run)
            if run.attempts:
                self.locations.heard(run)
                if self.plan is not None:
                    now_us = self._clock.wall_us()
                    self.plan.heard((run.check, run.location), now_us, good=run.outcome.is_good)

    def _pause_s(self) -> float:
        due_us = self.plan.next_us if self.plan is not None else None
        if due_us is None or not self.leading.leads:
            return _LONGEST_WAIT_S
        return min(_LONGEST_WAIT_S, max(0.0, (due_us - self._clock.wall_us()) / 1e6))

    def _drain(self, drain_s: float) -> None:
        log.info("service.draining")
        if self.works is not None:
            self.works.close(drain_s)
        self.recorder.give_up()
        self._verdicts.close(drain_s)
        try:
            if self.leading.leads:
                self._store.schedule.resign(self.leading.holder)
        except StoreError as error:
            log.warning("leader.unresigned", error=str(error))
        log.info("service.ended")
