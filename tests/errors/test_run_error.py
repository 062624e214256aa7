"""What runs meet in the system under test becomes events that say where it was met."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.builders import run_of

from outrider.errors import printed_stack, run_error_events, run_event_ids
from outrider.model import (
    AttemptTrace,
    Circumstances,
    ErrorProject,
    ErrorRecord,
    ErrorSource,
    FailureGroup,
    Kind,
    LoadResult,
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

    (event,) = run_error_events(run, Kind.JOURNEY, PROJECT, lambda text, most: text.replace("ada", "***")[:most])

    assert (event.project, event.service, event.environment, event.release) == (3, "shop", "staging", "2.5")
    assert (event.at_us, event.trace_id) == (1_020_000, TRACE)
    assert event.tags == {"check": run.check, "step": "pay", "location": "local", "browser": "chromium"}
    assert event.contexts == {"outrider": {"run": run.id, "attempt": "1"}}
    assert event.request.url == "https://shop.test/pay"
    (raised,) = event.exceptions
    assert (raised.type, raised.value) == ("TypeError", "x is ***")
    assert [(own.function, own.path, own.line) for own in raised.frames] == [("pay", "https://shop.test/app.js", 10)]


def test_the_same_run_gives_the_same_ids() -> None:
    """Each error of each run has its own."""
    thrown = ErrorRecord(ErrorSource.PAGE, "thrown text\ud800")
    run = _run(thrown, thrown)

    events = run_error_events(run, Kind.JOURNEY, PROJECT, lambda text, most: text[:most])
    other = run_error_events(replace(_run(thrown), due_us=5), Kind.JOURNEY, PROJECT, lambda text, most: text[:most])

    assert events == run_error_events(run, Kind.JOURNEY, PROJECT, lambda text, most: text[:most])
    assert len({event.id for event in (*events, *other)}) == 3
    assert {event.id for event in events} == set(run_event_ids(run))
    assert events[0].exceptions[0].type == "Error"
    assert events[0].exceptions[0].value.startswith("thrown text")
    assert events[0].exceptions[0].value.isprintable()


PYTHON = """Traceback (most recent call last):
  File "/srv/shop/pay.py", line 12, in pay
    charge(order)
  File "/srv/shop/cards.py", line 4, in charge
    raise Declined(order & 1)
shop.cards.Declined: order <17>"""
JAVA = "shop.Declined: no card\n\tat shop.Cards.charge(Cards.java:4)\n\tat shop.Pay.pay(Pay.java:12)"
NODE = "TypeError: card is null\n    at charge (/srv/cards.js:4:9)\n    at pay (/srv/pay.js:12:3)"


@pytest.mark.parametrize(
    ("answer", "kind", "frames"),
    [
        (PYTHON, "shop.cards.Declined", ["pay", "charge"]),
        (f"<html><h1>500</h1><!--\n{PYTHON}\n--></html>", "shop.cards.Declined", ["pay", "charge"]),
        (f"<pre>{PYTHON.replace('&', '&amp;').replace('<', '&lt;')}</pre>", "shop.cards.Declined", ["pay", "charge"]),
        (json.dumps({"errors": [{"detail": "x", "trace": JAVA.replace("Declined", "DeclinedException")}]}),
         "shop.DeclinedException", ["pay", "charge"]),
        (json.dumps({"stack": NODE}), "TypeError", ["pay", "charge"]),
        ("nothing here\n  at home (of mine)", "", []),
        ('{"a": "Traceback (most recent call last):"}', "", []),
        ("[" * 100_000, "", []),
        (json.dumps(["TypeError: \ud800\0\n    at f (/a.js:1:1)"]), "TypeError", ["f"]),
    ],
)  # fmt: skip
def test_a_probe_whose_answer_prints_a_stack_has_an_issue_with_it(answer: str, kind: str, frames: list[str]) -> None:
    """Plain, in a page, in JSON at any depth; any other answer gives what was wrong with it."""
    failed = ErrorRecord(
        ErrorSource.REQUEST, "status 500, not 200", printed_stack(answer.encode()), "https://a.test/?b"
    )
    run = run_of(_failed(_run(failed).attempts[0].measurement))

    (event,) = run_error_events(run, Kind.PROBE, PROJECT, lambda text, most: text[:most])

    (raised,) = event.exceptions
    assert event.request.url == "https://a.test/"
    if frames:
        assert (raised.type, [own.function for own in raised.frames], event.message) == (kind, frames, failed.message)
        assert not raised.value.endswith(">") or raised.value == "order <17>"
    else:
        assert (raised.type, raised.value, raised.frames) == ("HTTP 500", failed.message, ())
        assert event.fingerprint == ("{{ transaction }}", "{{ default }}")


def _failed(measurement: Measurement) -> Measurement:
    return replace(measurement, outcome=Outcome.FAILED)


def test_only_failures_that_are_the_targets_are_events() -> None:
    """Neither a passed attempt nor one that the prober broke; a certificate that runs out has incidents of its own."""
    failed = ErrorRecord(ErrorSource.REQUEST, "time-out after 5.0 s", step="home")
    measurement = _failed(_run(failed).attempts[0].measurement)
    events = [
        run_error_events(run_of(changed), Kind.PROBE, PROJECT, lambda text, most: text[:most])
        for changed in (
            measurement,
            replace(measurement, outcome=Outcome.INCONCLUSIVE),
            replace(measurement, attributes={"failed_for": "certificate_days"}),
        )
    ]

    assert [len(own) for own in events] == [1, 0, 0]
    assert (events[0][0].exceptions[0].type, events[0][0].transaction) == ("", "journey:shop, home")


def test_requests_of_a_load_that_failed_are_counted_by_one_event_a_group() -> None:
    """As a load's traffic; what its own users raised is none."""
    groups = (
        FailureGroup("GET /pay", "HTTPError('500 Server Error: oh for url: /pay')", 40),
        FailureGroup("", "KeyError('sku')", 3),
    )
    run = run_of(Measurement(Outcome.PASSED, "", 1_000_000, 500.0, load=LoadResult((), groups)), "load:shop")

    (event,) = run_error_events(run, Kind.LOAD, PROJECT, lambda text, most: text[:most])

    assert (event.weight, event.origin, event.transaction) == (40, "load", "GET /pay")
    assert event.exceptions[0].type == "HTTP 500"
    assert event.tags["step"] == "GET /pay"
