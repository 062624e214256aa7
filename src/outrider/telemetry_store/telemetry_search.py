"""Answers queries of telemetry; see the port `TelemetryReader`."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from outrider.model import (
    OTHER_VALUES,
    Facet,
    Histogram,
    LogPattern,
    LogPatterns,
    LogRecord,
    Matches,
    MeasuredTable,
    RecordKind,
    RowPosition,
    Span,
    SpanEvent,
    SpanLink,
    SpanRates,
)
from outrider.telemetry_store.measures import check_keys, key_sql, measure_sql
from outrider.telemetry_store.pattern_tree import MOST_TEMPLATES, TEMPLATE, merged_patterns
from outrider.telemetry_store.query_compiler import Condition, Parameters, compile_query
from outrider.telemetry_store.query_fields import LOG_COUNTS, LOGS, SPANS
from outrider.telemetry_store.query_terms import QueryError
from outrider.telemetry_store.telemetry_schema import DURATION_BUCKET

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient
    from outrider.telemetry_store.query_fields import Signal

MOST_ROWS: Final = 10_000
MOST_GROUPS: Final = 1000
MOST_PERIODS: Final = 2000
_FACET_KEYS, _FACET_VALUES, _FEW_VALUES = 30, 10, 100
_SECOND_NS = 10**9
_MINUTE_S = 60
_BY_HOUR_NS = 12 * 3600 * _SECOND_NS
_SURROUNDING_NS = 6 * 3600 * _SECOND_NS
_SIGNALS: Final = {RecordKind.LOGS: LOGS, RecordKind.SPANS: SPANS}

_NS = "toUnixTimestamp64Nano(Timestamp)"
_LOG_COLUMNS = (
    f"{_NS}, TraceId, SpanId, TraceFlags, SeverityText, SeverityNumber, ServiceName, Body, ResourceAttributes,"
    " ScopeName, ScopeVersion, LogAttributes, EventName, Origin"
)
_SPAN_HEAD = (
    f"{_NS}, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,"
    " ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage"
)
_PLAIN_SPAN_COLUMNS = f"{_SPAN_HEAD}, Origin, SampleRate"
_SPAN_COLUMNS = (
    f"{_SPAN_HEAD}, arrayMap(t -> toUnixTimestamp64Nano(t), Events.Timestamp), Events.Name, Events.Attributes,"
    " Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes, Origin, SampleRate"
)


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query may take; beyond it, the query ends with an error.

    Attributes:
        is_measuring: Whether something is measured on the engine's host: a query takes one thread then.
    """

    seconds: float = 10.0
    memory_bytes: int = 500_000_000
    rows_read: int = 1_000_000_000
    is_measuring: Callable[[], bool] = lambda: False

    def settings(self) -> dict[str, Any]:
        """Return them as settings of ClickHouse."""
        given = {
            "max_execution_time": self.seconds, "max_memory_usage": self.memory_bytes,
            "max_rows_to_read": self.rows_read, "readonly": 2,
        }  # fmt: skip
        return given | ({"max_threads": 1} if self.is_measuring() else {})


class TelemetrySearch:
    """Answers queries, each within its limits."""

    def __init__(
        self,
        client: ClickHouseClient,
        *,
        limits: QueryLimits | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._client = client
        self._limits = limits or QueryLimits()
        self._clock = clock

    def search_logs(
        self, query: str, *, limit: int = 50, after_ns: int = 0, before: RowPosition | None = None
    ) -> Matches[LogRecord]:
        """Return matching log records after a time, the newest first; from a position on."""
        condition = self._condition(LOGS, query, after_ns)
        rows, is_complete = self._newest(LOGS, _LOG_COLUMNS, condition, limit, before)
        records = tuple(LogRecord(*row) for row in rows)
        following = None if is_complete else _position([record.time_ns for record in records], before)
        return Matches(records, condition.time.since_ns, condition.time.until_ns, is_complete, following)

    def search_spans(
        self, query: str, *, limit: int = 50, after_ns: int = 0, before: RowPosition | None = None
    ) -> Matches[Span]:
        """Return matching spans that began after a time, the newest first; from a position on."""
        condition = self._condition(SPANS, query, after_ns)
        rows, is_complete = self._newest(SPANS, _SPAN_COLUMNS, condition, limit, before)
        spans = tuple(map(_span, rows))
        following = None if is_complete else _position([span.time_ns for span in spans], before)
        return Matches(spans, condition.time.since_ns, condition.time.until_ns, is_complete, following)

    def surrounding_logs(
        self, service: str, time_ns: int, *, limit: int = 25
    ) -> tuple[tuple[LogRecord, ...], tuple[LogRecord, ...]]:
        """Return log records of a service up to a time, and after it, of six hours each; both the newest first."""
        until = self._of_service(service, time_ns - _SURROUNDING_NS, time_ns + 1, limit, "DESC")
        later = self._of_service(service, time_ns + 1, time_ns + _SURROUNDING_NS, limit, "ASC")
        return until, later[::-1]

    def _of_service(self, service: str, since_ns: int, until_ns: int, limit: int, order: str) -> tuple[LogRecord, ...]:
        parameters = Parameters()
        when = _between("Timestamp", since_ns, until_ns, parameters)
        sql = (
            f"SELECT {_LOG_COLUMNS} FROM {self._table(LOGS)}"
            f" WHERE {when} AND ServiceName = {parameters.add(service, 'String')}"
            f" ORDER BY Timestamp {order}, TraceId, SpanId, Body"
            f" LIMIT {parameters.add(max(1, min(limit, MOST_ROWS)), 'UInt32')}"
        )
        return tuple(LogRecord(*row) for row in self._rows(sql, parameters))

    def log_patterns(self, query: str, *, newest: int = 200_000) -> LogPatterns:
        """Return the patterns of the newest records that match."""
        condition = self._condition(LOGS, query)
        parameters = condition.parameters
        records = (
            f"SELECT ServiceName, {TEMPLATE} AS Template, {_NS} AS Ns, SeverityNumber, Body FROM {self._table(LOGS)}"
            f" WHERE {_when(LOGS, condition)} AND ({condition.sql})"
            f" ORDER BY toStartOfFiveMinutes(Timestamp) DESC LIMIT {parameters.add(newest, 'UInt32')}"
        )
        sql = (
            "SELECT ServiceName, Template, count() AS n, min(Ns), max(Ns), max(SeverityNumber), any(Body)"
            f" FROM ({records}) GROUP BY ServiceName, Template ORDER BY n DESC, ServiceName, Template"
            f" LIMIT {MOST_TEMPLATES}"
        )
        rows = merged_patterns(LogPattern(row[0], row[1], row[1], *row[2:]) for row in self._rows(sql, parameters))
        count = sum(row.count for row in rows)
        return LogPatterns(rows, count, count < newest)

    def span_durations(self, query: str) -> tuple[Histogram, Histogram]:
        """Return the durations, in milliseconds, of all spans that match, and of those that failed."""
        condition = self._condition(SPANS, query)
        sql = (
            f"SELECT {DURATION_BUCKET} AS Bucket, {SPANS.count()}, {SPANS.count(SPANS.failed)}"
            f" FROM {self._table(SPANS)} WHERE {_when(SPANS, condition)} AND ({condition.sql}) GROUP BY Bucket"
        )
        rows = [
            (int(bucket), int(count), int(failed)) for bucket, count, failed in self._rows(sql, condition.parameters)
        ]
        counts = {bucket: count for bucket, count, _ in rows}
        return Histogram(counts), Histogram({bucket: failed for bucket, _, failed in rows if failed})

    def trace(self, trace_id: str, *, limit: int = MOST_ROWS) -> tuple[Span, ...]:
        """Return the spans of a trace, by their start; none if it is unknown."""
        parameters = Parameters()
        wanted = parameters.add(trace_id.lower().replace("-", ""), "String")
        most = parameters.add(limit, "UInt32")
        sql = (
            f"SELECT {_SPAN_COLUMNS} FROM {self._table(SPANS)} WHERE TraceId = {wanted}"
            f" ORDER BY Timestamp, SpanId LIMIT {most}"
        )
        return tuple(map(_span, self._rows(sql, parameters)))

    def traces(
        self, trace_ids: Sequence[str], *, limit: int = 50_000, spans_each: int = 10_000
    ) -> dict[str, tuple[Span, ...]]:
        """Return the spans of traces by their ids, without events and links; see the port."""
        parameters = Parameters()
        wanted = parameters.add(list(trace_ids), "Array(String)")
        most = parameters.add(limit + 1, "UInt32")
        sql = (
            f"SELECT {_PLAIN_SPAN_COLUMNS} FROM {self._table(SPANS)} WHERE TraceId IN {wanted}"
            f" ORDER BY TraceId, Timestamp, SpanId LIMIT {parameters.add(spans_each, 'UInt32')} BY TraceId LIMIT {most}"
        )
        rows = self._rows(sql, parameters) if trace_ids else []
        spans: dict[str, list[Span]] = {}
        for row in rows:
            spans.setdefault(row[1], []).append(Span._make((*row[:_HEAD], (), (), *row[_HEAD:])))
        if len(rows) > limit:
            cut, _ = spans.popitem()  # they are ordered by id
            spans |= {trace_id: [] for trace_id in sorted(trace_ids) if trace_id >= cut}
        return {trace_id: tuple(of_trace) for trace_id, of_trace in spans.items()}

    def measure(
        self,
        kind: RecordKind,
        query: str,
        *,
        measure: str = "count",
        by: Sequence[str] = (),
        every_s: int = 0,
        values: Sequence[str] = (),
    ) -> MeasuredTable:
        """Return a measure of what matches, by keys and by time; see the port."""
        check_keys(by)
        signal = _SIGNALS[kind]
        now_ns = self._clock()
        condition = compile_query(query, signal, now_ns=now_ns)
        duration_ns = condition.time.until_ns - condition.time.since_ns
        if every_s and duration_ns / _SECOND_NS / every_s > MOST_PERIODS:
            raise QueryError(f"more than {MOST_PERIODS} periods", text=query, column=0, fix="ask for longer ones")
        if kind is RecordKind.LOGS and _is_counted(condition, measure, by, every_s):
            signal = LOG_COUNTS
            condition = compile_query(query, signal, now_ns=now_ns)
        return self._measured(signal, condition, measure, by, every_s, values=values)

    def services(self, since_ns: int, until_ns: int, *, with_synthetic: bool = False) -> list[SpanRates]:
        """Return every service that spans enter, by name."""
        by_hour = until_ns - since_ns > _BY_HOUR_NS
        table, period = ("outrider_services_1h", "Hour") if by_hour else ("outrider_services_1m", "Minute")
        parameters = Parameters()
        where = within(period, since_ns, until_ns, parameters) + ("" if with_synthetic else " AND Origin = ''")
        sql = (
            f"SELECT ServiceName, '', sum(n), sum(errors), sumMap(buckets) FROM {self._name(table)} WHERE {where}"
            " GROUP BY ServiceName ORDER BY ServiceName"
        )
        return [_rates(row) for row in self._rows(sql, parameters)]

    def operations(
        self, service: str, since_ns: int, until_ns: int, *, with_synthetic: bool = False
    ) -> list[SpanRates]:
        """Return the operations of a service, those with the most time in all first."""
        parameters = Parameters()
        where = within("Minute", since_ns, until_ns, parameters) + ("" if with_synthetic else " AND Origin = ''")
        sql = (
            "SELECT ServiceName, SpanName, sum(n), sum(errors), sumMap(buckets)"
            f" FROM {self._name('outrider_operations_1m')}"
            f" WHERE ServiceName = {parameters.add(service, 'String')} AND {where}"
            f" GROUP BY ServiceName, SpanName ORDER BY sum(total_ns) DESC LIMIT {parameters.add(MOST_GROUPS, 'UInt32')}"
        )
        return [_rates(row) for row in self._rows(sql, parameters)]

    def facets(self, kind: RecordKind, since_ns: int, until_ns: int, *, service: str = "") -> list[Facet]:
        """Return attributes with few values and the most frequent of them.

        Identifiers are none, nor is what was hidden: of more values than are shown, each occurs five times on average.
        """
        table = "outrider_log_facets" if kind is RecordKind.LOGS else "outrider_span_facets"
        parameters = Parameters()
        where = within("Quarter", since_ns // (900 * _SECOND_NS) * 900 * _SECOND_NS, until_ns, parameters)
        if service:
            where += f" AND ServiceName = {parameters.add(service, 'String')}"
        counts = f"SELECT Key, Value, sum(n) AS c FROM {self._name(table)} WHERE {where} GROUP BY Key, Value"
        top = f"arraySlice(arrayReverseSort(p -> (p.2, p.1), groupArray((Value, c))), 1, {_FACET_VALUES})"
        sql = (
            f"SELECT Key, {top} FROM ({counts}) WHERE Value != '***' GROUP BY Key"
            f" HAVING count() <= {_FEW_VALUES} AND (count() <= {_FACET_VALUES} OR sum(c) >= 5 * count())"
            f" ORDER BY sum(c) DESC, Key LIMIT {_FACET_KEYS}"
        )
        rows = self._rows(sql, parameters)
        return [Facet(key, tuple((value, int(count)) for value, count in values)) for key, values in rows]

    def facet_counts(self, kind: RecordKind, query: str, keys: Sequence[str], *, newest: int = 100_000) -> list[Facet]:
        """Return the most frequent values of keys among the newest records that match."""
        signal = _SIGNALS[kind]
        condition = self._condition(signal, query)
        parameters = condition.parameters
        values = ", ".join(key_sql(key, signal, parameters) for key in keys)
        records = (
            f"SELECT [{values}] AS Values, {signal.weight or 1} AS Weight FROM {self._table(signal)}"
            f" WHERE {_when(signal, condition)} AND ({condition.sql})"
            f" ORDER BY toStartOfFiveMinutes(Timestamp) DESC LIMIT {parameters.add(newest, 'UInt32')}"
        )
        sql = (
            f"SELECT Key, Value, sum(Weight) AS c FROM ({records})"
            f" ARRAY JOIN {parameters.add(list(keys), 'Array(String)')} AS Key, Values AS Value"
            f" WHERE Value != '' GROUP BY Key, Value ORDER BY c DESC, Value LIMIT {_FACET_VALUES} BY Key"
        )
        counts: dict[str, list[tuple[str, int]]] = {key: [] for key in keys}
        for key, value, count in self._rows(sql, parameters):
            counts[key].append((value, int(count)))
        return [Facet(key, tuple(values)) for key, values in counts.items() if values]

    def _condition(self, signal: Signal, query: str, after_ns: int = 0) -> Condition:
        condition = compile_query(query, signal, now_ns=self._clock())
        since_ns = max(condition.time.since_ns, after_ns + 1 if after_ns else 0)
        return replace(condition, time=replace(condition.time, since_ns=since_ns))

    def _newest(
        self, signal: Signal, columns: str, condition: Condition, limit: int, before: RowPosition | None = None
    ) -> tuple[list[tuple[Any, ...]], bool]:
        most = max(1, min(limit, MOST_ROWS))
        parameters = condition.parameters
        if before is not None:
            time = condition.time
            condition = replace(condition, time=replace(time, until_ns=min(time.until_ns, before.time_ns + 1)))
        skipped = before.skipped if before else 0
        where = f"FROM {self._table(signal)} WHERE {_when(signal, condition)} AND ({condition.sql})"
        by_time = "toStartOfFiveMinutes(Timestamp) DESC, Timestamp DESC"
        # The engine reads in the table's order, and stops, where it sorts by time alone: that bounds what has its ties
        # sorted, too.
        last = f"SELECT Timestamp {where} ORDER BY {by_time} LIMIT {parameters.add(most + 1 + skipped, 'UInt32')}"
        sql = (
            f"SELECT {columns} {where} AND Timestamp >= (SELECT min(Timestamp) FROM ({last}))"
            f" ORDER BY {', '.join((by_time, *signal.order))} LIMIT {parameters.add(most + 1, 'UInt32')}"
            f" OFFSET {parameters.add(skipped, 'UInt32')}"
        )
        rows = self._rows(sql, parameters)
        return rows[:most], len(rows) <= most

    def _measured(
        self,
        signal: Signal,
        condition: Condition,
        measure: str,
        by: Sequence[str],
        every_s: int,
        *,
        values: Sequence[str],
    ) -> MeasuredTable:
        parameters = condition.parameters
        span = condition.time
        seconds = every_s or (span.until_ns - span.since_ns) / _SECOND_NS
        value = measure_sql(measure, signal, parameters, seconds=seconds)
        keys = [key_sql(key, signal, parameters) for key in by]
        if values:
            known = parameters.add(["", *values], "Array(String)")
            keys[0] = f"if(has({known}, {keys[0]}), {keys[0]}, '{OTHER_VALUES}')"
        if every_s:
            width = parameters.add(every_s, "UInt32")
            keys.insert(0, f"toInt64(intDiv(toUnixTimestamp({signal.time}), {width}) * {width})")
        names = [f"k{number}" for number in range(len(keys))]
        grouped = "".join(f"{sql} AS {name}, " for sql, name in zip(keys, names, strict=True))
        most = MOST_PERIODS * (MOST_GROUPS if by else 1) if every_s else MOST_GROUPS
        order = f"{'k0, ' if every_s else ''}v DESC NULLS LAST{''.join(f', {name}' for name in names)}"
        sql = (
            f"SELECT {grouped}{value} AS v FROM {self._table(signal)}"
            f" WHERE {_when(signal, condition)} AND ({condition.sql})"
            + (f" GROUP BY {', '.join(names)} ORDER BY {order}" if names else "")
            + f" LIMIT {parameters.add(most + 1, 'UInt32')}"
        )
        rows = self._rows(sql, parameters)
        columns = (*(("time",) if every_s else ()), *by, measure)
        return MeasuredTable(columns, tuple(rows[:most]), span.since_ns, span.until_ns, len(rows) <= most)

    def _rows(self, sql: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        return self._client.query(sql, parameters.values, self._limits.settings()).rows

    def _name(self, table: str) -> str:
        return f"`{self._client.database}`.{table}"

    def _table(self, signal: Signal) -> str:
        return self._name(signal.table)


def _is_counted(condition: Condition, measure: str, by: Sequence[str], every_s: int) -> bool:
    """Return whether counts by minute answer a question exactly, its first and last minute aside."""
    known = LOG_COUNTS.fields.keys()
    keys = {LOG_COUNTS.names.get(key, key) for key in by} | (condition.keys or set())
    is_by_minute = every_s > 0 and every_s % _MINUTE_S == 0
    return measure == "count" and is_by_minute and condition.keys is not None and keys <= known


def _when(signal: Signal, condition: Condition) -> str:
    parameters, span = condition.parameters, condition.time
    if signal is LOG_COUNTS:
        return within(signal.time, span.since_ns, span.until_ns, parameters)
    return _between(signal.time, span.since_ns, span.until_ns, parameters)


def _between(column: str, since_ns: int, until_ns: int, parameters: Parameters) -> str:
    since = f"fromUnixTimestamp64Nano({parameters.add(since_ns, 'Int64')})"
    until = f"fromUnixTimestamp64Nano({parameters.add(until_ns, 'Int64')})"
    return f"{column} >= {since} AND {column} < {until}"


def _position(times_ns: Sequence[int], before: RowPosition | None) -> RowPosition:
    """Return where a list goes on whose rows have these times, the newest first."""
    last_ns = times_ns[-1]
    skipped = before.skipped if before is not None and before.time_ns == last_ns else 0
    return RowPosition(last_ns, skipped + times_ns.count(last_ns))


def within(period: str, since_ns: int, until_ns: int, parameters: Parameters) -> str:
    """Return a condition on whole periods: the one that `since_ns` lies in counts as a whole."""
    start = "toStartOfHour" if period == "Hour" else "toStartOfMinute"
    since = f"{start}(toDateTime({parameters.add(max(since_ns, 0) // _SECOND_NS, 'UInt32')}))"
    until = f"toDateTime({parameters.add(-(-until_ns // _SECOND_NS), 'UInt32')})"
    return f"{period} >= {since} AND {period} < {until}"


def _rates(row: tuple[Any, ...]) -> SpanRates:
    service, operation, count, errors, buckets = row
    return SpanRates(service, operation, int(count), int(errors), Histogram(dict(buckets)))


_HEAD = 15
"""Columns of a span before its events."""


def _span(row: tuple[Any, ...]) -> Span:
    events = tuple(SpanEvent(*event) for event in zip(*row[_HEAD : _HEAD + 3], strict=True))
    links = tuple(SpanLink(*link) for link in zip(*row[_HEAD + 3 : _HEAD + 7], strict=True))
    return Span._make((*row[:_HEAD], events, links, *row[_HEAD + 7 :]))
