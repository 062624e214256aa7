"""Who makes runs: probes many at a time, and whatever would slow its neighbour one at a time."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import structlog

from outrider.model import Measurement, Outcome, OutriderError, Run
from outrider.runs import Runner, launched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from outrider.model import Check, Circumstances, Kind, Measure, Order, QueueEntry, RunId
    from outrider.runs import Fleet, Launch, Turns
    from outrider.scheduler.retrying_recorder import RetryingRecorder

log = structlog.get_logger("outrider.scheduler")

_BROKEN = "the prober itself broke"
_KILLED = "ended before its time: the next run was due"


class Executor(Protocol):
    """Makes runs of some kinds of check; every run that is begun is stored, whatever becomes of it."""

    @property
    def room(self) -> int:
        """How many more runs it can begin now."""
        ...

    def begin(self, work: Sequence[tuple[QueueEntry, Check]]) -> None:
        """Begin runs, without making anybody wait."""
        ...

    def kill(self, run: RunId) -> None:
        """End a run at once, if that can be done."""
        ...

    def close(self, within_s: float) -> None:
        """Wait for what is under way, at most so long, and then end it."""
        ...


class FleetExecutor:
    """Makes runs of probes.

    Args:
        most: Under way at a time.
    """

    def __init__(self, fleet: Fleet, most: int) -> None:
        self._fleet = fleet
        self._most = most
        self._under_way = 0
        self._changed = threading.Condition()

    @property
    def room(self) -> int:
        """How many more runs it can begin now."""
        return self._most - self._under_way

    def begin(self, work: Sequence[tuple[QueueEntry, Check]]) -> None:
        """Begin runs."""
        with self._changed:
            self._under_way += len(work)
        self._fleet.begin([_launch(entry, check) for entry, check in work], self._over)

    def kill(self, run: RunId) -> None:
        """Do nothing: a probe ends by its own time-out."""

    def close(self, within_s: float) -> None:
        """Wait for what is under way, at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, within_s)

    def _over(self, _: Run) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()


class Killable:
    """A measure whose run can be ended from outside.

    Args:
        measure: What measures.
        stop: Ends what it is doing.
    """

    def __init__(self, measure: Measure, stop: Callable[[], None]) -> None:
        self._measure = measure
        self._stop = stop
        self._now: RunId | None = None
        self._killed: RunId | None = None

    def kill(self, run: RunId) -> None:
        """End this run if it is the one under way."""
        if self._now == run:
            self._killed = run
            self._stop()

    def measure(self, order: Order) -> Measurement:
        """Carry out one attempt; one that was killed has not happened, and one that breaks the prober says so."""
        self._now = order.run
        started_us, began_s = time.time_ns() // 1000, time.monotonic()
        try:
            found = self._measure.measure(order)
        except (OutriderError, OSError, EOFError) as error:
            duration_ms = (time.monotonic() - began_s) * 1000
            found = Measurement(Outcome.SETUP_ERROR, f"{_BROKEN}: {error}", started_us, duration_ms)
        finally:
            self._now = None
        return replace(found, outcome=Outcome.SKIPPED, reason=_KILLED) if self._killed == order.run else found


class TurnsExecutor:
    """Makes runs one at a time, each waiting for its turn on this host.

    Args:
        measures: By kind of check.
        prepare: Is called with each check before its run, for what must not be measured.
    """

    def __init__(
        self,
        measures: Mapping[Kind, Killable],
        recorder: RetryingRecorder,
        turns: Turns,
        *,
        scratch: Path,
        circumstances: Circumstances,
        prepare: Callable[[Check], None],
    ) -> None:
        self._measures = measures
        self._runner = Runner(measures, recorder, scratch, circumstances)
        self._recorder = recorder
        self._circumstances = circumstances
        self._turns = turns
        self._prepare = prepare
        self._work: queue.SimpleQueue[tuple[QueueEntry, Check] | None] = queue.SimpleQueue()
        self._busy = 0
        self._thread = threading.Thread(target=self._serve, name="turns", daemon=True)
        self._thread.start()

    @property
    def room(self) -> int:
        """How many more runs it can begin now."""
        return 1 - self._busy

    def begin(self, work: Sequence[tuple[QueueEntry, Check]]) -> None:
        """Begin a run."""
        self._busy += len(work)
        for one in work:
            self._work.put(one)

    def kill(self, run: RunId) -> None:
        """End a run at once if it is under way."""
        for measure in self._measures.values():
            measure.kill(run)

    def close(self, within_s: float) -> None:
        """Wait for the run under way, at most so long."""
        self._work.put(None)
        self._thread.join(within_s)

    def _serve(self) -> None:
        while (one := self._work.get()) is not None:
            try:
                self._make(*one)
            except Exception as error:  # the next run must not suffer
                log.exception("run.broken", run=one[0].run, check=one[1].id)
                self._recorder.record(self._broken(*one, error))
            self._busy -= 1

    def _make(self, entry: QueueEntry, check: Check) -> None:
        with self._turns.taken():
            try:
                self._prepare(check)
            except OutriderError as error:
                log.warning("run.unprepared", check=check.id, error=str(error))
            self._runner.run(check, location=entry.location, due_us=entry.due_us, run=entry.run)

    def _broken(self, entry: QueueEntry, check: Check, error: Exception) -> Run:
        now_us = time.time_ns() // 1000
        return Run(
            id=entry.run,
            check=check.id,
            environment=check.policy.environment,
            location=entry.location,
            due_us=entry.due_us,
            started_us=now_us,
            finished_us=now_us,
            outcome=Outcome.SETUP_ERROR,
            reason=f"{_BROKEN}: {type(error).__name__}: {error}",
            attempts=(),
            circumstances=self._circumstances,
        )


def _launch(entry: QueueEntry, check: Check) -> Launch:
    return launched(check, location=entry.location, due_us=entry.due_us, run=entry.run)
