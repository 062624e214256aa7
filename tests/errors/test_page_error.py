"""Errors of pages become events that say where they were met."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import run_of

from outrider.errors import page_error_events
from outrider.model import (
    AttemptTrace,
    Circumstances,
    ErrorProject,
    ErrorRecord,
    ErrorSource,
    Measurement,
    Outcome,
    Run,
    Step,
    StepKind,
)

PROJECT = ErrorProject(3, "shop", "production", 0)
STACK = "TypeError: x is ada\n    at pay (https://shop.test/app.js?token=1:10:5)"
TRACE = "a" * 32


def _run(*errors: ErrorRecord) -> Run:
    measurement = Measurement(
        Outcome.PASSED, "", 1_000_000, 500.0, (Step("pay-key", "pay", StepKind.NAMED, 0.0, 1.0),), errors=errors,
        traces=(AttemptTrace("b" * 32), AttemptTrace(TRACE, "pay-key")),
    )  # fmt: skip
    return run_of(measurement, environment="staging", circumstances=Circumstances("2.5", "chromium"))


def test_an_error_of_a_page_says_where_it_was_met() -> None:
    """Step, trace, address without its query, release, environment and run; texts are scrubbed once they are read."""
    thrown = ErrorRecord(ErrorSource.PAGE, "TypeError: x is ada", STACK, "https://shop.test/pay?card=1#x", "pay", 20.0)
    run = _run(ErrorRecord(ErrorSource.CONSOLE, "404"), thrown)

    (event,) = page_error_events(run, PROJECT, lambda text, most: text.replace("ada", "***")[:most])

    assert (event.project, event.service, event.environment, event.release) == (3, "shop", "staging", "2.5")
    assert (event.at_us, event.trace_id) == (1_020_000, TRACE)
    assert event.tags == {"check": run.check, "step": "pay", "location": "local", "browser": "chromium"}
    assert event.contexts == {"outrider": {"run": run.id, "attempt": "1", "address": "https://shop.test/pay"}}
    (raised,) = event.exceptions
    assert (raised.type, raised.value) == ("TypeError", "x is ***")
    assert [(own.function, own.path, own.line) for own in raised.frames] == [("pay", "https://shop.test/app.js", 10)]


def test_the_same_run_gives_the_same_ids() -> None:
    """Each error of each run has its own."""
    thrown = ErrorRecord(ErrorSource.PAGE, "thrown text\ud800")
    run = _run(thrown, thrown)

    events = page_error_events(run, PROJECT, lambda text, most: text[:most])
    other = page_error_events(replace(_run(thrown), due_us=5), PROJECT, lambda text, most: text[:most])

    assert events == page_error_events(run, PROJECT, lambda text, most: text[:most])
    assert len({event.id for event in (*events, *other)}) == 3
    assert events[0].exceptions[0].type == "Error"
    assert events[0].exceptions[0].value.startswith("thrown text")
    assert events[0].exceptions[0].value.isprintable()
