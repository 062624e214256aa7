"""Records, spans and points as services send them."""

from __future__ import annotations

import time
from typing import Any

from outrider.model import LogRecord, MetricPoint, MetricValue, Span

NOW_NS = time.time_ns() // 10**9 * 10**9
SECOND_NS = 10**9


def log_record(service: str, body: str = "order created", *, ago_s: float = 60, **changes: Any) -> LogRecord:
    """Return a record of a service, a minute old."""
    at_ns = NOW_NS - round(ago_s * SECOND_NS)
    plain = LogRecord(at_ns, "", "", 0, "INFO", 9, service, body, {"service.name": service}, "app", "1", {})
    return plain._replace(**changes)


def span(service: str, name: str = "GET /", *, ago_s: float = 60, duration_ms: float = 20, **changes: Any) -> Span:
    """Return a server's span, a minute old."""
    plain = Span(
        NOW_NS - round(ago_s * SECOND_NS), "a" * 32, "b" * 16, "", "", name, "Server", service,
        {"service.name": service}, "app", "1", {}, round(duration_ms * 1e6),
    )  # fmt: skip
    return plain._replace(**changes)


def point(service: str, value: MetricValue, name: str = "requests") -> MetricPoint:
    """Return a point of a metric."""
    return MetricPoint(NOW_NS, NOW_NS - SECOND_NS, service, name, "", "1", {}, "app", "1", {"route": "/"}, value)
