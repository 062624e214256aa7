"""One process, thousands of probes: an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import gc
import resource
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Self

from outrider.errors import printed_stack
from outrider.model import AttemptTrace, ErrorRecord, ErrorSource, Measurement, Outcome
from outrider.probes.access_tokens import TokenStore
from outrider.probes.connectivity import OwnNetwork
from outrider.probes.evaluator import USUAL_LIMITS, EvaluationLimits, Evaluator
from outrider.probes.evidence_folder import keep, left_out
from outrider.probes.host_queues import HostQueues
from outrider.probes.lateness import Lateness
from outrider.probes.probe_context import ProbeContext
from outrider.probes.probe_outcome import ProberState, assess
from outrider.probes.probe_result import Blame, Failure, ProbeResult
from outrider.probes.programs import ProgramGuard
from outrider.probes.transfers import Transfers
from outrider.workspace import ProbeSettings, Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from outrider.model import CheckId, HeartbeatLog, Order, TraceContext
    from outrider.probes.probe_context import Probe

_USUAL = ProbeSettings()
_UNDECLARED = Redactor()
_SHORTEST_S = 0.001
_SWEEP_S = 0.25
_LARGE_BYTES = 1_000_000
_DATABASES = 8


@dataclass(frozen=True, slots=True)
class _Job:
    """An attempt to make; when it was queued and when it ends, on the monotonic clock."""

    order: Order
    done: Callable[[Measurement], None]
    probe: Probe
    queued_s: float
    ends_s: float


class Engine:
    """Measures probes, any number at a time; see `Measure` for its guarantees.

    A slow or dead target delays no other: an attempt waits only for others of its own host.

    Args:
        probes: By check.
        settings: Limits of this host.
        redactor: Hides the workspace's secrets.
        heartbeats: The stored calls of jobs.
        network: Tells whether our own network is down.
        limits: Of the evaluation of one answer.
        begin_trace: Returns the trace that an attempt begins; without it requests name none.
    """

    def __init__(
        self,
        probes: Mapping[CheckId, Probe],
        settings: ProbeSettings = _USUAL,
        *,
        redactor: Redactor = _UNDECLARED,
        heartbeats: HeartbeatLog | None = None,
        network: OwnNetwork | None = None,
        limits: EvaluationLimits = USUAL_LIMITS,
        begin_trace: Callable[[Order], TraceContext] | None = None,
    ) -> None:
        self._begin_trace = begin_trace
        self._probes = probes
        self._settings = settings
        self._redactor = redactor
        self._heartbeats = heartbeats
        self._limits = limits
        self._network = network or OwnNetwork(settings.references)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._thread = threading.Thread(target=self._serve, name="probes", daemon=True)

    def __enter__(self) -> Self:
        _raise_file_limit()
        gc.collect()
        gc.freeze()  # the workspace stays in memory: scanning it again and again would make the prober late
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def measure(self, order: Order) -> Measurement:
        """Carry out one attempt of a probe."""
        done: Future[Measurement] = Future()
        self.start(order, done.set_result)
        return done.result()

    def start(self, order: Order, done: Callable[[Measurement], None]) -> None:
        """Begin an attempt; `done` is called with its measurement, in the engine's own thread."""
        if threading.get_ident() == self._thread.ident:
            self._begin(order, done)
        else:
            self.soon(lambda: self._begin(order, done))

    def soon(self, work: Callable[[], None]) -> None:
        """Run `work` in the engine's own thread; waking it once for many starts is cheaper than once a start."""
        self._loop.call_soon_threadsafe(work)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._set_up)
        self._loop.run_forever()

    def _set_up(self) -> None:
        self._lateness = Lateness()
        self._turns: HostQueues[_Job] = HostQueues(self._settings.per_host)
        self._context = ProbeContext(
            transfers=Transfers(),
            evaluator=Evaluator(self._limits),
            heartbeats=self._heartbeats,
            now_us=_now_us,
            tokens=TokenStore(),
            database_turns=asyncio.Semaphore(_DATABASES),
            guard=ProgramGuard(),
        )
        self._ready.set()

    async def _shut_down(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._context.transfers.close()
        self._context.evaluator.close()
        self._context.guard.close()

    def _begin(self, order: Order, done: Callable[[Measurement], None]) -> None:
        now_s = time.monotonic()
        job = _Job(order, done, self._probes[order.check.id], now_s, now_s + order.deadline_s)
        if self._turns.take(job.probe.host, job, job.ends_s):
            self._launch(job)
        elif self._sweep is None:
            self._sweep = self._loop.call_later(_SWEEP_S, self._end_waits)

    def _launch(self, job: _Job) -> None:
        self._tasks.add(self._loop.create_task(self._carry_out(job)))

    def _end_waits(self) -> None:
        """Finish the jobs that had no turn in time, and repeat while any waits."""
        for job in self._turns.expired(time.monotonic()):
            others = f"which {self._settings.per_host} others were asking"
            waited = f"waited {job.order.deadline_s:g} s for a turn at {job.probe.host}, {others}"
            job.done(Measurement(Outcome.INCONCLUSIVE, waited, _now_us(), job.order.deadline_s * 1000))
        self._sweep = self._loop.call_later(_SWEEP_S, self._end_waits) if self._turns.waiting else None

    async def _carry_out(self, job: _Job) -> None:
        order, probe = job.order, job.probe
        started_us, began_s = _now_us(), self._lateness.begin()
        waited_s = max(0.0, time.monotonic() - job.queued_s)
        try:
            left_s = max(_SHORTEST_S, job.ends_s - time.monotonic())
            trace = self._begin_trace(order) if self._begin_trace is not None else None
            context = replace(self._context, run=order.run, trace=trace)
            result = await probe.attempt(context, left_s, evidence=order.evidence)
        except Exception as error:
            broken = Failure(Blame.PROBER, f"the prober itself broke: {type(error).__name__}: {error}")
            result = ProbeResult(0.0, (broken,))
        finally:
            late_s = self._lateness.end(began_s)
            if (following := self._turns.give_back(probe.host)) is not None:
                self._launch(following)
        try:
            lost = await self._why_lost(probe, result) if result.failures else ""
            state = ProberState(late_s, self._settings.late_s, lost, waited_s)
            measure = partial(self._measurement, order, result, state, started_us)
            is_large = sum(len(file.data) for file in result.evidence_files) > _LARGE_BYTES
            measurement = await asyncio.to_thread(measure) if is_large else measure()
        except Exception as error:  # such as a full disk where evidence is kept: whoever waits must hear of it
            broken_reason = f"the prober itself broke: {type(error).__name__}: {error}"
            measurement = Measurement(Outcome.INCONCLUSIVE, broken_reason, started_us, result.duration_ms)
        job.done(measurement)
        self._tasks.discard(asyncio.current_task())

    async def _why_lost(self, probe: Probe, result: ProbeResult) -> str:
        if all(failure.blame != Blame.NETWORK for failure in result.failures):
            return ""
        return await self._network.why_lost(probe.host, result.attributes.get("remote", ""))

    def _measurement(self, order: Order, result: ProbeResult, ours: ProberState, started_us: int) -> Measurement:
        outcome, reason = assess(result, ours)
        attributes = {**result.attributes, "own_network": ours.lost, "failed_for": _only_metric(result.failures)}
        measurement = Measurement(
            outcome=outcome,
            reason=reason,
            started_us=started_us,
            duration_ms=result.duration_ms,
            steps=result.steps,
            samples=result.samples,
            errors=tuple(_error(failure, result) for failure in result.failures),
            artifacts=keep(result.evidence_files, order.scratch),
            attributes={name: value for name, value in attributes.items() if value},
            omitted=tuple(left_out(result.evidence_files)),
            traces=(AttemptTrace(result.trace_id),) if result.trace_id else (),
        )
        if not (result.secrets or result.evidence_files or result.failures):
            return measurement  # its run passes a redactor; here, between answers, a prober would be late by it
        return self._redactor.learn(*result.secrets).measurement(measurement)


def _error(failure: Failure, result: ProbeResult) -> ErrorRecord:
    name = f"{failure.step}-body" if failure.step else "body"
    answer = next((file.data for file in result.evidence_files if file.name == name), b"")
    stack = printed_stack(answer) if answer else ""
    return ErrorRecord(ErrorSource.REQUEST, failure.reason, stack, url=result.address, step=failure.step)


def _only_metric(failures: tuple[Failure, ...]) -> str:
    """Return the metric whose limit is all that failed; empty if anything else did."""
    metrics = {failure.metric for failure in failures}
    return metrics.pop() if len(metrics) == 1 else ""


def _now_us() -> int:
    return time.time_ns() // 1000


def _raise_file_limit() -> None:
    """Allow this process as many open files, and so connections, as it may have at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
