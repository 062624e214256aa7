"""Errors that a journey's pages threw -> `ErrorEvent`s of the project of their service. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from outrider.errors.browser_stack import browser_frames
from outrider.model import ErrorEvent, ErrorException, ErrorSource, Origin, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import Attempt, ErrorProject, ErrorRecord, Measurement, Run, StackFrame

_TEXT_CHARACTERS: Final = 8_192
_NAME_CHARACTERS: Final = 500
_TYPE: Final = re.compile(r"([A-Za-z_$][\w.$]{0,199})(?:: |\Z)")


def page_error_events(run: Run, project: ErrorProject, scrub: Callable[[str, int], str]) -> tuple[ErrorEvent, ...]:
    """Return an event for each error of a page in a run, in their order.

    The same run gives the same ids, so that storing its events again changes nothing.

    Args:
        run: All its attempts count.
        project: Whose errors they are.
        scrub: Returns a text without secrets and personal data, of at most so many characters.
    """

    def text(value: str, most: int = _NAME_CHARACTERS) -> str:
        return printable(scrub(value, most))

    return tuple(
        _event(run, attempt, position, project, text)
        for attempt in run.attempts
        for position, error in enumerate(attempt.measurement.errors)
        if error.source is ErrorSource.PAGE
    )


def _event(run: Run, attempt: Attempt, position: int, project: ErrorProject, text: Callable[..., str]) -> ErrorEvent:
    measurement = attempt.measurement
    error = measurement.errors[position]
    tags = {"check": run.check, "step": error.step, "location": run.location, "browser": run.circumstances.browser}
    address = text(error.url.partition("?")[0].partition("#")[0])  # of the script, or of the page that it stands in
    context = {"run": run.id, "attempt": str(attempt.number), "address": address}
    return ErrorEvent(
        id=sha256(f"{run.id} {attempt.number} {position}".encode()).hexdigest()[:32],
        project=project.id,
        at_us=measurement.started_us + round((error.offset_ms or 0.0) * 1_000),
        received_us=run.finished_us,
        exceptions=(_exception(error, text),),
        platform="javascript",
        service=project.service,
        environment=run.environment,
        release=run.circumstances.release,
        tags={name: text(value) for name, value in tags.items() if value},
        contexts={"outrider": {name: value for name, value in context.items() if value}},
        trace_id=_trace_id(error, measurement),
        origin=Origin.SYNTHETIC,
    )


def _exception(error: ErrorRecord, text: Callable[..., str]) -> ErrorException:
    named = _TYPE.match(error.message)
    return ErrorException(
        type=text(named[1]) if named else "Error",
        value=text(error.message[named.end() :] if named else error.message, _TEXT_CHARACTERS),
        handled=False,
        mechanism="onerror",
        frames=tuple(_scrubbed(frame, text) for frame in browser_frames(error.stack, error.message)),
    )


def _scrubbed(frame: StackFrame, text: Callable[..., str]) -> StackFrame:
    return replace(frame, function=text(frame.function), path=text(frame.path))


def _trace_id(error: ErrorRecord, measurement: Measurement) -> str:
    """Return the trace of the step that an error fell into, else the first of the attempt; empty if there is none."""
    keys = {step.key for step in measurement.steps if step.title == error.step}
    ids = [trace.trace_id for trace in measurement.traces if trace.step in keys]
    return next(iter(ids or measurement.trace_ids), "")
