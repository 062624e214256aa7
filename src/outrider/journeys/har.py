"""Reads the HAR (http://www.softwareishard.com/blog/har-12-spec/) that Playwright writes, content left out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C Trace Context, section 3.2
_SENTRY_TRACE = re.compile(r"^([0-9a-f]{32})-[0-9a-f]{16}")
_B3 = re.compile(r"^([0-9a-f]{16,32})")


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
        trace_id=_trace_id(request.get("headers", [])),
        by_test="_apiRequestRef" in entry or bool(entry.get("_apiRequest")),  # the older name
        resource_type=str(entry.get("_resourceType") or ""),
    )


def _trace_id(headers: Iterable[dict[str, str]]) -> str:
    values = {header["name"].lower(): header["value"] for header in headers}
    patterns = {"traceparent": _TRACEPARENT, "sentry-trace": _SENTRY_TRACE, "x-b3-traceid": _B3, "b3": _B3}
    for name, pattern in patterns.items():
        if match := pattern.match(values.get(name, "").lower()):
            return match.group(1)
    return ""
