"""Errors that runs met in the system under test -> `ErrorEvent`s of the project of its service. Pure.

What pages of journeys threw; what a probe found wrong with an answer; requests of a load that failed. Failures of a
test, errors on the console and single requests of a page are none: who wrote a test is not the system that it tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from outrider.errors.browser_stack import browser_frames
from outrider.errors.printed_stack import named_exceptions
from outrider.model import ErrorEvent, ErrorException, ErrorRequest, ErrorSource, Kind, Origin, Outcome, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrider.model import Attempt, ErrorProject, ErrorRecord, FailureGroup, Measurement, Run, StackFrame

_TEXT_CHARACTERS: Final = 8_192
_NAME_CHARACTERS: Final = 500
_TYPE: Final = re.compile(r"([A-Za-z_$][\w.$]{0,199})(?:: |\Z)")
_STATUS: Final = re.compile(r"(?:\A|: )status ([1-5]\d\d)\b|\bHTTPError\(['\"]([1-5]\d\d)\b")
_OURS: Final = frozenset({Outcome.INCONCLUSIVE, Outcome.SETUP_ERROR})
"""Outcomes of attempts that say nothing of the target."""


@dataclass(frozen=True, slots=True)
class _Texts:
    """Makes texts fit to be kept."""

    scrub: Callable[[str, int], str]

    def __call__(self, value: str, most: int = _NAME_CHARACTERS) -> str:
        return printable(self.scrub(value, most))

    def frame(self, frame: StackFrame) -> StackFrame:
        return replace(
            frame, function=self(frame.function), path=self(frame.path), module=self(frame.module),
        )  # fmt: skip


def run_error_events(
    run: Run, kind: Kind, project: ErrorProject, scrub: Callable[[str, int], str]
) -> tuple[ErrorEvent, ...]:
    """Return the events of a run, in the order of its errors.

    The same run gives the same ids, so that storing its events again changes nothing.

    Args:
        run: All its attempts count.
        kind: Of its check.
        project: Whose errors they are.
        scrub: Returns a text without secrets and personal data, of at most so many characters.
    """
    text = _Texts(scrub)
    return tuple(event for attempt in run.attempts for event in _of_attempt(run, attempt, kind, project, text))


def run_event_ids(run: Run) -> tuple[str, ...]:
    """Return the ids that events of a run may have."""
    return tuple(
        _id(run, attempt, position)
        for attempt in run.attempts
        for position in range(max(len(attempt.measurement.errors), _failure_count(attempt)))
    )


def has_errors(run: Run) -> bool:
    """Return whether a run may have events."""
    return any(attempt.measurement.errors or _failure_count(attempt) for attempt in run.attempts)


def _of_attempt(run: Run, attempt: Attempt, kind: Kind, project: ErrorProject, text: _Texts) -> Iterator[ErrorEvent]:
    measurement = attempt.measurement

    def event(position: int, step: str) -> ErrorEvent:
        return _event(run, attempt, position, project, text, step=step)

    if kind is Kind.JOURNEY:
        for position, error in enumerate(measurement.errors):
            if error.source is ErrorSource.PAGE:
                yield _page_event(event(position, error.step), error, measurement.started_us, text)
    elif kind is Kind.PROBE and measurement.outcome is Outcome.FAILED and not measurement.attributes.get("failed_for"):
        for position, error in enumerate(measurement.errors):
            yield _request_event(event(position, error.step), error, text)
    elif kind is Kind.LOAD and measurement.load is not None and measurement.outcome not in _OURS:
        for position, group in enumerate(measurement.load.failures):
            if group.endpoint:
                yield _load_event(event(position, group.endpoint), group, text)


def _page_event(event: ErrorEvent, error: ErrorRecord, started_us: int, text: _Texts) -> ErrorEvent:
    named = _TYPE.match(error.message)
    exception = ErrorException(
        type=text(named[1]) if named else "Error",
        value=text(error.message[named.end() :] if named else error.message, _TEXT_CHARACTERS),
        handled=False,
        mechanism="onerror",
        frames=tuple(text.frame(frame) for frame in browser_frames(error.stack, error.message)),
    )
    at_us, request = started_us + round((error.offset_ms or 0.0) * 1_000), ErrorRequest(url=_address(error.url, text))
    return replace(event, at_us=at_us, exceptions=(exception,), platform="javascript", request=request)


def _request_event(event: ErrorEvent, error: ErrorRecord, text: _Texts) -> ErrorEvent:
    check = event.tags["check"]
    failed = _failed(error.message, error.stack, text(f"{check}, {error.step}" if error.step else check), text)
    return replace(event, **failed, request=ErrorRequest(url=_address(error.url, text)))


def _load_event(event: ErrorEvent, group: FailureGroup, text: _Texts) -> ErrorEvent:
    failed = _failed(group.message, next(iter(group.samples), ""), text(group.endpoint), text)
    return replace(event, **failed, weight=max(1, group.count), origin=Origin.LOAD)


def _failed(message: str, stack: str, where: str, text: _Texts) -> dict[str, Any]:
    """Return what an event says of a request that failed: the stack of its answer, or else what was wrong with it.

    Without a stack each place is an issue of its own, since one form of words has many causes.
    """
    answered = _STATUS.search(message)
    status = (answered[1] or answered[2]) if answered else ""
    printed = tuple(
        replace(
            own, type=text(own.type), value=text(own.value, _TEXT_CHARACTERS), mechanism="answer",
            frames=tuple(map(text.frame, own.frames)),
        )
        for own in named_exceptions(stack)
    )  # fmt: skip
    words = text(message, _TEXT_CHARACTERS)
    if printed:
        return {"exceptions": printed, "message": words, "transaction": where}
    fingerprint = ("{{ transaction }}", "{{ default }}")
    exception = ErrorException(f"HTTP {status}" if status else "", words, mechanism="answer" if status else "")
    return {"exceptions": (exception,), "transaction": where, "fingerprint": fingerprint}


def _event(run: Run, attempt: Attempt, position: int, project: ErrorProject, text: _Texts, *, step: str) -> ErrorEvent:
    """Return what errors of a run have in common."""
    measurement = attempt.measurement
    tags = {"check": run.check, "step": step, "location": run.location, "browser": run.circumstances.browser}
    return ErrorEvent(
        id=_id(run, attempt, position),
        project=project.id,
        at_us=measurement.started_us + round(measurement.duration_ms * 1_000),
        received_us=run.finished_us,
        service=project.service,
        environment=run.environment,
        release=run.circumstances.release,
        tags={name: text(value) for name, value in tags.items() if value},
        contexts={"outrider": {"run": run.id, "attempt": str(attempt.number)}},
        trace_id=_trace_id(step, measurement),
        origin=Origin.SYNTHETIC,
    )


def _id(run: Run, attempt: Attempt, position: int) -> str:
    return sha256(f"{run.id} {attempt.number} {position}".encode()).hexdigest()[:32]


def _failure_count(attempt: Attempt) -> int:
    load = attempt.measurement.load
    return len(load.failures) if load is not None else 0


def _address(url: str, text: _Texts) -> str:
    return text(url.partition("?")[0].partition("#")[0])


def _trace_id(step: str, measurement: Measurement) -> str:
    """Return the trace of the step that an error fell into, else the first of the attempt; empty if there is none."""
    keys = {own.key for own in measurement.steps if own.title == step}
    ids = [trace.trace_id for trace in measurement.traces if trace.step in keys]
    return next(iter(ids or measurement.trace_ids), "")
