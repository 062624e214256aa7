"""Measurement of journeys: one attempt in a warm worker on the shared browser, within hard bounds."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.journeys.assessment import Facts, assess, raised_by_script
from outrider.journeys.attempt_artifacts import keep_artifacts
from outrider.journeys.automatic_steps import name_waits
from outrider.journeys.failure_causes import awaited_by, find_causes, own_network_error, timed_out
from outrider.journeys.har import read_har
from outrider.journeys.host_load import HostWatch
from outrider.journeys.main_thread import main_thread_work, note_work
from outrider.journeys.page_vitals import page_conditions
from outrider.journeys.picture_times import PictureTimes
from outrider.journeys.raw_evidence import (
    MAX_ERRORS,
    RawEvidence,
    failed_step,
    find_errors,
    find_omissions,
    find_samples,
    find_steps,
    find_traces,
    has_touched,
    waiting_for,
)
from outrider.journeys.trace import Trace, read_trace, typed_passwords
from outrider.journeys.trace_route import uncached
from outrider.journeys.worker_messages import AttemptOrder, AttemptResult, Phase, StepEvent, TypedPassword
from outrider.journeys.worker_process import START_S, NotReadyInTime, WorkerError
from outrider.model import BrowserError, Measurement, Outcome, session_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrider.journeys.session_states import Sessions
    from outrider.journeys.workers import Workers
    from outrider.model import Check, HostLoad, Order, TraceContext
    from outrider.workspace import Redactor

EVIDENCE_S = 2.0
LATE_EVIDENCE_S = 1.0  # for picture, HAR, trace and the film of the last seconds of an attempt that measures
FILM_S = 5.0
GRACE_S = 1.2  # between telling a test that its time is up and killing it: enough to save the trace


@dataclass(slots=True)
class AttemptProgress:
    """What is known of an attempt so far.

    Attributes:
        deadline_ms: When the test is interrupted, wall clock.
        end_s: When its time is up, on the monotonic clock: the same moment, or later where evidence is to be written.
        signing_in: The session, while it is being renewed.
        trace_id: Of the trace that pages name for us; empty where they name none.
    """

    label: str
    started_ms: float
    result: AttemptResult | None = None
    named: dict[str, StepEvent] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    phases: list[Phase] = field(default_factory=list)
    overdue: bool = False
    deadline_ms: float = 0.0
    end_s: float = 0.0
    worker_error: str = ""
    unready: str = ""
    signing_in: str = ""
    trace_id: str = ""


class JourneyMeasure:
    """Runs journeys one at a time; see `Measure` for what it promises."""

    def __init__(
        self,
        workers: Workers,
        sessions: Sessions,
        redactor: Redactor,
        *,
        starved_above: float = 1.0,
        pictures: PictureTimes | None = None,
        begin_trace: Callable[[Order], TraceContext] | None = None,
        propagate_to: Sequence[str] = (),
        by_route: bool = False,
        main_thread: bool = True,
    ) -> None:
        self._workers = workers
        self._sessions = sessions
        self._redactor = redactor
        self._starved_above = starved_above
        self._pictures = pictures or PictureTimes(None)
        self._begin_trace = begin_trace if propagate_to else None
        self._propagate_to = list(propagate_to)
        self._by_route = by_route
        self._main_thread = main_thread

    def prepare(self, check: Check | None = None) -> None:
        """Start worker and browser ahead of a run, so that it need not wait; the run itself reports what is wrong."""
        with suppress(WorkerError, BrowserError):
            self._workers.ready(target=check.target if check else "")

    def measure(self, order: Order) -> Measurement:
        """Carry out one attempt of a journey."""
        watch = HostWatch()
        progress = self._run(order)
        host = watch.load()
        traces = self._workers.traces(progress.label, order.scratch, progress.result)
        measurement = self._assemble(order, progress, host, traces)
        self._workers.settle(blocked=progress.result is None)
        if measurement.outcome == Outcome.PASSED and progress.result and progress.result.screenshots:
            self._pictures.note(order.check)
        return self._redactor.learn(*progress.typed).measurement(measurement)

    def _run(self, order: Order) -> AttemptProgress:
        progress = AttemptProgress(label=f"{order.run}-{order.attempt}", started_ms=time.time() * 1000)
        try:
            limit_s = _limit_s(order)
            begin_s = time.monotonic()
            self._workers.ready(START_S if order.attempt == 1 else limit_s, target=order.check.target)
            # What a run waits for before its first attempt is not the target's time; whoever runs it prepares it.
            deadline_s = (time.monotonic() if order.attempt == 1 else begin_s) + limit_s
            progress.end_s = deadline_s + order.deadline_s - limit_s
            progress.deadline_ms = (time.time() + deadline_s - time.monotonic()) * 1000
            perform = self._perform(order, progress)
            session = order.check.policy.session
            if session and not (state := self._state(session, perform, order, progress, deadline_s)):
                return progress
            self._carry_out(replace(perform, state=state if session else ""), deadline_s, progress)
        except NotReadyInTime as error:
            progress.unready = error.what
        except (WorkerError, BrowserError) as error:
            progress.worker_error = f"{error.what}: {error.fix}"
        return progress

    def _carry_out(self, perform: AttemptOrder, deadline_s: float, progress: AttemptProgress) -> None:
        worker = self._workers.ready(target=perform.target)
        worker.send(perform)
        if self._listen(worker.messages(deadline_s), progress):
            return
        progress.overdue = True
        worker.interrupt()
        if not self._listen(worker.messages(progress.end_s), progress):
            worker.interrupt()  # what is still being saved then is cut short
            self._listen(worker.messages(progress.end_s + GRACE_S), progress)

    def _perform(self, order: Order, progress: AttemptProgress) -> AttemptOrder:
        trace = self._begin_trace(order) if self._begin_trace else None
        progress.trace_id = trace.trace_id if trace else ""
        return AttemptOrder(
            target=order.check.target,
            scratch=str(order.scratch),
            endpoint=self._workers.endpoint,
            label=progress.label,
            evidence=order.evidence,
            picture=order.attempt == 1 and not order.fault and self._pictures.is_due(order.check),
            fault=order.fault or "",
            film_after_s=_film_after_s(order),
            trace_id=progress.trace_id,
            trace_state=trace.state if trace else "",
            propagate_to=self._propagate_to if trace else [],
            by_route=self._by_route,
            main_thread=self._main_thread,
        )

    def _state(
        self, session: str, perform: AttemptOrder, order: Order, progress: AttemptProgress, deadline_s: float
    ) -> str:
        """Return the state to start from, signed in anew if it is missing, expired, or did not help last time.

        It is empty if signing in did not pass: `progress` then holds that attempt, and the attempt is over.
        """
        if order.attempt > 1:
            self._sessions.drop(session)
        if (fresh := self._sessions.fresh(session)) is not None:
            return str(fresh)
        test = self._sessions.renewal(session, self._workers.root / Path(order.check.path).parent)
        scratch = order.scratch / "session"
        scratch.mkdir()
        renewal = replace(
            perform,
            target=test.relative_to(self._workers.root).as_posix(),
            scratch=str(scratch),
            label=f"{progress.label}-session",
            fault="",
            film_after_s=0.0,
            save_state=str(scratch / "state.json"),
        )
        progress.signing_in = session
        self._carry_out(renewal, deadline_s, progress)
        result = progress.result
        if result is None or any(phase.outcome != "passed" for phase in result.phases):
            return ""
        self._workers.settle()  # the attempt itself begins as it does where nobody had to sign in
        progress.result, progress.signing_in = None, ""
        progress.named.clear()
        progress.phases.clear()
        return str(self._sessions.keep(session, Path(renewal.save_state)))

    @staticmethod
    def _listen(messages: Iterator[object], progress: AttemptProgress) -> bool:
        """Take the worker's messages; return whether it has sent its result."""
        for message in messages:
            match message:
                case StepEvent(name=name):
                    progress.named[name] = message
                case TypedPassword(value):
                    progress.typed.add(value)
                case Phase() if not progress.overdue:
                    progress.phases.append(message)
                case AttemptResult():
                    progress.result = message
                    return True
        return False

    def _assemble(self, order: Order, progress: AttemptProgress, host: HostLoad, traces: list[Path]) -> Measurement:
        evidence = self._evidence(progress, traces)
        progress.typed |= typed_passwords(evidence.trace)
        result = progress.result
        facts = self._facts(order, progress, evidence, host)
        outcome, reason = assess(facts)
        if progress.signing_in and reason:
            reason = f"signing in for session {progress.signing_in!r}: {reason}"
        steps = find_steps(evidence)
        if self._by_route and progress.trace_id:
            steps = tuple(map(uncached, steps))
        for har in [own.har for own in result.contexts if own.har][:1] if result else ():
            note_work(Path(har), main_thread_work(evidence.documents))
        errors = find_errors(evidence, steps)
        body_ms = [phase.duration_ms for phase in evidence.phases if phase.when == "call"]
        return Measurement(
            outcome=outcome,
            reason=reason,
            started_us=int(evidence.started_ms * 1000),  # steps count from then
            duration_ms=body_ms[0] if body_ms else time.time() * 1000 - progress.started_ms,
            steps=steps,
            samples=find_samples(evidence, steps),
            errors=errors[:MAX_ERRORS],
            artifacts=keep_artifacts(order.scratch, traces, result),
            host=host,
            attributes=_attributes(facts, result)
            | page_conditions(evidence.documents)
            | ({"sessions_elsewhere": named} if (named := _named_sessions(evidence)) else {})
            | (_reach(result, evidence) if order.fault else {}),
            traces=find_traces(evidence, steps, own=progress.trace_id),
            omitted=find_omissions(evidence, len(errors)),
        )

    def _facts(self, order: Order, progress: AttemptProgress, evidence: RawEvidence, host: HostLoad) -> Facts:
        result = progress.result
        is_cut = progress.overdue or bool(progress.worker_error)
        return Facts(
            phases=[self._portable(phase) for phase in progress.phases] if is_cut else evidence.phases,
            overdue=progress.overdue,
            waiting=waiting_for(evidence.trace, progress.deadline_ms - 50) if progress.overdue else "",
            timed_out=timed_out(evidence),
            busy=result is not None and result.interrupted_in_test,
            touched=has_touched(evidence, result.connections if result else 0),
            browser_alive=self._workers.browser_alive(),
            crashed=result is not None and result.crashed,
            disconnected=result is not None and result.disconnected,
            own_network=own_network_error(evidence),
            worker=progress.worker_error,
            unready=progress.unready,
            step=failed_step(evidence),
            awaited=awaited_by(evidence),
            causes=find_causes(evidence),
            timeout_s=order.check.policy.timeout_s,
            host=host,
            starved_above=self._starved_above,
        )

    def _portable(self, phase: Phase) -> Phase:
        """Name files as the workspace does, not by where this worker's copy of it lies."""
        copy = f"{self._workers.root}/"
        return replace(phase, message=phase.message.replace(copy, ""), detail=phase.detail.replace(copy, ""))

    def _evidence(self, progress: AttemptProgress, traces: list[Path]) -> RawEvidence:
        result = progress.result
        trace = Trace()
        for path in traces:
            trace = trace.merged(read_trace(path))
        name_waits(trace.calls, result.waits if result else ())
        return RawEvidence(
            phases=[self._portable(phase) for phase in result.phases] if result else (),
            trace=trace,
            requests=[
                request
                for context in (result.contexts if result else ())
                if context.har
                for request in read_har(Path(context.har))
            ],
            named=list(progress.named.values()),
            documents=result.documents if result else (),
            started_ms=result.started_ms if result else progress.started_ms,
            root=str(self._workers.root),
        )


def _limit_s(order: Order) -> float:
    """Return after how many seconds the test is interrupted; evidence needs time of its own before the run must end."""
    reserve_s = EVIDENCE_S if order.evidence else LATE_EVIDENCE_S if _is_repeatable(order) else 0.0
    return order.deadline_s - min(reserve_s, order.deadline_s / 4 if order.evidence else order.deadline_s / 10)


def _film_after_s(order: Order) -> float:
    """Return when a film begins of an attempt that measures, if it is still under way then; zero for never."""
    return _limit_s(order) - min(FILM_S, order.deadline_s / 3) if _is_repeatable(order) else 0.0


def _is_repeatable(order: Order) -> bool:
    """Whether an attempt that measures would be repeated for its evidence, if there were time."""
    return not order.evidence and not order.fault and order.check.policy.evidence and order.check.policy.repeatable


def _attributes(facts: Facts, result: AttemptResult | None) -> dict[str, str]:
    """Return what is known of an attempt beside its outcome; runs read `cut_short`, alerts the rest."""
    known = {
        "browser": result.browser if result else "",
        "cut_short": "by the time-out" if facts.overdue else "",
        "own_network": facts.own_network,
        "raised": "by the script" if raised_by_script(facts) else "",
    }
    return {name: value for name, value in known.items() if value}


def _named_sessions(evidence: RawEvidence) -> str:
    """Return the addresses of sessions in other tools that pages wrote to their consoles."""
    return " ".join(session_addresses(evidence.trace.addresses))


def _reach(result: AttemptResult | None, evidence: RawEvidence) -> dict[str, str]:
    """Return which requests an injected fault could meet, and did; `outrider prove` reads them."""
    routed = sum(call.owner == "Route" and call.method in {"fulfill", "abort"} for call in evidence.trace.calls)
    counts = {
        "fault_met": result.injected if result else 0,
        "requests_of_pages": sum(not request.by_test for request in evidence.requests),
        "requests_of_test": sum(request.by_test for request in evidence.requests),
        "routes_answered": routed,
    }
    return {name: str(count) for name, count in counts.items()}
