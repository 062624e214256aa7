"""Batches of log records, spans and points as columns of the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outrider.model import (
    ExponentialValue,
    GaugeValue,
    HistogramValue,
    LogRecord,
    MetricPoint,
    Span,
    SpanEvent,
    SpanLink,
    SummaryValue,
    SumValue,
)
from outrider.telemetry_store.span_counts import counts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

_MAP = "Map(LowCardinality(String), String)"
_NAME = "LowCardinality(String)"
_TIME = "DateTime64(9)"

_LOGS = {
    "Timestamp": _TIME, "TraceId": "String", "SpanId": "String", "TraceFlags": "UInt8", "SeverityText": _NAME,
    "SeverityNumber": "UInt8", "ServiceName": _NAME, "Body": "String", "ResourceAttributes": _MAP, "ScopeName": _NAME,
    "ScopeVersion": _NAME, "LogAttributes": _MAP, "EventName": _NAME, "Origin": _NAME,
}  # fmt: skip
"""In the order of the fields of `LogRecord`."""

_SPANS = {
    "Timestamp": _TIME, "TraceId": "String", "SpanId": "String", "ParentSpanId": "String", "TraceState": "String",
    "SpanName": _NAME, "SpanKind": _NAME, "ServiceName": _NAME, "ResourceAttributes": _MAP, "ScopeName": _NAME,
    "ScopeVersion": _NAME, "SpanAttributes": _MAP, "Duration": "UInt64", "StatusCode": _NAME, "StatusMessage": "String",
}  # fmt: skip
_SPANS_END = {"Origin": _NAME, "SampleRate": "UInt32"}
_EVENTS = {
    "Events.Timestamp": f"Array({_TIME})", "Events.Name": f"Array({_NAME})", "Events.Attributes": f"Array({_MAP})",
}  # fmt: skip
_LINKS = {
    "Links.TraceId": "Array(String)", "Links.SpanId": "Array(String)", "Links.TraceState": "Array(String)",
    "Links.Attributes": f"Array({_MAP})",
}  # fmt: skip
_SPAN_COLUMNS = {**_SPANS, **_EVENTS, **_LINKS, **_SPANS_END}
_EVENTS_AT = Span._fields.index("events")
_LINKS_AT = Span._fields.index("links")

_POINTS = {
    "TimeUnix": _TIME, "StartTimeUnix": _TIME, "ServiceName": _NAME, "MetricName": _NAME, "MetricDescription": _NAME,
    "MetricUnit": _NAME, "ResourceAttributes": _MAP, "ScopeName": _NAME, "ScopeVersion": _NAME, "Attributes": _MAP,
}  # fmt: skip
_COUNTED = {"Count": "UInt64", "Sum": "Float64"}
_EXTREMES = {"Min": "Float64", "Max": "Float64", "AggregationTemporality": "Int32"}
_COUNTS = "Array(UInt64)"


class TelemetryTables:
    """Takes batches; see the port `TelemetryInserts`."""

    def __init__(self, client: ClickHouseClient) -> None:
        self._client = client

    def insert_logs(self, records: Sequence[LogRecord], *, token: str) -> None:
        """Insert log records."""
        if records:
            self._client.insert("otel_logs", _LOGS, _columns(records), token=token)

    def insert_spans(self, spans: Sequence[Span], *, token: str) -> None:
        """Insert spans."""
        if not spans:
            return
        columns = _columns(spans)
        events = _nested(columns[_EVENTS_AT], len(SpanEvent._fields))
        links = _nested(columns[_LINKS_AT], len(SpanLink._fields))
        data = [*columns[:_EVENTS_AT], *events, *links, *columns[_LINKS_AT + 1 :]]
        self._client.insert("otel_traces", _SPAN_COLUMNS, data, token=token)

    def count_spans(self, spans: Sequence[Span], *, token: str) -> None:
        """Count spans in the rollups that their rows would have reached, without the rows."""
        for table, columns, rows in counts_of(spans):
            self._client.insert(table, columns, _columns(rows), token=token)

    def insert_metrics(self, points: Sequence[MetricPoint], *, token: str) -> None:
        """Insert points of metrics, a table for each kind of value."""
        for kind, (table, columns, values_of) in _TABLES.items():
            chosen = [point for point in points if isinstance(point.value, kind)]
            if chosen:
                heads = _columns(chosen)[:-1]
                values = [list(column) for column in zip(*(values_of(point.value) for point in chosen), strict=True)]
                self._client.insert(f"otel_metrics_{table}", {**_POINTS, **columns}, [*heads, *values], token=token)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True))


def _nested(lists: Sequence[tuple[tuple[Any, ...], ...]], width: int) -> list[list[list[Any]]]:
    return [[[item[field] for item in items] for items in lists] for field in range(width)]


def _temporality(is_delta: bool) -> int:
    return 1 if is_delta else 2  # as OTLP numbers them


def _histogram(value: HistogramValue) -> tuple[Any, ...]:
    ends = (value.minimum, value.maximum, _temporality(value.is_delta))
    return (value.samples, value.total, value.counts, value.bounds, *ends)


def _exponential(value: ExponentialValue) -> tuple[Any, ...]:
    ends = (value.minimum, value.maximum, _temporality(value.is_delta))
    return (
        value.samples, value.total, value.scale, value.zero_count, value.positive_offset, value.positive_counts,
        value.negative_offset, value.negative_counts, *ends,
    )  # fmt: skip


def _summary(value: SummaryValue) -> tuple[Any, ...]:
    shares, values = zip(*value.quantiles, strict=True) if value.quantiles else ((), ())
    return (value.samples, value.total, shares, values)


_TABLES: Mapping[type, tuple[str, Mapping[str, str], Callable[[Any], tuple[Any, ...]]]] = {
    GaugeValue: ("gauge", {"Value": "Float64"}, tuple),
    SumValue: (
        "sum",
        {"Value": "Float64", "IsMonotonic": "Bool", "AggregationTemporality": "Int32"},
        lambda value: (value.value, value.is_monotonic, _temporality(value.is_delta)),
    ),
    HistogramValue: (
        "histogram",
        {**_COUNTED, "BucketCounts": _COUNTS, "ExplicitBounds": "Array(Float64)", **_EXTREMES},
        _histogram,
    ),
    ExponentialValue: (
        "exponential_histogram",
        {
            **_COUNTED,
            "Scale": "Int32",
            "ZeroCount": "UInt64",
            "PositiveOffset": "Int32",
            "PositiveBucketCounts": _COUNTS,
            "NegativeOffset": "Int32",
            "NegativeBucketCounts": _COUNTS,
            **_EXTREMES,
        },
        _exponential,
    ),
    SummaryValue: (
        "summary",
        {**_COUNTED, "ValueAtQuantiles.Quantile": "Array(Float64)", "ValueAtQuantiles.Value": "Array(Float64)"},
        _summary,
    ),
}
