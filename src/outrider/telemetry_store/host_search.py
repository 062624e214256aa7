"""Answers questions about hosts and runtimes from points of metrics; see the port `ServiceReader`."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from outrider.model import HostPoint, HostReading, RuntimePoint
from outrider.telemetry_store.host_schema import FIGURES, TABLE, first_of
from outrider.telemetry_store.query_compiler import Parameters
from outrider.telemetry_store.telemetry_search import TelemetrySearch, within

MOST_HOSTS: Final = 1_000
MOST_POINTS: Final = 100_000
_MOST_SERVICES: Final = 20
_NS: Final = 10**9
_NOW_NS: Final = 900 * _NS
_HOUR_NS: Final = 3600 * _NS

_RATES: Final = ("system.disk.io", "system.network.io")
_LOAD: Final = "system.cpu.load_average.1m"
_RUNTIME: Final = (
    "^(process|cpython|jvm|nodejs|v8js|go|dotnet|kestrel|db[.]client[.]connections?)[.]"
    "|^http[.]server[.]active_requests$|queue|consumer[.](lag|records_lag)"
)
"""Names of metrics of runtimes, pools and queues. RE2."""


_INSTANCE: Final = first_of("ResourceAttributes", "service.instance.id", "k8s.pod.name", "host.name")
_LABELS: Final = (
    "arrayStringConcat(arraySort(mapValues(mapFilter((k, v) -> k NOT IN ('cpu', 'cpu.logical_number', 'device',"
    " 'network.interface.name', 'jvm.thread.daemon', 'url.scheme', 'server.address', 'server.port'), Attributes))),"
    " ' ')"
)
_STEP: Final = "PARTITION BY {keys} ORDER BY Time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"


class HostSearch(TelemetrySearch):
    """Answers them, each within the limits of a query."""

    def hosts(self, since_ns: int, until_ns: int) -> list[HostReading]:
        """Return every host that sent system metrics in that time, by name, with what it said last."""
        last = self._last_seen(since_ns, until_ns)
        now_ns = max(since_ns, until_ns - _NOW_NS)
        latest: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        for point in self.host_points(now_ns, until_ns, every_s=300):  # ascending, so the last period stays
            latest[point.host, point.figure][point.part] = point.value
        services = self._services_of_hosts(max(since_ns, until_ns - _HOUR_NS), until_ns)
        return [_reading(host, at_us, latest, services.get(host, ())) for host, at_us in last]

    def host_points(
        self, since_ns: int, until_ns: int, *, every_s: int, host: str = "", figure: str = ""
    ) -> list[HostPoint]:
        """Return figures of one or all hosts by period; what a counter did across its reset is left out."""
        parameters = Parameters()
        names = parameters.add([name for name, own in FIGURES.items() if figure in {"", own}], "Array(String)")
        where = f"{_when(since_ns, until_ns, parameters, 'Time')} AND has({names}, MetricName)"
        if host:
            where += f" AND Host = {parameters.add(host, 'String')}"
        width = parameters.add(max(every_s, 1), "UInt32")
        moments = (
            "SELECT Host, MetricName, Part, Kind, arraySort(groupArray((toUnixTimestamp64Nano(Time), a, b))) AS s"
            f" FROM {self._name(TABLE)} FINAL WHERE {where} GROUP BY Host, MetricName, Part, Source, Kind"
        )
        is_rate = f"MetricName IN {_RATES!r}"
        value = (
            f"multiIf({is_rate}, if(Kind = 'delta', a, da) / dt, MetricName = '{_LOAD}', a,"
            " Kind = 'counter', da / db, a / b)"
        )
        usable = (
            f"multiIf(Kind = 'counter', n > 1 AND da >= 0 AND if({is_rate}, dt > 0, db > 0 AND da <= db),"
            f" {is_rate}, Kind = 'delta' AND n > 1 AND dt > 0, b > 0)"
        )
        # Arrays, since windows over these rows take five times the processor's time.
        sql = (
            f"SELECT Host, MetricName, Part, toInt64(intDiv(ns, {_NS} * {width}) * {width}) AS at, avg({value})"
            f" FROM ({moments}) ARRAY JOIN s.1 AS ns, s.2 AS a, s.3 AS b, arrayDifference(s.2) AS da,"
            " arrayDifference(s.3) AS db, arrayMap(step -> step / 1e9, arrayDifference(s.1)) AS dt,"
            f" arrayEnumerate(s.1) AS n WHERE {usable} GROUP BY Host, MetricName, Part, at"
            f" ORDER BY at, Host, MetricName, Part LIMIT {parameters.add(MOST_POINTS, 'UInt32')}"
        )
        points = {
            (host, FIGURES[metric], part, int(at)): value
            for host, metric, part, at, value in self._rows(sql, parameters)
        }
        return [HostPoint(*key, value) for key, value in points.items()]

    def runtime_points(self, service: str, since_ns: int, until_ns: int, *, every_s: int) -> list[RuntimePoint]:
        """Return metrics of the runtimes, pools and queues of a service by instance and period."""
        parameters = Parameters()
        name, pattern = parameters.add(service, "String"), parameters.add(_RUNTIME, "String")
        width = parameters.add(max(every_s, 1), "UInt32")
        where = (
            f"ServiceName = {name} AND {_when(since_ns, until_ns, parameters)} AND match(MetricName, {pattern})"
            " AND NOT startsWith(MetricName, 'otel.')"
        )
        columns = f"MetricName, MetricUnit AS Unit, {_INSTANCE} AS Instance, {_LABELS} AS Part, TimeUnix AS Time"
        delta = "if(AggregationTemporality = 1, 'delta', 'counter')"
        rows = (
            f"SELECT {columns}, Value AS a, 0 AS c, 'level' AS Kind FROM {self._name('otel_metrics_gauge')}"
            f" WHERE {where} UNION ALL SELECT {columns}, Value AS a, 0 AS c, if(IsMonotonic, {delta}, 'level') AS Kind"
            f" FROM {self._name('otel_metrics_sum')} WHERE {where} AND (IsMonotonic OR AggregationTemporality != 1)"
            f" UNION ALL SELECT {columns}, Sum AS a, Count AS c, concat({delta}, ' mean') AS Kind"
            f" FROM {self._name('otel_metrics_histogram')} WHERE {where}"
        )
        keys = "MetricName, Unit, Instance, Part, Kind"
        moments = f"SELECT {keys}, Time, sum(a) AS a, sum(c) AS c FROM ({rows}) GROUP BY {keys}, Time"
        step = _STEP.format(keys=keys)
        steps = (
            f"SELECT {keys}, Time, a, c, a - lagInFrame(a) OVER ({step}) AS da,"
            f" toInt64(c) - toInt64(lagInFrame(c) OVER ({step})) AS dc, {_seconds_since(step)} AS dt,"
            f" count() OVER ({step}) AS n FROM ({moments})"
        )
        value = (
            "multiIf(Kind = 'level', a, Kind = 'counter', da / dt, Kind = 'delta', a / dt,"
            " Kind = 'counter mean', da / dc, a / c)"
        )
        usable = (
            "multiIf(Kind = 'level', 1, Kind = 'delta mean', c > 0, Kind = 'counter mean', n = 2 AND dc > 0,"
            " Kind = 'counter', n = 2 AND da >= 0 AND dt > 0, n = 2 AND dt > 0)"
        )
        shown = "multiIf(Kind = 'level', Kind, endsWith(Kind, 'mean'), 'mean', 'rate')"
        sql = (
            f"SELECT MetricName, Unit, {shown} AS What, Instance, Part,"
            f" toInt64(intDiv(toUnixTimestamp(Time), {width}) * {width}) AS at, avg({value}) FROM ({steps})"
            f" WHERE {usable} GROUP BY MetricName, Unit, What, Instance, Part, at"
            f" ORDER BY MetricName, Instance, Part, at LIMIT {parameters.add(MOST_POINTS, 'UInt32')}"
        )
        return [RuntimePoint(*row) for row in self._rows(sql, parameters)]

    def _last_seen(self, since_ns: int, until_ns: int) -> list[tuple[str, int]]:
        parameters = Parameters()
        sql = (
            f"SELECT Host, toUnixTimestamp64Micro(toDateTime64(max(Time), 6)) FROM {self._name(TABLE)}"
            f" WHERE {_when(since_ns, until_ns, parameters, 'Time')} GROUP BY Host"
            f" ORDER BY Host LIMIT {parameters.add(MOST_HOSTS, 'UInt32')}"
        )
        return [(host, int(at_us)) for host, at_us in self._rows(sql, parameters)]

    def _services_of_hosts(self, since_ns: int, until_ns: int) -> dict[str, tuple[str, ...]]:
        parameters = Parameters()
        where = within("Hour", since_ns, until_ns, parameters)
        sql = (
            f"SELECT Host, arraySort(groupUniqArray({_MOST_SERVICES})(toString(ServiceName)))"
            f" FROM {self._name('outrider_instances_1h')} WHERE {where} AND Host != '' GROUP BY Host"
            f" LIMIT {parameters.add(MOST_HOSTS, 'UInt32')}"
        )
        return {host: tuple(names) for host, names in self._rows(sql, parameters)}


def _when(since_ns: int, until_ns: int, parameters: Parameters, column: str = "TimeUnix") -> str:
    since, until = (f"fromUnixTimestamp64Nano({parameters.add(max(ns, 0), 'Int64')})" for ns in (since_ns, until_ns))
    return f"{column} >= {since} AND {column} < {until}"


def _seconds_since(step: str) -> str:
    """Return the seconds since the point before, as SQL."""
    return f"(toUnixTimestamp64Nano(Time) - toUnixTimestamp64Nano(lagInFrame(Time) OVER ({step}))) / 1e9"


def _reading(
    host: str, last_us: int, latest: dict[tuple[str, str], dict[str, float]], services: tuple[str, ...]
) -> HostReading:
    disks = latest.get((host, "filesystem"), {})
    mount_point = max(disks, key=lambda part: disks[part], default="")
    network = latest.get((host, "network"))

    def value(figure: str) -> float | None:
        return latest.get((host, figure), {}).get("")

    return HostReading(
        host, last_us, value("cpu"), value("memory"), disks.get(mount_point), mount_point, value("load"),
        sum(network.values()) if network else None, services,
    )  # fmt: skip
