"""Measures journeys: one attempt in a warm worker on the shared browser, within hard bounds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.journeys.artifacts import keep_artifacts, masked
from outrider.journeys.assessment import Facts, assess
from outrider.journeys.findings import (
    Remains,
    failed_step,
    find_errors,
    find_samples,
    find_steps,
    has_touched,
    waiting_for,
)
from outrider.journeys.har import read_har
from outrider.journeys.host import HostWatch
from outrider.journeys.messages import Perform, Performed, Stepped, Typed
from outrider.journeys.trace import Trace, read_trace, typed_passwords
from outrider.journeys.worker_process import WorkerError
from outrider.model import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.journeys.workers import Workers
    from outrider.model import HostLoad, Order

GRACE_S = 1.2  # between telling a test that its time is up and killing it: enough to save the trace


@dataclass(slots=True)
class Course:
    """How an attempt went, seen from outside."""

    label: str
    started_ms: float
    performed: Performed | None = None
    named: dict[str, Stepped] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    overdue: bool = False
    deadline_ms: float = 0.0
    worker_error: str = ""


class JourneyMeasure:
    """Runs journeys one at a time; see `Measure` for what it promises."""

    def __init__(self, workers: Workers, *, starved_above: float = 1.0) -> None:
        self._workers = workers
        self._starved_above = starved_above

    def measure(self, order: Order) -> Measurement:
        """Carry out one attempt of a journey."""
        watch = HostWatch()
        course = self._run(order)
        host = watch.load()
        traces = self._workers.traces(course.label, order.scratch, course.performed)
        measurement = self._assemble(order, course, host, traces)
        self._workers.settle(course.performed, course.label)
        return masked(measurement, self._workers.mask(course.typed))

    def _run(self, order: Order) -> Course:
        course = Course(label=f"{order.run}-{order.attempt}", started_ms=time.time() * 1000)
        try:
            worker = self._workers.ready()
            deadline_s = time.monotonic() + order.deadline_s
            course.deadline_ms = (time.time() + order.deadline_s) * 1000
            worker.send(self._perform(order, course.label))
            if not self._listen(worker.messages(deadline_s), course):
                course.overdue = True
                worker.interrupt()
                self._listen(worker.messages(deadline_s + GRACE_S), course)
        except WorkerError as error:
            course.worker_error = f"{error.what}: {error.fix}"
        return course

    def _perform(self, order: Order, label: str) -> Perform:
        return Perform(
            target=order.check.target,
            scratch=str(order.scratch),
            endpoint=self._workers.endpoint,
            label=label,
            evidence=order.evidence,
            state=self._workers.session_state(order.check.policy.session),
            fault=order.fault or "",
        )

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
                timeout_s=order.deadline_s,
                host=host,
                starved_above=self._starved_above,
            )
        )
        steps = find_steps(remains)
        body_ms = [phase.duration_ms for phase in remains.phases if phase.when == "call"]
        return Measurement(
            outcome=outcome,
            reason=reason,
            started_us=int(course.started_ms * 1000),
            duration_ms=body_ms[0] if body_ms else time.time() * 1000 - course.started_ms,
            steps=steps,
            samples=find_samples(remains, steps),
            errors=find_errors(remains),
            artifacts=keep_artifacts(order.scratch, traces, performed),
            host=host,
            attributes={"browser": performed.browser} if performed and performed.browser else {},
            trace_ids=tuple(dict.fromkeys(one.trace_id for one in remains.requests if one.trace_id)),
        )

    def _remains(self, course: Course, traces: list[Path]) -> Remains:
        performed = course.performed
        trace = Trace()
        for path in traces:
            trace = trace.merged(read_trace(path))
        return Remains(
            phases=performed.phases if performed else (),
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
