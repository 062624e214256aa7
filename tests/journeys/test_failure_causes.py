"""What led to a failure is found in the network's records, page errors and dialogs around the step that failed."""

from __future__ import annotations

from typing import Any

import pytest

from outrider.journeys.failure_causes import awaited_by, find_causes, own_network_error, timed_out
from outrider.journeys.har import Request
from outrider.journeys.raw_evidence import RawEvidence
from outrider.journeys.trace import Call, PageError, ShownDialog, Trace
from outrider.journeys.worker_messages import StepEvent

SITE = "http://shop.test"


def call(
    method: str, start_ms: float, duration_ms: float | None = 10.0, error: str | None = None, **extra: Any
) -> Call:
    """Return a call on a page."""
    fields = {"owner": "Frame", "title": "", "params": {}, **extra}
    return Call(method=method, start_ms=start_ms, duration_ms=duration_ms, error=error, **fields)


def request(path: str, start_ms: float, status: int = 200, kind: str = "fetch", failure: str = "") -> Request:
    """Return a request of a page."""
    return Request("GET", SITE + path, start_ms, 5.0, status, 1, failure, "", by_test=False, resource_type=kind)


def evidence(calls: list[Call], requests: list[Request] = [], **extra: Any) -> RawEvidence:  # noqa: B006 - never changed
    """Return what an attempt recorded."""
    trace = Trace(calls=calls, page_errors=extra.pop("errors", []), dialogs=extra.pop("dialogs", []))
    trace.offline = extra.pop("offline", False)
    return RawEvidence(
        phases=[], trace=trace, requests=requests, named=extra.pop("named", []), documents=[], started_ms=0.0, root=""
    )


FILL = call("fill", 100, 1000, "Timeout 1000ms exceeded.", log=['waiting for get_by_label("User")'])
GOTO = call("goto", 0, 50, params={"url": SITE})
CLICK = call("click", 60, 20)


@pytest.mark.parametrize(
    ("requests", "causes"),
    [
        ([request("/login", 5, 500, "document")], ("/login answered 500",)),
        ([request("/login", 5, -1, "document", "net::ERR_EMPTY")], ("/login failed (net::ERR_EMPTY)",)),
        ([request("/api/pay", 65, 503, failure="net::ERR_ABORTED")], ("GET /api/pay answered 503",)),
        ([request("/app.js", 110, 404, "script")], ("GET /app.js answered 404",)),
        ([request("/api/pay", 65, 503), request("/api/pay", 70, 503)], ("GET /api/pay answered 503",)),
        ([request("/api/x", 65, 500), request("/", 5, 500, "document")], ("/ answered 500", "GET /api/x answered 500")),
        ([request("/logo.png", 110, 404, "image")], ()),
        ([request("/api/old", 5, 500)], ()),
        ([request("/api/late", 1200, 500)], ()),
        ([request("/api/x", 110, -1, failure="net::ERR_ABORTED")], ()),
        ([request("/first", 1, 500, "document"), request("/second", 5, 200, "document")], ()),
        ([request("/", 5, 200, "document")], ()),
    ],
)
def test_failing_requests_of_the_step_and_the_action_before_are_causes(
    requests: list[Request], causes: tuple[str, ...]
) -> None:
    """The document counts wherever it was opened; pictures, cancelled requests and those of other steps do not."""
    left = evidence([GOTO, CLICK, call("expect", 90, 5), FILL], requests)

    actual = find_causes(left)

    assert actual == causes


def test_a_named_step_reaches_back_to_its_beginning() -> None:
    """What went wrong in any part of it counts."""
    left = evidence(
        [GOTO, CLICK, FILL],
        [request("/api/old", 20, 500)],
        named=[StepEvent("log in", 10.0, 1000.0, None, "Timeout")],
    )

    causes = find_causes(left)

    assert causes == ("GET /api/old answered 500",)


def test_page_errors_and_dialogs_are_causes() -> None:
    """What a dialog said counts whoever closed it, and is told with it; messages of the console are none."""
    errors = [PageError(True, "TypeError: x\n at y", "", "", 70.0), PageError(False, "warned", "", "", 71.0)]
    dialogs = [ShownDialog("alert", "Too late", 72.0)]
    left = evidence([GOTO, CLICK, FILL], errors=errors, dialogs=dialogs)
    answered = evidence([GOTO, CLICK, call("accept", 73, owner="Dialog"), FILL], dialogs=dialogs)

    causes = find_causes(left), find_causes(answered)

    assert causes == (
        ('page error "TypeError: x"', 'alert dialog "Too late" was not answered'),
        ('alert dialog "Too late" was accepted',),
    )


def test_requests_that_the_test_blocks_itself_are_no_causes() -> None:
    """Their failure is the test's wish; an answer that is an error is not."""
    blocks = call("abort", 1, owner="Route")
    left = evidence(
        [blocks, GOTO, CLICK, FILL],
        [request("/ads", 65, -1, failure="net::ERR_FAILED"), request("/api", 66, 500)],
    )

    causes = find_causes(left)

    assert causes == ("GET /api answered 500",)


def test_what_was_awaited_is_named_as_the_test_wrote_it() -> None:
    """The last call that failed says it."""
    wait = call("__waitInfo__", 2000, 5, "Timeout", owner="Page", params={"event": "popup"})

    awaited = awaited_by(evidence([GOTO, FILL])), awaited_by(evidence([FILL, wait])), awaited_by(evidence([GOTO]))

    assert awaited == ('get_by_label("User")', "popup", "")


@pytest.mark.parametrize(
    ("last", "title"),
    [
        (FILL, 'fill get_by_label("User")'),
        (call("expect", 5, error="Expect failed", params={"selector": "h1"}), "expect h1"),
        (call("click", 5, error="Element says: Timeout 5ms exceeded"), ""),
        (call("click", 5), ""),
    ],
)
def test_only_a_call_that_its_own_time_out_ended_has_timed_out(last: Call, title: str) -> None:
    """Text that comes after Playwright's own words proves nothing."""
    is_time_out = timed_out(evidence([GOTO, last]))

    assert is_time_out == title


OFFLINE = request("/", 5, -1, "document", "net::ERR_INTERNET_DISCONNECTED")


@pytest.mark.parametrize(
    ("left", "error"),
    [
        (evidence([GOTO], [OFFLINE]), "net::ERR_INTERNET_DISCONNECTED"),
        (evidence([GOTO], [request("/", 5, -1, failure="net::ERR_CONNECTION_REFUSED")]), ""),
        (evidence([GOTO, call("setOffline", 1, owner="BrowserContext")], [OFFLINE]), ""),
        (evidence([GOTO, call("abort", 1, owner="Route")], [OFFLINE]), ""),
        (evidence([GOTO, call("newCDPSession", 1, owner="BrowserContext")], [OFFLINE]), ""),
        (evidence([GOTO], [OFFLINE], offline=True), ""),
    ],
    ids=["lost", "refused", "set offline", "aborted", "CDP", "offline context"],
)
def test_our_own_network_is_down_where_the_browser_says_so_and_not_the_test(left: RawEvidence, error: str) -> None:
    """A test that takes the network away tests what the page does then."""
    problem = own_network_error(left)

    assert problem == error
