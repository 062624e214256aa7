"""Reads the HAR (http://www.softwareishard.com/blog/har-12-spec/) that Playwright writes, content left out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from outrider.journeys.trace_headers import answered_trace_id, sent_trace_id

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """One request on the wire.

    Attributes:
        start_ms: Wall clock, milliseconds since the epoch.
        duration_ms: From start to the last byte.
        status: HTTP status; zero or below if there was no answer.
        transfer_bytes: Of the answer, as transferred; zero if unknown.
        failure: Why there was no answer, or empty.
        trace_id: Of the trace context that the page or its server's SDK sent, or empty.
        answered_trace_id: Of the trace that the response names, or empty.
        by_test: Sent by the test itself, without a page.
        resource_type: What the browser fetched it as, such as `document` or `fetch`, or empty.
    """

    method: str
    url: str
    start_ms: float
    duration_ms: float
    status: int
    transfer_bytes: int
    failure: str
    trace_id: str
    by_test: bool
    resource_type: str = ""
    answered_trace_id: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a user."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def path(self) -> str:
        """Path without query."""
        return urlsplit(self.url).path or "/"


def read_har(path: Path) -> list[Request]:
    """Return the requests of a HAR; a missing or damaged file has none."""
    try:
        return parse_har(path.read_bytes())
    except OSError:
        return []


def parse_har(content: bytes) -> list[Request]:
    """Return the requests in a HAR's content; damaged content has none."""
    try:
        return [_request(entry) for entry in json.loads(content)["log"]["entries"]]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []


def _request(entry: dict[str, Any]) -> Request:
    request, response = entry["request"], entry.get("response", {})
    return Request(
        method=request["method"],
        url=request["url"],
        start_ms=datetime.fromisoformat(entry["startedDateTime"]).timestamp() * 1000,
        duration_ms=max(0.0, float(entry.get("time") or 0.0)),
        status=int(response.get("status", -1)),
        transfer_bytes=max(0, int(response.get("_transferSize") or 0)),
        failure=str(response.get("_failureText") or ""),
        trace_id=sent_trace_id(request.get("headers", [])),
        by_test="_apiRequestRef" in entry or bool(entry.get("_apiRequest")),  # the older name
        resource_type=str(entry.get("_resourceType") or ""),
        answered_trace_id=answered_trace_id(response.get("headers", [])),
    )
