"""Records -> requests of OTLP in protobuf: the way back of `log_records`, `span_reader` and `metric_reader`.

Values of attributes are text here, so they are text in a request, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from outrider.model import (
    ExponentialValue,
    GaugeValue,
    HistogramValue,
    LogRecord,
    MetricPoint,
    Span,
    SumValue,
)
from outrider.telemetry.otlp_body import SignalKind, request_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model import SummaryValue
    from outrider.telemetry.spool import Record

_KINDS: Final = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
_STATUSES: Final = ("Unset", "Ok", "Error")
_CUMULATIVE: Final = 2
_DELTA: Final = 1


def request_body(kind: SignalKind, records: Sequence[Record]) -> bytes:
    """Return a request of some records, those of a resource and scope together."""
    message: Any = request_message(kind)
    scopes: dict[tuple[int, str, str], Any] = {}
    for record in records:
        key = id(record.resource), record.scope_name, record.scope_version
        if key not in scopes:
            scopes[key] = _scope(kind, message, record)
        _ADDERS[kind](scopes[key], record)
    return bytes(message.SerializeToString())


def _scope(kind: SignalKind, message: Any, record: Record) -> Any:
    group = getattr(message, _GROUPS[kind]).add()
    resource = record.resource if "service.name" in record.resource else {"service.name": record.service}
    _put(group.resource.attributes, {**record.resource, **resource})
    scoped = getattr(group, _SCOPES[kind]).add()
    scoped.scope.name, scoped.scope.version = record.scope_name, record.scope_version
    return scoped


def _put(pairs: Any, attributes: Mapping[str, str]) -> None:
    for name, value in attributes.items():
        pair = pairs.add()
        pair.key, pair.value.string_value = name, value


def _add_log(scope: Any, record: LogRecord) -> None:
    entry = scope.log_records.add()
    entry.time_unix_nano = entry.observed_time_unix_nano = record.time_ns
    entry.trace_id, entry.span_id = bytes.fromhex(record.trace_id), bytes.fromhex(record.span_id)
    entry.flags, entry.event_name = record.trace_flags, record.event_name
    entry.severity_text, entry.severity_number = record.severity_text, record.severity_number
    entry.body.string_value = record.body
    _put(entry.attributes, record.attributes)


def _add_span(scope: Any, span: Span) -> None:
    entry = scope.spans.add()
    entry.trace_id, entry.span_id = bytes.fromhex(span.trace_id), bytes.fromhex(span.span_id)
    entry.parent_span_id, entry.trace_state = bytes.fromhex(span.parent_span_id), span.trace_state
    entry.name, entry.kind = span.name, _KINDS.index(span.kind)
    entry.start_time_unix_nano, entry.end_time_unix_nano = span.time_ns, span.time_ns + span.duration_ns
    entry.status.code, entry.status.message = _STATUSES.index(span.status), span.status_message
    _put(entry.attributes, span.attributes)
    for event in span.events:
        own = entry.events.add()
        own.time_unix_nano, own.name = event.time_ns, event.name
        _put(own.attributes, event.attributes)
    for link in span.links:
        own = entry.links.add()
        own.trace_id, own.span_id = bytes.fromhex(link.trace_id), bytes.fromhex(link.span_id)
        own.trace_state = link.trace_state
        _put(own.attributes, link.attributes)


def _add_point(scope: Any, point: MetricPoint) -> None:
    metric = scope.metrics.add()
    metric.name, metric.description, metric.unit = point.name, point.description, point.unit
    data, entry = _new_point(metric, point.value)
    entry.time_unix_nano, entry.start_time_unix_nano = point.time_ns, point.start_ns
    _put(entry.attributes, point.attributes)
    if isinstance(point.value, SumValue | HistogramValue | ExponentialValue):
        data.aggregation_temporality = _DELTA if point.value.is_delta else _CUMULATIVE


def _new_point(metric: Any, value: Any) -> tuple[Any, Any]:
    """Return what holds the points of a metric, and its one point with a value."""
    if isinstance(value, GaugeValue):
        entry = metric.gauge.data_points.add()
        entry.as_double = value.value
        return metric.gauge, entry
    if isinstance(value, SumValue):
        entry = metric.sum.data_points.add()
        entry.as_double, metric.sum.is_monotonic = value.value, value.is_monotonic
        return metric.sum, entry
    if isinstance(value, HistogramValue):
        return metric.histogram, _histogram(metric.histogram.data_points.add(), value)
    if isinstance(value, ExponentialValue):
        return metric.exponential_histogram, _exponential(metric.exponential_histogram.data_points.add(), value)
    return metric.summary, _summary(metric.summary.data_points.add(), value)


def _histogram(entry: Any, value: HistogramValue) -> Any:
    _summarise(entry, value)
    entry.bucket_counts.extend(value.counts)
    entry.explicit_bounds.extend(value.bounds)
    return entry


def _exponential(entry: Any, value: ExponentialValue) -> Any:
    _summarise(entry, value)
    entry.scale, entry.zero_count = value.scale, value.zero_count
    entry.positive.offset, entry.negative.offset = value.positive_offset, value.negative_offset
    entry.positive.bucket_counts.extend(value.positive_counts)
    entry.negative.bucket_counts.extend(value.negative_counts)
    return entry


def _summarise(entry: Any, value: HistogramValue | ExponentialValue) -> None:
    entry.count, entry.sum = value.samples, value.total
    if value.minimum or value.maximum:  # else they were not sent
        entry.min, entry.max = value.minimum, value.maximum


def _summary(entry: Any, value: SummaryValue) -> Any:
    entry.count, entry.sum = value.samples, value.total
    for quantile, number in value.quantiles:
        own = entry.quantile_values.add()
        own.quantile, own.value = quantile, number
    return entry


_ADDERS: Final[dict[SignalKind, Any]] = {
    SignalKind.LOGS: _add_log,
    SignalKind.TRACES: _add_span,
    SignalKind.METRICS: _add_point,
}
_GROUPS: Final = {
    SignalKind.LOGS: "resource_logs",
    SignalKind.TRACES: "resource_spans",
    SignalKind.METRICS: "resource_metrics",
}
_SCOPES: Final = {
    SignalKind.LOGS: "scope_logs",
    SignalKind.TRACES: "scope_spans",
    SignalKind.METRICS: "scope_metrics",
}
