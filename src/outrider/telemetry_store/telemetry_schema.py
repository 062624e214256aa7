"""Tables of telemetry, as steps that bring a database to the present version.

Names and columns of `otel_logs`, `otel_traces` and `otel_metrics_*` are those that the OpenTelemetry collector's
exporter for ClickHouse writes, so that other tools read ours; `Origin`, `SampleRate` and `Items` are added. Filters
use `Items` (`key=value`), since no index serves `LogAttributes['key'] = …`; it is computed, not stored, and its index
is stored.

Every target of a materialized view has a window of its own for repeated inserts: without one, a repeat doubles the
rollup.
"""

from __future__ import annotations

import math
from typing import Final

from outrider.model import LEAST, RATIO
from outrider.telemetry_store.host_schema import HOST, host_step
from outrider.telemetry_store.page_view_schema import CONDITION_STEP, CRASH_STEP, PAGE_VIEWS, page_view_table

WINDOW: Final = 10_000
"""How many inserts are remembered, to notice a repeated one."""

PARTITIONED_BY_DAY: Final = (
    "otel_logs", "otel_traces", "otel_metrics_gauge", "otel_metrics_sum", "otel_metrics_histogram",
    "otel_metrics_exponential_histogram", "otel_metrics_summary", "outrider_log_facets", "outrider_span_facets",
    "outrider_host_points",
    PAGE_VIEWS,
)  # fmt: skip
ROLLUPS: Final = (
    "outrider_logs_1m", "outrider_operations_1m", "outrider_services_1m", "outrider_services_1h", "outrider_calls_1m",
    "outrider_instances_1h",
)  # fmt: skip

_WINDOW = f"non_replicated_deduplication_window = {WINDOW}"
_SETTINGS = f"SETTINGS {_WINDOW}"
_MAP = "Map(LowCardinality(String), String)"
_NAME = "LowCardinality(String)"
_ZSTD = "CODEC(ZSTD(1))"
_TIME = "DateTime64(9) CODEC(Delta(8), ZSTD(1))"


def _items(*maps: str) -> str:
    pairs = [f"arrayMap((k, v) -> concat(k, '=', v), mapKeys({name}), mapValues({name}))" for name in maps]
    return f"Items Array(String) ALIAS arrayConcat({', '.join(pairs)})"


_LOGS = f"""
CREATE TABLE IF NOT EXISTS {{db}}.otel_logs (
    Timestamp {_TIME},
    TimestampTime DateTime ALIAS toDateTime(Timestamp),
    TraceId String {_ZSTD},
    SpanId String {_ZSTD},
    TraceFlags UInt8,
    SeverityText {_NAME} {_ZSTD},
    SeverityNumber UInt8,
    ServiceName {_NAME} {_ZSTD},
    Body String {_ZSTD},
    ResourceAttributes {_MAP} {_ZSTD},
    ScopeName {_NAME} {_ZSTD},
    ScopeVersion {_NAME} {_ZSTD},
    LogAttributes {_MAP} {_ZSTD},
    EventName {_NAME} {_ZSTD},
    Origin {_NAME} {_ZSTD},
    {_items("LogAttributes", "ResourceAttributes")},
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_lower_body lower(Body) TYPE text(tokenizer = splitByNonAlpha),
    INDEX idx_items Items TYPE text(tokenizer = 'array')
) ENGINE = MergeTree PARTITION BY toDate(Timestamp)
ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp) {_SETTINGS}
"""

_TRACES = f"""
CREATE TABLE IF NOT EXISTS {{db}}.otel_traces (
    Timestamp {_TIME},
    TraceId String {_ZSTD},
    SpanId String {_ZSTD},
    ParentSpanId String {_ZSTD},
    TraceState String {_ZSTD},
    SpanName {_NAME} {_ZSTD},
    SpanKind {_NAME} {_ZSTD},
    ServiceName {_NAME} {_ZSTD},
    ResourceAttributes {_MAP} {_ZSTD},
    ScopeName {_NAME} {_ZSTD},
    ScopeVersion {_NAME} {_ZSTD},
    SpanAttributes {_MAP} {_ZSTD},
    Duration UInt64 {_ZSTD},
    StatusCode {_NAME} {_ZSTD},
    StatusMessage String {_ZSTD},
    Events Nested (Timestamp DateTime64(9), Name {_NAME}, Attributes {_MAP}) {_ZSTD},
    Links Nested (TraceId String, SpanId String, TraceState String, Attributes {_MAP}) {_ZSTD},
    Origin {_NAME} {_ZSTD},
    SampleRate UInt32 DEFAULT 1 {_ZSTD},
    {_items("SpanAttributes", "ResourceAttributes")},
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_duration Duration TYPE minmax GRANULARITY 1,
    INDEX idx_lower_name lower(SpanName) TYPE text(tokenizer = splitByNonAlpha),
    INDEX idx_items Items TYPE text(tokenizer = 'array')
) ENGINE = MergeTree PARTITION BY toDate(Timestamp)
ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp) {_SETTINGS}
"""

_POINT = f"""
    ResourceAttributes {_MAP} {_ZSTD},
    ScopeName {_NAME} {_ZSTD},
    ScopeVersion {_NAME} {_ZSTD},
    ServiceName {_NAME} {_ZSTD},
    MetricName {_NAME} {_ZSTD},
    MetricDescription {_NAME} {_ZSTD},
    MetricUnit {_NAME} {_ZSTD},
    Attributes {_MAP} {_ZSTD},
    StartTimeUnix {_TIME},
    TimeUnix {_TIME},
"""
_COUNTED = "Count UInt64 CODEC(Delta, ZSTD(1)), Sum Float64 CODEC(ZSTD(1))"
_EXTREMES = "Min Float64 CODEC(ZSTD(1)), Max Float64 CODEC(ZSTD(1)), AggregationTemporality Int32"
_METRICS = {
    "gauge": "Value Float64 CODEC(ZSTD(1))",
    "sum": "Value Float64 CODEC(ZSTD(1)), AggregationTemporality Int32, IsMonotonic Bool",
    "histogram": f"{_COUNTED}, BucketCounts Array(UInt64), ExplicitBounds Array(Float64), {_EXTREMES}",
    "exponential_histogram": (
        f"{_COUNTED}, Scale Int32, ZeroCount UInt64, PositiveOffset Int32, PositiveBucketCounts Array(UInt64),"
        f" NegativeOffset Int32, NegativeBucketCounts Array(UInt64), {_EXTREMES}"
    ),
    "summary": f"{_COUNTED}, ValueAtQuantiles Nested (Quantile Float64, Value Float64)",
}


_ADOPTED = (
    f"ALTER TABLE {{db}}.otel_logs ADD COLUMN IF NOT EXISTS EventName {_NAME} {_ZSTD},"
    f" ADD COLUMN IF NOT EXISTS Origin {_NAME} {_ZSTD},"
    f" ADD COLUMN IF NOT EXISTS {_items('LogAttributes', 'ResourceAttributes')},"
    " ADD INDEX IF NOT EXISTS idx_lower_body lower(Body) TYPE text(tokenizer = splitByNonAlpha)",
    f"ALTER TABLE {{db}}.otel_traces ADD COLUMN IF NOT EXISTS Origin {_NAME} {_ZSTD},"
    f" ADD COLUMN IF NOT EXISTS SampleRate UInt32 DEFAULT 1 {_ZSTD},"
    f" ADD COLUMN IF NOT EXISTS {_items('SpanAttributes', 'ResourceAttributes')},"
    " ADD INDEX IF NOT EXISTS idx_lower_name lower(SpanName) TYPE text(tokenizer = splitByNonAlpha)",
    *(
        f"ALTER TABLE {{db}}.otel_{name} MODIFY SETTING {_WINDOW}"
        for name in ("logs", "traces", *(f"metrics_{value}" for value in _METRICS))
    ),
)
"""What tables lack that OpenTelemetry's exporter for ClickHouse made. They get no index of `Items`: ClickHouse
26.9 fails to read one of a column that a lambda computes where parts of before have none."""


def _metric(name: str, values: str) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS {{db}}.otel_metrics_{name} ({_POINT} {values}) ENGINE = MergeTree"
        f" PARTITION BY toDate(TimeUnix) ORDER BY (ServiceName, MetricName, Attributes, TimeUnix) {_SETTINGS}"
    )


DURATION_BUCKET: Final = f"toInt16(ceil(log(greatest(Duration / 1e6, {LEAST})) * {1 / math.log(RATIO)!r}))"
"""The bucket of `outrider.model.Histogram` for a duration in milliseconds."""

_N = "SimpleAggregateFunction(sum, UInt64)"


def _rollup(name: str, period: str, keys: str, values: str, partition: str) -> str:
    columns = ", ".join(f"{key} {_NAME}" for key in keys.split(", ") if key != "Level")
    level = "Level UInt8, " if "Level" in keys else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {{db}}.{name}"
        f" ({period} DateTime CODEC(Delta, ZSTD(1)), {level}{columns}, {values})"
        f" ENGINE = AggregatingMergeTree PARTITION BY {partition}({period}) ORDER BY ({keys}, {period}) {_SETTINGS}"
    )


def _view(name: str, select: str) -> str:
    return f"CREATE MATERIALIZED VIEW IF NOT EXISTS {{db}}.{name}_mv TO {{db}}.{name} AS {select}"


_RED = f"n {_N}, errors {_N}, total_ns {_N}, buckets SimpleAggregateFunction(sumMap, Map(Int16, UInt64))"
"""Rate, errors and duration: how many spans, and a histogram of their durations that merges exactly."""

RED_OF_SPANS: Final = (
    "sum(toUInt64(SampleRate)) AS n, sum(if(StatusCode = 'Error', toUInt64(SampleRate), 0)) AS errors,"
    f" sum(Duration * SampleRate) AS total_ns, sumMap(map({DURATION_BUCKET}, toUInt64(SampleRate))) AS buckets"
)

_RED_OF_ROWS: Final = (
    "toUInt64(count()) AS n, toUInt64(countIf(StatusCode = 'Error')) AS errors,"
    f" sum(Duration) AS total_ns, sumMap(map({DURATION_BUCKET}, toUInt64(1))) AS buckets"
)
"""What the views count: each row once. Spans that are not kept are counted by `span_counts`, so a row that stands for
several (`SampleRate`) must not count for them again."""

_ENTERS = "SpanKind IN ('Server', 'Consumer') OR ParentSpanId = ''"
"""Spans by which something enters a service: its rate is theirs, not that of what it calls."""

LEVEL: Final = "toUInt8(least(intDiv(SeverityNumber + 3, 4), 6))"
"""0 where nothing says, then trace, debug, info, warn, error, fatal."""

_IS_FACET = "length(Value) BETWEEN 1 AND 64 AND NOT match(Value, '[0-9]{5}|[0-9a-f]{8}')"
"""Values that look like identifiers differ in every row: they are no facet, and are searched in the rows."""


def _facets(name: str, source: str, attributes: str) -> tuple[str, str]:
    table = (
        f"CREATE TABLE IF NOT EXISTS {{db}}.{name} (Quarter DateTime CODEC(Delta, ZSTD(1)), ServiceName {_NAME},"
        f" Key {_NAME}, Value String {_ZSTD}, n {_N}) ENGINE = AggregatingMergeTree PARTITION BY toDate(Quarter)"
        f" ORDER BY (Quarter, Key, ServiceName, Value) {_SETTINGS}"
    )
    pairs = f"arrayJoin(CAST({attributes}, 'Array(Tuple(String, String))')) AS pair"
    select = (
        "SELECT toStartOfFifteenMinutes(toDateTime(Timestamp)) AS Quarter, ServiceName, pair.1 AS Key, pair.2 AS Value,"
        f" count() AS n FROM (SELECT Timestamp, ServiceName, {pairs} FROM {{db}}.{source})"
        f" WHERE {_IS_FACET} GROUP BY Quarter, ServiceName, Key, Value"
    )
    return table, _view(name, select)


_BUCKETS = (
    "ALTER TABLE {{db}}.{table} MODIFY SETTING map_serialization_version = 'with_buckets',"
    " map_serialization_version_for_zero_level_parts = 'basic', map_buckets_min_avg_size = 0"
)
"""Attributes in several streams once they are merged: to read one of them costs half, to read all a third more."""

_MORE_BUCKETS = "ALTER TABLE {{db}}.{table} MODIFY SETTING map_buckets_strategy = 'linear'"
"""As many streams as a record has attributes, not the square root of it: to read one costs a little more than half."""

_INSTANCE = (
    "multiIf(ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],"
    " ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'], ResourceAttributes['host.name'])"
)
_ENVIRONMENT = (
    "if(ResourceAttributes['deployment.environment.name'] != '', ResourceAttributes['deployment.environment.name'],"
    " ResourceAttributes['deployment.environment'])"
)


def _instances_view(host: str) -> str:
    return _view(
        "outrider_instances_1h",
        "SELECT toStartOfHour(toDateTime(Timestamp)) AS Hour, ServiceName,"
        f" {_ENVIRONMENT} AS Environment, ResourceAttributes['service.version'] AS Version,"
        f" {_INSTANCE} AS Instance{host},"
        " sum(toUInt64(SampleRate)) AS n, sum(if(StatusCode = 'Error', toUInt64(SampleRate), 0)) AS errors,"
        " sum(Duration * SampleRate) AS total_ns, min(toDateTime64(Timestamp, 6)) AS First,"
        f" max(toDateTime64(Timestamp, 6)) AS Last FROM {{db}}.otel_traces WHERE {_ENTERS}"
        f" GROUP BY Hour, ServiceName, Environment, Version, Instance{', Host' if host else ''}",
    )


_INSTANCES = (
    f"CREATE TABLE IF NOT EXISTS {{db}}.outrider_instances_1h (Hour DateTime CODEC(Delta, ZSTD(1)),"
    f" ServiceName {_NAME}, Environment {_NAME}, Version {_NAME}, Instance String {_ZSTD},"
    f" n {_N}, errors {_N}, total_ns {_N},"
    " First SimpleAggregateFunction(min, DateTime64(6)), Last SimpleAggregateFunction(max, DateTime64(6)))"
    " ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(Hour)"
    f" ORDER BY (ServiceName, Environment, Version, Instance, Hour) {_SETTINGS}",
    _instances_view(""),
)


def _hosts_of_instances() -> tuple[str, ...]:
    """Return statements that add the host to instances: the name is appended to their order, which costs nothing."""
    return (
        f"ALTER TABLE {{db}}.outrider_instances_1h ADD COLUMN IF NOT EXISTS Host {_NAME},"
        " MODIFY ORDER BY (ServiceName, Environment, Version, Instance, Hour, Host)",
        "DROP VIEW IF EXISTS {db}.outrider_instances_1h_mv SYNC",
        _instances_view(f", {HOST} AS Host"),
    )


def _exact_views() -> tuple[str, ...]:
    """Return statements that make the views of spans count rows; what comes in meanwhile waits for its insert."""
    operation = "ServiceName, SpanName, SpanKind, Origin"
    selects = {
        "outrider_operations_1m": ("Minute", "toStartOfMinute", operation, ""),
        "outrider_services_1m": ("Minute", "toStartOfMinute", "ServiceName, Origin", f" WHERE {_ENTERS}"),
        "outrider_services_1h": ("Hour", "toStartOfHour", "ServiceName, Origin", f" WHERE {_ENTERS}"),
    }
    return tuple(
        statement
        for name, (period, start, keys, where) in selects.items()
        for statement in (
            f"DROP VIEW IF EXISTS {{db}}.{name}_mv SYNC",
            _view(
                name,
                f"SELECT {start}(toDateTime(Timestamp)) AS {period}, {keys}, {_RED_OF_ROWS}"
                f" FROM {{db}}.otel_traces{where} GROUP BY {period}, {keys}",
            ),
        )
    )


HOST_STEP: Final = (*host_step(_SETTINGS), *_hosts_of_instances())
STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        _LOGS,
        _TRACES,
        *(_metric(name, values) for name, values in _METRICS.items()),
        *_ADOPTED,
        _rollup("outrider_logs_1m", "Minute", "ServiceName, Level, Origin", f"n {_N}", "toYYYYMM"),
        _view(
            "outrider_logs_1m",
            f"SELECT toStartOfMinute(toDateTime(Timestamp)) AS Minute, ServiceName, {LEVEL} AS Level, Origin,"
            " toUInt64(count()) AS n FROM {db}.otel_logs GROUP BY Minute, ServiceName, Level, Origin",
        ),
        _rollup("outrider_operations_1m", "Minute", "ServiceName, SpanName, SpanKind, Origin", _RED, "toYYYYMM"),
        _view(
            "outrider_operations_1m",
            f"SELECT toStartOfMinute(toDateTime(Timestamp)) AS Minute, ServiceName, SpanName, SpanKind, Origin,"
            f" {RED_OF_SPANS} FROM {{db}}.otel_traces GROUP BY Minute, ServiceName, SpanName, SpanKind, Origin",
        ),
        _rollup("outrider_services_1m", "Minute", "ServiceName, Origin", _RED, "toYYYYMM"),
        _view(
            "outrider_services_1m",
            f"SELECT toStartOfMinute(toDateTime(Timestamp)) AS Minute, ServiceName, Origin, {RED_OF_SPANS}"
            f" FROM {{db}}.otel_traces WHERE {_ENTERS} GROUP BY Minute, ServiceName, Origin",
        ),
        _rollup("outrider_services_1h", "Hour", "ServiceName, Origin", _RED, "toYYYYMM"),
        _view(
            "outrider_services_1h",
            f"SELECT toStartOfHour(toDateTime(Timestamp)) AS Hour, ServiceName, Origin, {RED_OF_SPANS}"
            f" FROM {{db}}.otel_traces WHERE {_ENTERS} GROUP BY Hour, ServiceName, Origin",
        ),
        *_facets("outrider_log_facets", "otel_logs", "LogAttributes"),
        *_facets("outrider_span_facets", "otel_traces", "SpanAttributes"),
    ),
    tuple(_BUCKETS.format(table=table) for table in ("otel_logs", "otel_traces")),
    (
        _rollup("outrider_calls_1m", "Minute", "SourceKind, Source, TargetKind, Target, Origin", _RED, "toYYYYMM"),
        *_INSTANCES,
    ),
    _exact_views(),
    (page_view_table(_SETTINGS),),
    HOST_STEP,
    tuple(_MORE_BUCKETS.format(table=table) for table in ("otel_logs", "otel_traces")),
    CONDITION_STEP,
    CRASH_STEP,
)
"""What each version adds, from the first on; every statement may be run again. One with `{day}` is run for each day of
which there are points of metrics."""
