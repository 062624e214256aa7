"""Answers questions about services from rollups; see the port `ServiceReader`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from outrider.model import (
    BUCKET_VALUE,
    RATIO,
    Dependency,
    Deployment,
    Histogram,
    Node,
    NodeKind,
    OperationCount,
    RatePoint,
    ServiceInstance,
    Statement,
)
from outrider.telemetry_store.host_search import HostSearch
from outrider.telemetry_store.query_compiler import Parameters
from outrider.telemetry_store.telemetry_search import within

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_DEPENDENCIES: Final = 5000
MOST_DEPLOYMENTS: Final = 1000
MOST_INSTANCES: Final = 200
MOST_COUNTS: Final = 400_000
MOST_POINTS: Final = 100_000
MOST_STATEMENTS: Final = 50
_STATEMENT_CHARACTERS: Final = 500
_HOUR_S: Final = 3600
_USERS: Final = " AND Origin = ''"
_PEAK_S: Final = 300
_WEEK_S: Final = 7 * 86_400
_WHOLE_DAYS: Final = 6
_ENTRIES: Final = "SpanKind IN ('Server', 'Consumer')"
_SYSTEM: Final = (
    "if(SpanAttributes['db.system.name'] != '', SpanAttributes['db.system.name'], SpanAttributes['db.system'])"
)
_TEXT: Final = (
    "multiIf(SpanAttributes['db.query.summary'] != '', SpanAttributes['db.query.summary'],"
    " SpanAttributes['db.query.text'] != '', SpanAttributes['db.query.text'],"
    " SpanAttributes['db.statement'] != '', SpanAttributes['db.statement'], SpanName)"
)


class ServiceSearch(HostSearch):
    """Answers them, each within the limits of a query; without probers' traffic unless it is asked for."""

    def dependencies(
        self, since_ns: int, until_ns: int, *, service: str = "", with_synthetic: bool = False
    ) -> list[Dependency]:
        """Return calls between services, and to databases, queues and others, the most frequent first."""
        parameters = Parameters()
        where = within("Minute", since_ns, until_ns, parameters) + ("" if with_synthetic else _USERS)
        if service:
            name = parameters.add(service, "String")
            where += (
                f" AND ((SourceKind = 'service' AND Source = {name}) OR (TargetKind = 'service' AND Target = {name}))"
            )
        sql = (
            "SELECT SourceKind, Source, TargetKind, Target, sum(n), sum(errors), sumMap(buckets)"
            f" FROM {self._name('outrider_calls_1m')} WHERE {where} GROUP BY SourceKind, Source, TargetKind, Target"
            f" ORDER BY sum(n) DESC, Source, Target LIMIT {parameters.add(MOST_DEPENDENCIES, 'UInt32')}"
        )
        return [_dependency(row) for row in self._rows(sql, parameters)]

    def deployments(self, since_ns: int, until_ns: int, *, service: str = "") -> list[Deployment]:
        """Return versions whose first request lies in that time and that came after another, the oldest first."""
        parameters = Parameters()
        chosen = f"ServiceName = {parameters.add(service, 'String')} AND " if service else ""
        since, until = (parameters.add(ns // 1000, "Int64") for ns in (since_ns, until_ns))
        versions = (
            "SELECT ServiceName, Environment, Version, toUnixTimestamp64Micro(min(First)) AS at"
            f" FROM {self._name('outrider_instances_1h')} WHERE {chosen}Version != ''"
            " GROUP BY ServiceName, Environment, Version"
        )
        ordered = (
            "SELECT ServiceName, Environment, Version, lagInFrame(Version, 1, '') OVER (PARTITION BY ServiceName,"
            " Environment ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous, at"
            f" FROM ({versions})"
        )
        sql = (
            f"SELECT ServiceName, Environment, Version, previous, at FROM ({ordered}) WHERE previous != ''"
            f" AND at >= {since} AND at < {until} ORDER BY at DESC LIMIT {parameters.add(MOST_DEPLOYMENTS, 'UInt32')}"
        )
        return [Deployment(*row) for row in self._rows(sql, parameters)][::-1]

    def instances(self, service: str, since_ns: int, until_ns: int) -> list[ServiceInstance]:
        """Return the instances of a service that answered in that time (by the hour), the last one first."""
        parameters = Parameters()
        where = within("Hour", since_ns, until_ns, parameters)
        sql = (
            "SELECT Instance, argMax(Version, Last), sum(n), sum(errors), sum(total_ns) / greatest(sum(n), 1) / 1e6,"
            f" toUnixTimestamp64Micro(max(Last)) AS last FROM {self._name('outrider_instances_1h')}"
            f" WHERE ServiceName = {parameters.add(service, 'String')} AND {where}"
            f" GROUP BY Instance ORDER BY last DESC LIMIT {parameters.add(MOST_INSTANCES, 'UInt32')}"
        )
        return [ServiceInstance(*row) for row in self._rows(sql, parameters)]

    def statements(
        self, service: str, since_ns: int, until_ns: int, *, with_synthetic: bool = False
    ) -> list[Statement]:
        """Return what a service sends to databases, values replaced by `?`, by the time that it takes in all."""
        parameters = Parameters()
        since, until = (
            f"fromUnixTimestamp64Nano({parameters.add(ns, 'Int64')})" for ns in (max(since_ns, 0), until_ns)
        )
        where = (
            f"Timestamp >= {since} AND Timestamp < {until} AND ServiceName = {parameters.add(service, 'String')}"
            f" AND {_SYSTEM} != ''" + ("" if with_synthetic else _USERS)
        )
        sql = (
            f"SELECT {_SYSTEM} AS system, substringUTF8(normalizeQuery({_TEXT}), 1, {_STATEMENT_CHARACTERS}) AS text,"
            " sum(SampleRate), sum(if(StatusCode = 'Error', SampleRate, 0)), sum(Duration * SampleRate) / 1e6 AS total,"
            f" quantileDD(0.01, 0.95)(Duration) / 1e6 FROM {self._name('otel_traces')} WHERE {where}"
            f" GROUP BY system, text ORDER BY total DESC, text LIMIT {parameters.add(MOST_STATEMENTS, 'UInt32')}"
        )
        return [
            Statement(system, text, int(count), int(errors), total, p95)
            for system, text, count, errors, total, p95 in self._rows(sql, parameters)
        ]

    def service_points(
        self,
        since_ns: int,
        until_ns: int,
        *,
        every_s: int,
        service: str = "",
        with_synthetic: bool = False,
        with_durations: bool = True,
    ) -> dict[str, tuple[RatePoint, ...]]:
        """Return rates of services by period, those without requests left out, in the order of time.

        Args:
            since_ns: The beginning; the period that it lies in counts as a whole.
            until_ns: The end.
            every_s: Length of a period: minutes, or hours.
            service: One service; all if empty.
            with_synthetic: Count probers' traffic too.
            with_durations: Read durations, which most of the work goes into; else they are empty.
        """
        table, period = ("outrider_services_1m", "Minute") if every_s < _HOUR_S else ("outrider_services_1h", "Hour")
        parameters = Parameters()
        width = parameters.add(max(every_s, 60), "UInt32")
        where = within(period, since_ns, until_ns, parameters) + ("" if with_synthetic else _USERS)
        if service:
            where += f" AND ServiceName = {parameters.add(service, 'String')}"
        sql = (
            f"SELECT ServiceName, toUInt32(intDiv(toUnixTimestamp({period}), {width}) * {width}) AS at, sum(n),"
            f" sum(errors){', sumMap(buckets)' if with_durations else ''}"
            f" FROM {self._name(table)} WHERE {where} GROUP BY ServiceName, at"
            f" ORDER BY ServiceName, at LIMIT {parameters.add(MOST_POINTS, 'UInt32')}"
        )
        grouped: dict[str, list[RatePoint]] = {}
        for name, at_s, count, errors, *buckets in self._rows(sql, parameters):
            grouped.setdefault(name, []).append(RatePoint(at_s, count, errors, buckets[0] if buckets else {}))
        return {name: tuple(points) for name, points in grouped.items()}

    def weekly_peaks(
        self, until_ns: int, *, weeks: int, without_s: Sequence[tuple[int, int]] = ()
    ) -> dict[str, tuple[float | None, ...]]:
        """Return the busiest five minutes of each week of each service, requests a second, the oldest week first."""
        until_s = until_ns // 10**9
        parameters = Parameters()
        where = within("Minute", (until_s - weeks * _WEEK_S) * 10**9, until_ns, parameters) + _USERS
        begins, ends = (parameters.add([pair[edge] for pair in without_s], "Array(Int64)") for edge in (0, 1))
        end = parameters.add(until_s, "Int64")
        counted = (
            f"SELECT ServiceName, intDiv(toUnixTimestamp(Minute), {_PEAK_S}) * {_PEAK_S} AS at, sum(n) / {_PEAK_S} AS r"
            f" FROM {self._name('outrider_services_1m')} WHERE {where} GROUP BY ServiceName, at"
            f" HAVING NOT arrayExists((b, e) -> at < e AND at + {_PEAK_S} > b, {begins}, {ends})"
        )
        sql = (
            f"SELECT ServiceName, toInt64(intDiv(greatest({end} - 1 - at, 0), {_WEEK_S})) AS ago, max(r),"
            f" uniqExact(intDiv({end} - 1 - at, 86400)) FROM ({counted}) GROUP BY ServiceName, ago"
            f" ORDER BY ServiceName, ago LIMIT {parameters.add(MOST_POINTS, 'UInt32')}"
        )
        peaks: dict[str, dict[int, float | None]] = {}
        for name, ago, rate, days in self._rows(sql, parameters):
            peaks.setdefault(name, {})[int(ago)] = float(rate) if days >= _WHOLE_DAYS else None
        return {name: tuple(own.get(ago) for ago in range(max(own), -1, -1)) for name, own in peaks.items()}

    def operation_counts(
        self, since_ns: int, until_ns: int, *, every_s: int, service: str = ""
    ) -> list[OperationCount]:
        """Return what entered one or all services in whole minutes, by operation and period, in the order of time."""
        parameters = Parameters()
        width = parameters.add(max(every_s, 60), "UInt32")
        where = within("Minute", since_ns, until_ns, parameters) + _USERS
        if service:
            where += f" AND ServiceName = {parameters.add(service, 'String')}"
        counted = (
            f"SELECT ServiceName, SpanName, toUInt32(intDiv(toUnixTimestamp(Minute), {width}) * {width}) AS at,"
            " sum(n) AS requests, sum(errors) AS failed, sumMap(buckets) AS b"
            f" FROM {self._name('outrider_operations_1m')} WHERE {where} AND {_ENTRIES}"
            " GROUP BY ServiceName, SpanName, at"
        )
        p95 = "arrayFirst((bucket, sum) -> sum >= ceil(0.95 * requests), mapKeys(b), arrayCumSum(mapValues(b)))"
        sql = (
            f"SELECT ServiceName, SpanName, at, requests, failed, {p95} FROM ({counted})"
            f" ORDER BY at, ServiceName, SpanName LIMIT {parameters.add(MOST_COUNTS, 'UInt32')}"
        )
        return [
            OperationCount(service, operation, at_s, count, errors, BUCKET_VALUE * RATIO**bucket)
            for service, operation, at_s, count, errors, bucket in self._rows(sql, parameters)
        ]


def _dependency(row: Sequence[Any]) -> Dependency:
    source_kind, source, target_kind, target, count, errors, buckets = row
    nodes = Node(NodeKind(source_kind), source), Node(NodeKind(target_kind), target)
    return Dependency(*nodes, int(count), int(errors), Histogram(dict(buckets)))
