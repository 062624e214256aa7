"""Transactions, spans, logs and metrics of Sentry's clients -> requests of OTLP as JSON: telemetry as any other. Pure.

https://develop.sentry.dev/sdk/telemetry/. A transaction is an event with a list of spans; clients of today send items
`span`, `log` and `trace_metric` that hold many. What has another shape than it should is left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from outrider.errors.sentry_event import digits, time_us
from outrider.model import finite_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SPAN_ITEMS: Final = frozenset({"transaction", "span"})
LOG_ITEMS: Final = frozenset({"log"})
METRIC_ITEMS: Final = frozenset({"trace_metric"})
_MOST_RECORDS: Final = 1_000
_LATEST_US: Final = 2**63 // 1_000
_DELTA: Final = 1
_HOST: Final = "host.name"
_MOST_ATTRIBUTES: Final = 128
_INTERNAL, _SERVER, _CLIENT, _PRODUCER, _CONSUMER = range(1, 6)
_KINDS: Final = {
    "http.server": _SERVER, "rpc.server": _SERVER, "grpc.server": _SERVER, "websocket.server": _SERVER,
    "http.client": _CLIENT, "rpc.client": _CLIENT, "grpc.client": _CLIENT, "graphql": _CLIENT,
    "queue.publish": _PRODUCER, "queue.process": _CONSUMER, "queue.task": _CONSUMER,
}  # fmt: skip
_IDS: Final = {"traceId": ("trace_id", 32), "spanId": ("span_id", 16), "parentSpanId": ("parent_span_id", 16)}
_OK, _ERROR = 1, 2
_STATUSES: Final = {
    "ok": _OK, "error": _ERROR, "internal_error": _ERROR, "unknown_error": _ERROR, "unavailable": _ERROR,
    "deadline_exceeded": _ERROR, "data_loss": _ERROR, "unimplemented": _ERROR, "resource_exhausted": _ERROR,
    "aborted": _ERROR,
}  # fmt: skip
"""What a caller did wrong, such as `not_found`, is no error of a span, as in OpenTelemetry."""
_SEVERITIES: Final = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "warning": 13, "error": 17, "fatal": 21}


def otlp_spans(document: Mapping[str, Any], service: str, environment: str) -> dict[str, Any]:
    """Return the spans of an item `transaction` or `span`; without `resourceSpans` if there are none."""
    items = document.get("items")
    if isinstance(items, list):
        spans = [_span_item(item) for item in _objects(items)]
    else:
        trace = _object(_object(document.get("contexts")).get("trace"))
        spans = [_root(document, trace), *map(_child, _objects(document.get("spans")))]
    known = [span for span in spans if span is not None]
    if not known:
        return {}
    scopes = [{"scope": _scope(document), "spans": known}]
    return {"resourceSpans": [{"resource": _resource(document, service, environment), "scopeSpans": scopes}]}


def otlp_logs(document: Mapping[str, Any], service: str, environment: str) -> dict[str, Any]:
    """Return the records of an item `log`; without `resourceLogs` if there are none."""
    records = [_record(item) for item in _objects(document.get("items"))]
    if not records:
        return {}
    scopes = [{"scope": _scope(document), "logRecords": records}]
    return {"resourceLogs": [{"resource": _resource(document, service, environment), "scopeLogs": scopes}]}


def otlp_metrics(document: Mapping[str, Any], service: str, environment: str) -> dict[str, Any]:
    """Return the points of an item `trace_metric`; without `resourceMetrics` if there are none.

    They are told of no host, since whoever has a key could speak for any.
    """
    metrics = [metric for item in _objects(document.get("items")) if (metric := _metric(item)) is not None]
    if not metrics:
        return {}
    own = _resource(document, service, environment)["attributes"]
    resource = {"attributes": [attribute for attribute in own if attribute["key"] != _HOST]}
    return {
        "resourceMetrics": [{"resource": resource, "scopeMetrics": [{"scope": _scope(document), "metrics": metrics}]}]
    }


def beyond_records(document: Mapping[str, Any]) -> int:
    """Return how many records or spans of an item are left out, since one holds more than 1,000 of them."""
    lists = (document.get("items"), document.get("spans"))
    return sum(max(0, len(own) - _MOST_RECORDS) for own in lists if isinstance(own, list))


def _metric(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a metric of one point: what was counted, as it is, or of a distribution, since the one before."""
    value, at_us, name = finite_number(item.get("value")), time_us(item.get("timestamp")), item.get("name")
    if value is None or at_us is None or not isinstance(name, str):
        return None
    point: dict[str, Any] = {"timeUnixNano": _ns(at_us), "attributes": _attributes(_typed(item.get("attributes")))}
    known = {"name": name, "unit": str(item.get("unit") or "")}
    match item.get("type"):
        case "counter":
            shape = {"dataPoints": [{**point, "asDouble": value}], "aggregationTemporality": _DELTA}
            return {**known, "sum": {**shape, "isMonotonic": True}}
        case "gauge":
            return {**known, "gauge": {"dataPoints": [{**point, "asDouble": value}]}}
        case "distribution":
            of_one = {"count": "1", "sum": value, "min": value, "max": value, "bucketCounts": ["1"]}
            return {**known, "histogram": {"dataPoints": [{**point, **of_one}], "aggregationTemporality": _DELTA}}
    return None


def _root(document: Mapping[str, Any], trace: Mapping[str, Any]) -> dict[str, Any] | None:
    request = _object(document.get("request"))
    more = {
        "http.request.method": request.get("method"),
        "url.path": str(request.get("url") or "").partition("?")[0],
        "sentry.origin": trace.get("origin"),
    }
    times = document.get("start_timestamp"), document.get("timestamp")
    attributes = {**more, **_object(trace.get("data")), **_tags(document.get("tags"))}
    return _span(trace, str(document.get("transaction") or ""), times, attributes)


def _child(item: Mapping[str, Any]) -> dict[str, Any] | None:
    name = str(item.get("description") or item.get("op") or "")
    times = item.get("start_timestamp"), item.get("timestamp")
    return _span(item, name, times, {**_object(item.get("data")), **_tags(item.get("tags"))})


def _span_item(item: Mapping[str, Any]) -> dict[str, Any] | None:
    attributes = _typed(item.get("attributes"))
    own = {**item, "op": attributes.get("sentry.op")}
    times = item.get("start_timestamp"), item.get("end_timestamp")
    return _span(own, str(item.get("name") or ""), times, attributes)


def _span(
    item: Mapping[str, Any], name: str, times: tuple[object, object], attributes: Mapping[str, Any]
) -> dict[str, Any] | None:
    begin_us, end_us = map(time_us, times)
    if begin_us is None or end_us is None:
        return None
    operation = str(item.get("op") or "")
    return {
        **_ids(item),
        "name": name or operation,
        "kind": _KINDS.get(operation, _CLIENT if operation.startswith(("db", "cache")) else _INTERNAL),
        "startTimeUnixNano": _ns(begin_us),
        "endTimeUnixNano": _ns(end_us),
        "status": {"code": _STATUSES.get(str(item.get("status") or ""), 0)},
        "attributes": _attributes({**attributes, "sentry.op": operation}),
    }


def _record(item: Mapping[str, Any]) -> dict[str, Any]:
    level, at_us = str(item.get("level") or "info").lower(), time_us(item.get("timestamp"))
    return {
        "timeUnixNano": _ns(at_us) if at_us is not None else "0",
        **_ids(item),
        "severityText": level[:64],
        "severityNumber": _SEVERITIES.get(level, 0),
        "body": {"stringValue": str(item.get("body") or "")},
        "attributes": _attributes(_typed(item.get("attributes"))),
    }


def _resource(document: Mapping[str, Any], service: str, environment: str) -> dict[str, Any]:
    """Return whose records they are; of items that hold many, as their first says it."""
    first = next(iter(_objects(document.get("items"))), {})
    stated = _typed(first.get("attributes"))
    names = {
        "service.name": service,
        "service.version": document.get("release") or stated.get("sentry.release"),
        "deployment.environment.name": document.get("environment") or stated.get("sentry.environment") or environment,
        _HOST: document.get("server_name") or stated.get("server.address"),
        "telemetry.sdk.language": document.get("platform"),
    }
    return {"attributes": _attributes(names)}


def _scope(document: Mapping[str, Any]) -> dict[str, str]:
    sdk = _object(document.get("sdk"))
    return {"name": str(sdk.get("name") or "sentry"), "version": str(sdk.get("version") or "")}


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries = [(str(name), value) for name, value in values.items() if value is not None and value != ""]
    return [{"key": name, "value": {"stringValue": _text(value)}} for name, value in entries[:_MOST_ATTRIBUTES]]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _typed(attributes: object) -> dict[str, Any]:
    """Return attributes of items, each of which says its type."""
    return {name: _object(own).get("value") for name, own in _object(attributes).items()}


def _tags(tags: object) -> dict[str, Any]:
    pairs = tags if isinstance(tags, list) else []
    return _object(tags) or {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2}


def _ids(item: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids that are well formed: one that is not would make the whole request unreadable."""
    ids = {name: digits(item.get(key), count) for name, (key, count) in _IDS.items()}
    return {name: text for name, text in ids.items() if text}


def _ns(at_us: int) -> str:
    """Return a time of OTLP, the latest one at most: one beyond would make the whole request unreadable."""
    return str(min(max(0, at_us), _LATEST_US) * 1_000)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Iterable[dict[str, Any]]:
    return [own for own in value[:_MOST_RECORDS] if isinstance(own, dict)] if isinstance(value, list) else []
