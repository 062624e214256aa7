"""What the API answers of telemetry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.dashboard.api_values import instant
from outrider.dashboard.log_view import level_of
from outrider.dashboard.page_addresses import write_row_position

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import (
        HostReading,
        LogRecord,
        Matches,
        MeasuredTable,
        MovedOperation,
        RecordKind,
        RowPosition,
        RuntimePoint,
        Span,
        SpanRates,
        TelemetryReader,
    )

MOST_SPANS: Final = 10_000


@dataclass(frozen=True, slots=True)
class LogItem:
    """A log record; `time_ns` counts since 1970, `level` is the name of `severity_number`."""

    time: str | None
    time_ns: int
    level: str
    severity_text: str
    severity_number: int
    service: str
    body: str
    trace_id: str
    span_id: str
    event_name: str
    origin: str
    scope_name: str
    scope_version: str
    attributes: dict[str, str]
    resource: dict[str, str]


@dataclass(frozen=True, slots=True)
class SpanEventItem:
    """What happened at one moment of a span."""

    time: str | None
    time_ns: int
    name: str
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class SpanLinkItem:
    """Another span that caused a span."""

    trace_id: str
    span_id: str
    trace_state: str
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class SpanItem:
    """A span; `time` is its start, `sample_rate` how many spans it stands for."""

    time: str | None
    time_ns: int
    duration_ms: float
    trace_id: str
    span_id: str
    parent_span_id: str
    trace_state: str
    service: str
    name: str
    kind: str
    status: str
    status_message: str
    origin: str
    sample_rate: int
    scope_name: str
    scope_version: str
    attributes: dict[str, str]
    resource: dict[str, str]
    events: tuple[SpanEventItem, ...]
    links: tuple[SpanLinkItem, ...]


@dataclass(frozen=True, slots=True)
class MeasuredBody:
    """A measure by keys and time: `columns` name what stands in each row; a column `time` is in seconds since 1970."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class LogPage:
    """Log records, the newest first, or a measure of them; from `since` on, before `until`."""

    items: tuple[LogItem, ...]
    next: str | None
    since: str | None
    until: str | None
    measured: MeasuredBody | None


@dataclass(frozen=True, slots=True)
class SpanPage:
    """Spans, the newest first, or a measure of them; from `since` on, before `until`."""

    items: tuple[SpanItem, ...]
    next: str | None
    since: str | None
    until: str | None
    measured: MeasuredBody | None


@dataclass(frozen=True, slots=True)
class TraceBody:
    """The spans of a trace, by their start; the first 10,000."""

    id: str
    items: tuple[SpanItem, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class HostReadingItem:
    """A host as metrics tell of it; shares from 0 to 1, null for what was not sent within fifteen minutes.

    `disk` is that of the fullest file system, `mount_point`.
    """

    host: str
    last: str | None
    cpu: float | None
    memory: float | None
    disk: float | None
    mount_point: str
    load: float | None
    network_bytes_s: float | None
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostsBody:
    """Hosts that sent system metrics in a time, by name."""

    items: tuple[HostReadingItem, ...]
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class MovedItem:
    """What an operation does that deviates, since when; p95 in milliseconds, a share, or requests in five minutes."""

    metric: str
    since: str | None
    value: float
    usual: float


@dataclass(frozen=True, slots=True)
class RatesItem:
    """How many spans entered a service or an operation, how many failed, and how long they took.

    `moved` says of an operation what deviates from its last day.
    """

    service: str
    operation: str
    count: int
    errors: int
    error_share: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    moved: tuple[MovedItem, ...]


@dataclass(frozen=True, slots=True)
class RatesBody:
    """Services, or the operations of one; from `since` on, before `until`."""

    items: tuple[RatesItem, ...]
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class RuntimeItem:
    """A metric of an instance of a service in a period from `at` on.

    `kind` is `level` as it was sent, `rate` a second of what only grows, `mean` of a histogram; `part` are its
    attributes' values.
    """

    metric: str
    unit: str
    kind: str
    instance: str
    part: str
    at: str | None
    value: float


@dataclass(frozen=True, slots=True)
class RuntimeBody:
    """What the runtimes of a service sent; from `since` on, before `until`."""

    items: tuple[RuntimeItem, ...]
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured of what matches."""

    measure: str
    by: tuple[str, ...]
    every_s: int

    def of(self, reader: TelemetryReader, kind: RecordKind, query: str) -> MeasuredTable:
        """Return the measure."""
        return reader.measure(kind, query, measure=self.measure, by=self.by, every_s=self.every_s)


def api_logs(matches: Matches[LogRecord]) -> LogPage:
    """Return log records for the API."""
    items = tuple(log_item(record) for record in matches.rows)
    return LogPage(items, _next(matches.following), *_time(matches), None)


def api_spans(matches: Matches[Span]) -> SpanPage:
    """Return spans for the API."""
    items = tuple(span_item(span) for span in matches.rows)
    return SpanPage(items, _next(matches.following), *_time(matches), None)


def api_measured_logs(table: MeasuredTable) -> LogPage:
    """Return a measure of log records for the API."""
    return LogPage((), None, *_time(table), _measured(table))


def api_measured_spans(table: MeasuredTable) -> SpanPage:
    """Return a measure of spans for the API."""
    return SpanPage((), None, *_time(table), _measured(table))


def api_trace(trace_id: str, spans: Sequence[Span]) -> TraceBody:
    """Return a trace for the API."""
    return TraceBody(trace_id, tuple(span_item(span) for span in spans), len(spans) < MOST_SPANS)


def api_hosts(hosts: Iterable[HostReading], since_us: int, until_us: int) -> HostsBody:
    """Return hosts for the API."""
    items = (
        HostReadingItem(
            row.name, instant(row.last_us), row.cpu, row.memory, row.disk, row.mount_point, row.load,
            row.network_bytes_s, row.services,
        )
        for row in hosts
    )  # fmt: skip
    return HostsBody(tuple(items), instant(since_us), instant(until_us))


def api_runtime(points: Iterable[RuntimePoint], since_us: int, until_us: int) -> RuntimeBody:
    """Return what runtimes sent for the API."""
    items = (
        RuntimeItem(own.metric, own.unit, own.kind, own.instance, own.part, instant(own.at_s * 10**6), own.value)
        for own in points
        if math.isfinite(own.value)
    )
    return RuntimeBody(tuple(items), instant(since_us), instant(until_us))


def api_rates(
    rates: Iterable[SpanRates], since_us: int, until_us: int, moved: Iterable[MovedOperation] = ()
) -> RatesBody:
    """Return the rates of services or operations for the API, and which operations deviate."""
    of: dict[str, list[MovedItem]] = {}
    for own in moved:
        of.setdefault(own.operation, []).append(MovedItem(own.metric, instant(own.since_us), own.value, own.usual))
    items = (_rates_item(row, tuple(of.get(row.operation, ()))) for row in rates)
    return RatesBody(tuple(items), instant(since_us), instant(until_us))


def _rates_item(row: SpanRates, moved: tuple[MovedItem, ...]) -> RatesItem:
    p50_ms, p95_ms, p99_ms = (row.durations.quantile(share) for share in (0.5, 0.95, 0.99))
    return RatesItem(
        row.service, row.operation, row.count, row.errors, row.error_share, p50_ms, p95_ms, p99_ms, moved
    )  # fmt: skip


def log_item(record: LogRecord) -> LogItem:
    """Return a log record for the API."""
    return LogItem(
        instant(record.time_ns // 1000), record.time_ns, level_of(record), record.severity_text,
        record.severity_number, record.service, record.body, record.trace_id, record.span_id, record.event_name,
        record.origin, record.scope_name, record.scope_version, dict(record.attributes), dict(record.resource),
    )  # fmt: skip


def span_item(span: Span) -> SpanItem:
    """Return a span for the API."""
    events = tuple(
        SpanEventItem(instant(event.time_ns // 1000), event.time_ns, event.name, dict(event.attributes))
        for event in span.events
    )
    links = tuple(SpanLinkItem(*link[:3], dict(link.attributes)) for link in span.links)
    return SpanItem(
        instant(span.time_ns // 1000), span.time_ns, span.duration_ns / 1e6, span.trace_id, span.span_id,
        span.parent_span_id, span.trace_state, span.service, span.name, span.kind, span.status, span.status_message,
        span.origin, span.sample_rate, span.scope_name, span.scope_version, dict(span.attributes), dict(span.resource),
        events, links,
    )  # fmt: skip


def _measured(table: MeasuredTable) -> MeasuredBody:
    rows = tuple(tuple(value if _is_finite(value) else None for value in row) for row in table.rows)
    return MeasuredBody(table.columns, rows, table.is_complete)


def _is_finite(value: str | float | None) -> bool:
    """Return whether JSON has a value: it has no infinity, which an attribute may say."""
    return not isinstance(value, float) or math.isfinite(value)


def _time(answer: Matches[LogRecord] | Matches[Span] | MeasuredTable) -> tuple[str | None, str | None]:
    return instant(answer.since_ns // 1000), instant(answer.until_ns // 1000)


def _next(position: RowPosition | None) -> str | None:
    return write_row_position(position) if position else None
