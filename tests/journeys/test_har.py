"""HARs are read as Playwright writes them, and damaged ones are empty."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from outrider.journeys.har import Request, read_har

if TYPE_CHECKING:
    from pathlib import Path

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def entry(**response: Any) -> dict[str, Any]:
    """Return an entry as Playwright writes it with content left out."""
    return {
        "startedDateTime": "2026-01-02T03:04:05.250Z",
        "time": 12.5,
        "request": {"method": "GET", "url": "http://a.test:8000/x/y?q=1#f", "headers": []},
        "response": {"status": 200, "_transferSize": 640, **response},
    }


def written(folder: Path, *entries: object) -> Path:
    """Write a HAR."""
    path = folder / "1.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    return path


def test_a_request_is_read_with_its_time_size_and_status(tmp_path: Path) -> None:
    """The origin has the port, the path no query."""
    path = written(tmp_path, entry())

    (request,) = read_har(path)

    assert request == Request(
        "GET", "http://a.test:8000/x/y?q=1#f", 1_767_323_045_250.0, 12.5, 200, 640, "", "", by_test=False
    )
    assert (request.origin, request.path) == ("http://a.test:8000", "/x/y")


def test_a_failed_request_tells_why(tmp_path: Path) -> None:
    """There is no answer, and sizes and times that are unknown count as nothing."""
    failed = entry(status=-1, _transferSize=-1, _failureText="net::ERR_CONNECTION_REFUSED") | {"time": -1}
    path = written(tmp_path, failed)

    (request,) = read_har(path)

    assert (request.status, request.failure) == (-1, "net::ERR_CONNECTION_REFUSED")
    assert (request.transfer_bytes, request.duration_ms) == (0, 0.0)


def test_a_request_of_the_test_itself_is_marked(tmp_path: Path) -> None:
    """Playwright marks what an API context sent."""
    path = written(
        tmp_path, entry() | {"_apiRequest": True}, entry() | {"_apiRequestRef": "request-context@1"}, entry()
    )

    requests = read_har(path)

    assert [request.by_test for request in requests] == [True, True, False]


@pytest.mark.parametrize(
    ("headers", "trace_id"),
    [
        ({"traceparent": f"00-{TRACE}-{SPAN}-01"}, TRACE),
        ({"Traceparent": f"00-{TRACE.upper()}-{SPAN}-01"}, TRACE),
        ({"traceparent": f"cc-{TRACE}-{SPAN}-01-what-the-future-brings"}, TRACE),
        ({"sentry-trace": f"{TRACE}-{SPAN}-1"}, TRACE),
        ({"sentry-trace": f"{TRACE}-{SPAN}"}, TRACE),
        ({"b3": f"{TRACE}-{SPAN}-1"}, TRACE),
        ({"b3": f"{SPAN}-{SPAN}"}, "0" * 16 + SPAN),
        ({"X-B3-TraceId": TRACE}, TRACE),
        ({"sentry-trace": f"{'a' * 32}-{SPAN}", "traceparent": f"00-{TRACE}-{SPAN}-01"}, TRACE),
        ({"traceparent": "broken", "b3": f"{TRACE}-{SPAN}"}, TRACE),
        ({"traceparent": f"00-{TRACE}"}, ""),
        ({"b3": "0"}, ""),
        ({"baggage": f"a=1, sentry-trace_id={TRACE},sentry-sampled=true"}, TRACE),
        ({"baggage": f"not-sentry-trace_id={TRACE}"}, ""),
        ({"baggage": "x" * 1_000_000 + f",sentry-trace_id={TRACE}"}, ""),
        ({"traceparent": f"00-{'0' * 32}-{SPAN}-01"}, ""),
        ({"traceparent": f"00-{'0' * 32}-{SPAN}-01", "sentry-trace": f"{TRACE}-{SPAN}-1"}, TRACE),
        ({"traceparent": f"ff-{TRACE}-{SPAN}-01"}, ""),
        ({"traceparent": "\u0000\ud800"}, ""),
        ({"accept": "*/*"}, ""),
    ],
)
def test_the_trace_id_is_taken_from_whichever_header_carries_it(
    tmp_path: Path, headers: dict[str, str], trace_id: str
) -> None:
    """W3C's header comes first, then Sentry's, then Zipkin's; case does not matter."""
    plain = entry()
    plain["request"]["headers"] = [{"name": name, "value": value} for name, value in headers.items()]

    (request,) = read_har(written(tmp_path, plain))

    assert request.trace_id == trace_id


@pytest.mark.parametrize(
    ("headers", "trace_id"),
    [
        ([("Server-Timing", f'traceparent;desc="00-{TRACE}-{SPAN}-01"')], TRACE),
        ([("server-timing", f"db;dur=5, traceparent;desc=00-{TRACE}-{SPAN}-01, cache;desc=hit")], TRACE),
        ([("Server-Timing", "db;dur=5"), ("Server-Timing", f'traceparent;desc="00-{TRACE}-{SPAN}-01"')], TRACE),
        ([("traceresponse", f"00-{TRACE}-{SPAN}-01")], TRACE),
        ([("traceresponse", f"00-{'0' * 32}-{SPAN}-01")], ""),
        ([("Server-Timing", f'other;desc="traceparent;desc=00-{TRACE}"')], ""),
        ([("Server-Timing", "x," * 100_000)], ""),
        ([("traceparent", f"00-{TRACE}-{SPAN}-01")], ""),
        ([], ""),
    ],
)
def test_the_trace_that_a_response_names_is_read(tmp_path: Path, headers: list[tuple[str, str]], trace_id: str) -> None:
    """Documents take no header of a script; their servers name the trace in the answer."""
    path = written(tmp_path, entry(headers=[{"name": name, "value": value} for name, value in headers]))

    (request,) = read_har(path)

    assert (request.trace_id, request.answered_trace_id) == ("", trace_id)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"null", b"[]", b"{}", b'{"log": null}', b'{"log": {"entries": null}}',
     b'{"log": {"entries": [null]}}', b'{"log": {"entries": [{}]}}',
     b'{"log": {"entries": [{"request": null, "response": null}]}}'],
)  # fmt: skip
def test_a_damaged_har_has_no_requests(tmp_path: Path, content: bytes) -> None:
    """What a killed test leaves must not stop the run."""
    path = tmp_path / "1.har"
    path.write_bytes(content)

    requests = read_har(path)

    assert requests == []


def test_a_missing_har_has_no_requests(tmp_path: Path) -> None:
    """A context that was never closed writes none."""
    path = tmp_path / "none.har"

    requests = read_har(path)

    assert requests == []
