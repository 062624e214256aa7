"""What an attempt left becomes steps, samples and errors."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from outrider.journeys.har import Request
from outrider.journeys.page_vitals import page_conditions
from outrider.journeys.raw_evidence import (
    MAX_ERRORS,
    MAX_ORIGINS,
    MAX_TRACES,
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
from outrider.journeys.trace import Call, PageError, Trace
from outrider.journeys.worker_messages import Phase, StepEvent
from outrider.model import ErrorSource, StepKind, TraceSource

START = 1_000_000.0


def call(method: str, at: float, lasts: float | None = 10.0, **fields: Any) -> Call:
    """Return a call that began `at` ms after the start."""
    fields = {"owner": "Frame", "title": "", "params": {}, **fields}
    return Call(method=method, start_ms=START + at, duration_ms=lasts, **fields)


def goto(path: str, at: float, lasts: float | None = 10.0) -> Call:
    """Return a navigation."""
    return call("goto", at, lasts, params={"url": f"http://a.test{path}"})


def named(name: str, at: float, lasts: float | None, parent: str | None = None, error: str | None = None) -> StepEvent:
    """Return a step that the test named."""
    return StepEvent(name, START + at, lasts, parent, error)


def request(url: str, at: float = 0.0, **fields: Any) -> Request:
    """Return a good answer of a hundred bytes in five milliseconds."""
    fields = {"duration_ms": 5.0, "status": 200, "transfer_bytes": 100, "failure": "", "by_test": False, **fields}
    return Request("GET", url, START + at, **{"trace_id": "", **fields})


def evidence(*calls: Call, **fields: Any) -> RawEvidence:
    """Return what an attempt of these calls left."""
    nothing: dict[str, Any] = {"phases": [], "requests": [], "named": [], "documents": []}
    return RawEvidence(trace=Trace(list(calls)), started_ms=START, root="", **(nothing | fields))


def samples(left: RawEvidence) -> dict[tuple[str, str], float]:
    """Return all samples by step and metric."""
    return {(sample.step, sample.metric): sample.value for sample in find_samples(left, find_steps(left))}


def test_an_automatic_step_belongs_to_the_innermost_named_one() -> None:
    """A step that never ended is open; one that is over is not."""
    shop, pay = named("shop", 0, 100), named("pay", 20, 30, parent="shop")
    left = evidence(
        goto("/a", 10), goto("/b", 25), goto("/c", 60), goto("/d", 150), goto("/e", 210),
        named=[shop, pay, named("end", 200, None)],
    )  # fmt: skip

    steps = find_steps(left)

    assert [(step.key, step.parent) for step in steps] == [
        ("shop", None), ("goto /a", "shop"), ("pay", "shop"), ("goto /b", "pay"), ("goto /c", "shop"),
        ("goto /d", None), ("end", None), ("goto /e", "end"),
    ]  # fmt: skip


def test_steps_stand_in_order_of_time_named_ones_first() -> None:
    """Offsets count from the start of the attempt."""
    left = evidence(goto("/a", 5), named=[named("open", 5, 20, error="no answer")])

    first, second = find_steps(left)

    assert (first.kind, first.offset_ms, first.duration_ms, first.error) == (StepKind.NAMED, 5.0, 20, "no answer")
    assert (second.kind, second.offset_ms, second.duration_ms) == (StepKind.AUTOMATIC, 5.0, 10.0)


@pytest.mark.parametrize(
    ("names", "calls"),
    [
        (["goto /"], ["/", "/"]),
        (["goto /", "goto / (2)"], ["/", "/", "/"]),
        (["goto /", "goto / (call)"], ["/"]),
    ],
)
def test_every_sample_has_a_step_and_metric_of_its_own(names: list[str], calls: list[str]) -> None:
    """A named step may be called as an automatic one is: a series gets one number a run."""
    left = evidence(
        *(goto(path, at) for at, path in enumerate(calls)),
        named=[named(name, 0, 5) for name in names],
        requests=[request("http://a.test/"), request("http://a.test/x")],
        documents=[{"origin_ms": START, "lcp_ms": 1.0}, {"origin_ms": START + 1, "lcp_ms": 2.0}],
        phases=[Phase("setup", "passed", 1.0), Phase("call", "passed", 50.0)],
    )

    steps = find_steps(left)
    count = Counter((sample.step, sample.metric) for sample in find_samples(left, steps))

    assert max(count.values()) == 1
    assert len({step.key for step in steps}) == len(steps) == len(names) + len(calls)


def test_the_run_s_own_numbers_are_counted() -> None:
    """The duration is that of the test's body, without its fixtures."""
    phases = [Phase("setup", "passed", 9.0), Phase("call", "passed", 50.0), Phase("teardown", "passed", 9.0)]
    requests = [
        request("http://a.test/"),
        request("http://a.test/x", status=404),
        request("http://a.test/y", status=-1, failure="refused", transfer_bytes=0),
    ]
    left = evidence(goto("/", 0, None), phases=phases, requests=requests)
    left.trace.page_errors[:] = [PageError(True, "x", "", "", START), PageError(False, "y", "", "", START)]

    values = samples(left)

    assert {metric: value for (_, metric), value in values.items() if "http" not in metric} == {
        "duration_ms": 50.0, "requests": 3.0, "failed_requests": 2.0, "transfer_bytes": 200.0, "page_errors": 1.0,
    }  # fmt: skip


def test_a_step_that_never_ended_has_no_duration_sample() -> None:
    """Half a duration is none."""
    left = evidence(goto("/a", 0), goto("/b", 20, None))

    values = samples(left)

    assert [step for step, metric in values if step and metric == "duration_ms"] == ["goto /a"]


def test_the_busiest_origins_are_measured_and_no_more() -> None:
    """A page with hundreds of advertisers has a bounded number of series; the slowest answer and all bytes count."""
    many = [request(f"http://ad{number}.test/") for number in range(40)]
    busy = [request("http://cdn.test/a", duration_ms=7.0), request("http://cdn.test/b", duration_ms=70.0)]

    values = samples(evidence(requests=[*many, *busy]))

    assert sum(metric.startswith("resource_ms ") for _, metric in values) == MAX_ORIGINS == 20
    assert sum(metric.startswith("resource_bytes ") for _, metric in values) == MAX_ORIGINS
    assert (values["", "resource_ms http://cdn.test"], values["", "resource_bytes http://cdn.test"]) == (70.0, 200.0)


def test_vitals_of_pages_are_told_by_host_and_page() -> None:
    """Of the step that opened it, with what the browser was like; what is no page of the web is left out."""
    seen = {"bytes": 900, "own": 4, "hits": 1, "cores": 8, "memory_gb": 8, "connection": "4g", "agent": "Mozilla/5.0",
            "width": 1280, "touch": False}  # fmt: skip
    documents = [
        {"origin_ms": START + 11, "lcp_ms": 80.0, "address": "http://a.test:81/order/4711?mail=x", **seen},
        {"origin_ms": START + 12, "lcp_ms": 90.0, "cls": "much", "address": "http://a.test:81/order/4712", **seen},
        {"origin_ms": START + 13, "lcp_ms": 70.0, "address": "about:blank", **seen},
    ]

    values = samples(evidence(goto("/a", 10), documents=documents))

    assert {key: value for key, value in values.items() if " a.test" in key[1]} == {
        ("goto /a", "lcp_ms a.test/order/*"): 90.0
    }
    assert page_conditions(documents) == {
        "device": "desktop", "power": "high", "connection": "4g", "cache a.test/order/*": "empty",
    }  # fmt: skip


def test_vitals_belong_to_the_innermost_step_that_opened_the_document() -> None:
    """Each document's numbers stand at its own step; the run has the worst of all."""
    left = evidence(
        goto("/a", 10, 100), goto("/b", 210, 50),
        named=[named("browse", 0, 150)],
        documents=[
            {"origin_ms": START + 20, "lcp_ms": 800.0, "cls": 0.02, "url": "http://a.test/a"},
            {"origin_ms": START + 220, "lcp_ms": 300.0, "cls": 0.3, "inp_ms": None},
        ],
    )  # fmt: skip

    values = samples(left)

    vitals = {key: value for key, value in values.items() if key[1] in {"lcp_ms", "cls", "inp_ms", "url"}}
    assert vitals == {
        ("goto /a", "lcp_ms"): 800.0, ("goto /a", "cls"): 0.02,
        ("goto /b", "lcp_ms"): 300.0, ("goto /b", "cls"): 0.3,
        ("", "lcp_ms"): 800.0, ("", "cls"): 0.3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("at", "step"), [(10.0, "goto /a"), (6.0, "goto /a"), (20.0, "goto /a"), (4.0, ""), (21.0, "")]
)
def test_the_clocks_of_page_and_server_may_differ_a_little(at: float, step: str) -> None:
    """A document seems to begin a few milliseconds before the call that opened it."""
    left = evidence(goto("/a", 10), documents=[{"origin_ms": START + at, "fcp_ms": 100.0}])

    values = samples(left)

    assert {place for place, metric in values if metric == "fcp_ms"} == {"", step}


def test_the_worst_of_several_documents_of_one_step_counts() -> None:
    """A redirect or a frame is a document too; order does not matter."""
    documents = [{"origin_ms": START + at, "ttfb_ms": value} for at, value in ((11, 20.0), (12, 90.0), (13, 40.0))]

    values = samples(evidence(goto("/a", 10), documents=documents))

    assert (values["goto /a", "ttfb_ms"], values["", "ttfb_ms"]) == (90.0, 90.0)


def test_errors_are_the_test_s_own_first_and_then_in_order_of_time() -> None:
    """Each tells who reported it, and where."""
    left = evidence(
        phases=[Phase("call", "failed", 5.0, error_type="AssertionError", message="no total", detail="trace")],
        named=[named("choose", 10, 15), named("pay", 25, 5, error="no total")],
        requests=[
            request("http://a.test/api", 30, status=500),
            request("http://a.test/", 1),
            request("http://a.test/picture", 12, status=-1, failure="net::ERR_ABORTED"),
        ],
    )
    left.trace.page_errors[:] = [
        PageError(False, "404", "x.js:5", "http://a.test/x.js", START + 40),
        PageError(True, "TypeError: x", "at f", "http://a.test/x.js", START + 20),
    ]

    errors = find_errors(left, find_steps(left))

    assert [(error.source, error.message, error.offset_ms, error.step) for error in errors] == [
        (ErrorSource.TEST, "no total", None, "pay"),
        (ErrorSource.PAGE, "TypeError: x", 20.0, "choose"),
        (ErrorSource.REQUEST, "GET http://a.test/api: 500", 30.0, "pay"),
        (ErrorSource.CONSOLE, "404", 40.0, "pay"),
    ]
    assert errors[0].stack == "trace"


def test_the_test_s_own_error_comes_before_hundreds_of_others() -> None:
    """A page that logs in a loop does not hide why the test failed."""
    left = evidence(phases=[Phase("call", "failed", 5.0, message="no total")])
    left.trace.page_errors[:] = [PageError(False, str(at), "", "", START + at) for at in reversed(range(500))]

    errors = find_errors(left, ())

    assert [error.message for error in errors[:2]] == ["no total", "0"]
    assert find_omissions(left, len(errors)) == (f"{501 - MAX_ERRORS} of 501 errors",)


def test_origins_beyond_the_busiest_are_named_as_left_out() -> None:
    """A page with a hundred advertisers has no hundred series, and says so."""
    left = evidence(requests=[request(f"http://host-{number}.test/", 1) for number in range(MAX_ORIGINS + 4)])

    assert find_omissions(left, 0) == (f"4 of {MAX_ORIGINS + 4} origins, those with the fewest requests",)


@pytest.mark.parametrize(
    ("left", "title"),
    [
        (evidence(goto("/a", 0), call("click", 20, None, params={"selector": "#b"})), "click #b"),
        (
            evidence(goto("/a", 0), call("click", 20, params={"selector": "#b"}, error="gone"), goto("/c", 40)),
            "click #b",
        ),
        (evidence(call("click", 0, error="x"), call("fill", 9, error="x")), "fill"),
        (evidence(goto("/a", 0)), ""),
        (evidence(goto("/a", 0, None), named=[named("a", 0, 9), named("b", 9, 5, error="x")]), "b"),
        (evidence(named=[named("shop", 0, 50, error="x"), named("pay", 9, 5, parent="shop", error="x")]), "pay"),
        (evidence(named=[named("shop", 0, None), named("pay", 9, None, parent="shop")]), "pay"),
        (evidence(named=[named("shop", 0, 50, error="x"), named("look", 9, 5, parent="shop")]), "shop"),
    ],
)
def test_the_failed_step_is_the_innermost_named_one_else_the_last_call_with_an_error(
    left: RawEvidence, title: str
) -> None:
    """What never ended has failed too."""
    given = replace(left, root="/w")

    failing = failed_step(given)

    assert failing == title


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([], ""),
        ([goto("/a", 0)], ""),
        ([goto("/a", 0, None)], "goto /a"),
        ([goto("/a", 0), call("click", 50, 50.0, params={"selector": "#b"})], "click #b"),
        ([goto("/a", 0, None), call("close", 50, None, owner="Page")], "goto /a"),
        ([call("newPage", 0, None, owner="BrowserContext")], ""),
    ],
)
def test_what_was_waited_for_is_the_call_under_way_when_time_was_up(calls: list[Call], expected: str) -> None:
    """A call that the interrupt ended counts; one that was over before does not, nor what is no action."""
    trace = Trace(calls)

    waiting = waiting_for(trace, START + 100)

    assert waiting == expected


@pytest.mark.parametrize(
    ("left", "connections", "touched"),
    [
        (evidence(), 0, False),
        (evidence(call("newPage", 0, owner="BrowserContext")), 0, False),
        (evidence(call("click", 0)), 0, False),
        (evidence(goto("/", 0)), 0, True),
        (evidence(call("setContent", 0)), 0, True),
        (evidence(requests=[request("http://a.test/")]), 0, True),
        (evidence(), 1, True),
    ],
)
def test_an_attempt_has_touched_what_it_opened_or_asked(left: RawEvidence, connections: int, touched: bool) -> None:
    """A page opened and left empty measures nothing."""
    given = left

    answer = has_touched(given, connections)

    assert answer == touched


def test_traces_belong_to_the_step_that_their_request_fell_into() -> None:
    """Each once a step, in time; what a request names itself counts before what its response names."""
    own, answered = "a" * 32, "b" * 32
    left = evidence(
        named=[named("open", 0.0, 50.0), named("pay", 60.0, 50.0)],
        requests=[
            request("http://a.test/2", 70.0, trace_id=own),
            request("http://a.test/", 10.0, answered_trace_id=answered),
            request("http://a.test/1", 20.0, trace_id=answered, answered_trace_id=own),
            request("http://a.test/3", 80.0, trace_id=own, answered_trace_id=own),
        ],
    )

    traces = find_traces(left, find_steps(left))

    assert [(trace.trace_id, trace.step, trace.source) for trace in traces] == [
        (answered, "open", TraceSource.RESPONSE),
        (own, "open", TraceSource.RESPONSE),
        (own, "pay", TraceSource.PAGE),
    ]


def test_of_thousands_of_traces_each_step_keeps_its_share() -> None:
    """A chatty first page does not push out those of the step that fails."""
    chatty = [request("http://a.test/", float(at), trace_id=f"{at + 1:032x}") for at in range(5_000)]
    last = request("http://a.test/pay", 6_001.0, trace_id="f" * 32)
    left = evidence(named=[named("open", 0.0, 6_000.0), named("pay", 6_000.0, 50.0)], requests=[*chatty, last])

    traces = find_traces(left, find_steps(left))

    assert len(traces) == 5_001
    assert {trace.step for trace in traces[:MAX_TRACES]} == {"open", "pay"}
