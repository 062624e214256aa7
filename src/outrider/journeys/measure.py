"""Measures journeys: one attempt in a warm worker on the shared browser, within hard bounds."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.journeys.artifacts import keep_artifacts, masked
from outrider.journeys.assessment import Facts, assess
from outrider.journeys.findings import (
    RawEvidence,
    failed_step,
    find_errors,
    find_samples,
    find_steps,
    has_touched,
    waiting_for,
)
from outrider.journeys.har import read_har
from outrider.journeys.host import HostWatch
from outrider.journeys.messages import Perform, Performed, Phase, Stepped, Typed
from outrider.journeys.trace import Trace, read_trace, typed_passwords
from outrider.journeys.worker_process import WorkerError
from outrider.model import BrowserError, Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from outrider.journeys.sessions import Sessions
    from outrider.journeys.workers import Workers
    from outrider.model import HostLoad, Order
    from outrider.workspace import Mask

GRACE_S = 1.2  # between telling a test that its time is up and killing it: enough to save the trace


@dataclass(slots=True)
class Course:
    """How an attempt went, seen from outside; `signing_in` names the session if that is as far as it came."""

    label: str
    started_ms: float
    performed: Performed | None = None
    named: dict[str, Stepped] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    overdue: bool = False
    deadline_ms: float = 0.0
    worker_error: str = ""
    signing_in: str = ""


class JourneyMeasure:
    """Runs journeys one at a time; see `Measure` for what it promises."""

    def __init__(
        self, workers: Workers, sessions: Sessions, mask: Callable[[Iterable[str]], Mask], *, starved_above: float = 1.0
    ) -> None:
        self._workers = workers
        self._sessions = sessions
        self._mask = mask
        self._starved_above = starved_above

    def prepare(self) -> None:
        """Get worker and browser ready ahead of a run, so that it need not wait; what is wrong is the run's to tell."""
        with suppress(WorkerError, BrowserError):
            self._workers.ready()

    def measure(self, order: Order) -> Measurement:
        """Carry out one attempt of a journey."""
        watch = HostWatch()
        course = self._run(order)
        host = watch.load()
        traces = self._workers.traces(course.label, order.scratch, course.performed)
        measurement = self._assemble(order, course, host, traces)
        self._workers.settle(course.performed)
        return masked(measurement, self._mask(course.typed))

    def _run(self, order: Order) -> Course:
        course = Course(label=f"{order.run}-{order.attempt}", started_ms=time.time() * 1000)
        try:
            self._workers.ready()
            deadline_s = time.monotonic() + order.deadline_s
            course.deadline_ms = (time.time() + order.deadline_s) * 1000
            perform = self._perform(order, course)
            session = order.check.policy.session
            if session and not (state := self._state(session, perform, order, course, deadline_s)):
                return course
            self._carry_out(replace(perform, state=state if session else ""), deadline_s, course)
        except (WorkerError, BrowserError) as error:
            course.worker_error = f"{error.what}: {error.fix}"
        return course

    def _carry_out(self, perform: Perform, deadline_s: float, course: Course) -> None:
        worker = self._workers.ready()
        worker.send(perform)
        if not self._listen(worker.messages(deadline_s), course):
            course.overdue = True
            worker.interrupt()
            self._listen(worker.messages(deadline_s + GRACE_S), course)

    def _perform(self, order: Order, course: Course) -> Perform:
        return Perform(
            target=order.check.target,
            scratch=str(order.scratch),
            endpoint=self._workers.endpoint,
            label=course.label,
            evidence=order.evidence,
            fault=order.fault or "",
        )

    def _state(self, session: str, perform: Perform, order: Order, course: Course, deadline_s: float) -> str:
        """Return the state to start from, signed in anew if it is missing, expired, or did not help last time.

        It is empty if signing in did not pass: `course` then tells of that, and the attempt is over.
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
            label=f"{course.label}-session",
            fault="",
            save_state=str(scratch / "state.json"),
        )
        course.signing_in = session
        self._carry_out(renewal, deadline_s, course)
        performed = course.performed
        if performed is None or any(phase.outcome != "passed" for phase in performed.phases):
            return ""
        course.performed, course.signing_in = None, ""
        course.named.clear()
        return str(self._sessions.keep(session, Path(renewal.save_state)))

    @staticmethod
    def _listen(messages: Iterator[object], course: Course) -> bool:
        """Take what the worker says; whether it said that it is done."""
        for message in messages:
            match message:
                case Stepped(name=name):
                    course.named[name] = message
                case Typed(value):
                    course.typed.add(value)
                case Performed():
                    course.performed = message
                    return True
        return False

    def _assemble(self, order: Order, course: Course, host: HostLoad, traces: list[Path]) -> Measurement:
        remains = self._remains(course, traces)
        course.typed |= typed_passwords(remains.trace)
        performed = course.performed
        outcome, reason = assess(
            Facts(
                phases=remains.phases,
                overdue=course.overdue,
                waiting=waiting_for(remains.trace, course.deadline_ms - 50) if course.overdue else "",
                touched=has_touched(remains, performed.connections if performed else 0),
                browser_alive=self._workers.browser_alive(),
                worker=course.worker_error,
                step=failed_step(remains),
                timeout_s=order.check.policy.timeout_s,
                host=host,
                starved_above=self._starved_above,
            )
        )
        if course.signing_in and reason:
            reason = f"signing in for session {course.signing_in!r}: {reason}"
        steps = find_steps(remains)
        body_ms = [phase.duration_ms for phase in remains.phases if phase.when == "call"]
        return Measurement(
            outcome=outcome,
            reason=reason,
            started_us=int(course.started_ms * 1000),
            duration_ms=body_ms[0] if body_ms else time.time() * 1000 - course.started_ms,
            steps=steps,
            samples=find_samples(remains, steps),
            errors=find_errors(remains, steps),
            artifacts=keep_artifacts(order.scratch, traces, performed),
            host=host,
            attributes={"browser": performed.browser} if performed and performed.browser else {},
            trace_ids=tuple(dict.fromkeys(one.trace_id for one in remains.requests if one.trace_id)),
        )

    def _portable(self, phase: Phase) -> Phase:
        """Name files as the workspace does, not by where this worker's copy of it lies."""
        copy = f"{self._workers.root}/"
        return replace(phase, message=phase.message.replace(copy, ""), detail=phase.detail.replace(copy, ""))

    def _remains(self, course: Course, traces: list[Path]) -> RawEvidence:
        performed = course.performed
        trace = Trace()
        for path in traces:
            trace = trace.merged(read_trace(path))
        return RawEvidence(
            phases=[self._portable(phase) for phase in performed.phases] if performed else (),
            trace=trace,
            requests=[
                request
                for context in (performed.contexts if performed else ())
                if context.har
                for request in read_har(Path(context.har))
            ],
            named=list(course.named.values()),
            documents=performed.documents if performed else (),
            started_ms=performed.started_ms if performed else course.started_ms,
            root=str(self._workers.root),
        )
