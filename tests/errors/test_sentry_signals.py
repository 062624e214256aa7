"""Spans as Sentry's clients of today send them are spans of OpenTelemetry."""

from __future__ import annotations

import math
from typing import Any

from outrider.errors import otlp_logs, otlp_metrics, otlp_spans

BEGIN_S = 1_795_000_000.25


def texts(attributes: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["key"]: entry["value"]["stringValue"] for entry in attributes}


def test_a_span_of_a_browser_is_read() -> None:
    """Version 2 has many in an item, whose attributes say whose they are; what is broken is left out."""
    attributes = {
        "sentry.op": {"type": "string", "value": "http.client"}, "sentry.release": {"type": "string", "value": "1.4"},
        "http.response.status_code": {"type": "integer", "value": 200}, "odd": 5,
    }  # fmt: skip
    span = {
        "trace_id": "AB" * 16, "span_id": "cd" * 8, "parent_span_id": "short", "name": "GET /stock", "status": "error",
        "start_timestamp": BEGIN_S, "end_timestamp": BEGIN_S + 0.5, "attributes": attributes,
    }  # fmt: skip

    (group,) = otlp_spans({"items": [span, {"name": "without times"}, "odd"]}, "shop", "live")["resourceSpans"]

    (read,) = group["scopeSpans"][0]["spans"]
    assert (read["traceId"], read["spanId"], "parentSpanId" in read) == ("ab" * 16, "cd" * 8, False)
    assert (read["name"], read["kind"], read["status"]) == ("GET /stock", 3, {"code": 2})
    assert int(read["endTimeUnixNano"]) - int(read["startTimeUnixNano"]) == 500_000_000
    assert texts(read["attributes"])["http.response.status_code"] == "200"
    assert texts(group["resource"]["attributes"]) == {
        "service.name": "shop", "service.version": "1.4", "deployment.environment.name": "live",
    }  # fmt: skip


def test_metrics_that_are_no_numbers_are_left_out() -> None:
    """Also those without a name, a time or a kind that is known; nobody's host is spoken for.

    A time that OTLP cannot hold takes nothing along.
    """
    good: dict[str, Any] = {"name": "queue", "type": "gauge", "value": 7, "timestamp": BEGIN_S}
    odd = ({"value": math.nan}, {"value": math.inf}, {"value": 10**400}, {"value": True}, {"value": "7"}, {"name": 5},
           {"type": "set"}, {"type": ["gauge"]}, {"timestamp": "x"})  # fmt: skip
    host = {"server.address": {"value": "db-1"}}
    late = {**good, "name": "late", "timestamp": 1e300}
    items = [{**good, "attributes": host}, *({**good, **own} for own in odd), None, late]

    (group,) = otlp_metrics({"items": items, "server_name": "db-1"}, "shop", "live")["resourceMetrics"]

    metric, later = group["scopeMetrics"][0]["metrics"]
    assert metric["gauge"]["dataPoints"][0]["asDouble"] == 7
    assert int(later["gauge"]["dataPoints"][0]["timeUnixNano"]) < 2**64
    assert "host.name" not in texts(group["resource"]["attributes"])


def test_items_without_anything_are_no_request() -> None:
    """Of any shape."""
    assert otlp_logs({"items": 5}, "a", "b") == otlp_spans({"items": []}, "a", "b") == otlp_spans({}, "a", "b") == {}
    assert otlp_metrics({"items": [{}]}, "a", "b") == {}
