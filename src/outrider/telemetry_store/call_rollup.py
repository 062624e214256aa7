"""Who calls whom, by minute: client spans joined with the server spans below them, once their minute has settled.

No view can do this: the two spans of a call come in different batches, from different services. So each minute is read
once, some time after its end, and inserted with a token of its own: doing it twice changes nothing.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from outrider.model import NodeKind
from outrider.telemetry_store.telemetry_schema import RED_OF_SPANS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

TABLE: Final = "outrider_calls_1m"
MINUTE_S: Final = 60
SETTLED_S: Final = 120
"""How long after its end a minute is read: spans are sent when they end, and wait in a spool."""

_LONGEST_GAP_S: Final = 3600
_MOST_SPANS: Final = 200_000
_MOST_TARGETS: Final = 200
_OTHER: Final = "other"
_COLUMNS: Final = {
    "Minute": "DateTime", "SourceKind": "LowCardinality(String)", "Source": "LowCardinality(String)",
    "TargetKind": "LowCardinality(String)", "Target": "LowCardinality(String)", "Origin": "LowCardinality(String)",
    "n": "UInt64", "errors": "UInt64", "total_ns": "UInt64", "buckets": "Map(Int16, UInt64)",
}  # fmt: skip
_LIMITS: Final = {"max_execution_time": 20, "max_memory_usage": 400_000_000, "readonly": 2, "max_threads": 1}
_IN_MINUTE: Final = "Timestamp >= toDateTime({from:UInt32}) AND Timestamp < toDateTime({from:UInt32} + 60)"
_NEAR: Final = "Timestamp >= toDateTime({from:UInt32} - 60) AND Timestamp < toDateTime({from:UInt32} + 180)"
_SAMPLED: Final = "cityHash64(TraceId) % {every:UInt32} = 0"


def _first(*names: str) -> str:
    """Return the first of several attributes that is there."""
    present = [f"nullIf(SpanAttributes['{name}'], '')" for name in names]
    return f"coalesce({', '.join(present)}, '')"


_DATABASE: Final = _first("db.system.name", "db.system")
_QUEUE: Final = _first("messaging.system")
_ADDRESS: Final = (
    "coalesce(" + ", ".join(
        [f"nullIf(SpanAttributes['{name}'], '')" for name in ("peer.service", "server.address", "net.peer.name")]
        + [f"nullIf(domain(SpanAttributes['{name}']), '')" for name in ("url.full", "http.url")]
        + [f"nullIf(SpanAttributes['{name}'], '')" for name in ("rpc.service", "net.sock.peer.addr")]
    ) + ", '')"
)  # fmt: skip
_DATABASE_NAME: Final = _first("db.namespace", "db.name", "server.address", "net.peer.name")
_DESTINATION: Final = _first("messaging.destination.name", "messaging.destination")
_CALLS: Final = f"""
SELECT SourceKind, Source, TargetKind, Target, Origin, {RED_OF_SPANS} FROM (
    SELECT 'service' AS SourceKind, p.ServiceName AS Source, p.Origin AS Origin, p.StatusCode AS StatusCode,
        p.Duration AS Duration, p.SampleRate AS SampleRate,
        multiIf(p.Database != '', '{NodeKind.DATABASE}', p.Queue != '', '{NodeKind.QUEUE}',
            c.ServiceName != '', '{NodeKind.SERVICE}', '{NodeKind.EXTERNAL}') AS TargetKind,
        multiIf(p.Database != '', trim(concat(p.Database, ' ', p.DatabaseName)),
            p.Queue != '', trim(concat(p.Queue, ' ', p.Destination)),
            c.ServiceName != '', c.ServiceName, p.Address) AS Target
    FROM (
        SELECT TraceId, SpanId, ServiceName, Origin, StatusCode, Duration, SampleRate, {_DATABASE} AS Database,
            {_DATABASE_NAME} AS DatabaseName, {_QUEUE} AS Queue, {_DESTINATION} AS Destination, {_ADDRESS} AS Address
        FROM {{db}}.otel_traces
        WHERE {_IN_MINUTE} AND {_SAMPLED} AND (SpanKind IN ('Client', 'Producer') OR {_DATABASE} != '')
    ) AS p LEFT ANY JOIN (
        SELECT TraceId, ParentSpanId, ServiceName FROM {{db}}.otel_traces
        WHERE {_NEAR} AND {_SAMPLED} AND SpanKind IN ('Server', 'Consumer') AND ParentSpanId != ''
    ) AS c ON c.TraceId = p.TraceId AND c.ParentSpanId = p.SpanId
    UNION ALL
    SELECT 'queue', trim(concat({_QUEUE}, ' ', {_DESTINATION})), Origin, StatusCode, Duration, SampleRate,
        '{NodeKind.SERVICE}', ServiceName
    FROM {{db}}.otel_traces
    WHERE {_IN_MINUTE} AND {_SAMPLED} AND SpanKind = 'Consumer' AND {_QUEUE} != ''
    UNION ALL
    SELECT 'service', p.ServiceName, c.Origin, c.StatusCode, c.Duration, c.SampleRate,
        '{NodeKind.SERVICE}', c.ServiceName
    FROM (
        SELECT TraceId, ParentSpanId, ServiceName, Origin, StatusCode, Duration, SampleRate FROM {{db}}.otel_traces
        WHERE {_IN_MINUTE} AND {_SAMPLED} AND SpanKind = 'Server' AND ParentSpanId != ''
    ) AS c INNER ANY JOIN (
        SELECT TraceId, SpanId, ServiceName FROM {{db}}.otel_traces
        WHERE {_NEAR} AND {_SAMPLED} AND SpanKind NOT IN ('Client', 'Producer')
    ) AS p ON c.TraceId = p.TraceId AND c.ParentSpanId = p.SpanId
    WHERE p.ServiceName != c.ServiceName
) WHERE Source != '' AND Target != ''
GROUP BY SourceKind, Source, TargetKind, Target, Origin
ORDER BY n DESC, Source, Target LIMIT 20000
"""
"""A call to a database or queue goes there, whatever lies behind it; another one to the service whose span is below it,
else to an address. Of repeated span ids one counts. A server span below what is no client span, as behind a proxy
without spans of its own, counts too."""

_Name = tuple[str, str, str, str, str]


class CallRollup:
    """Counts the calls of each minute once it has settled.

    Args:
        client: Of the database.
        clock: Seconds since 1970.
    """

    def __init__(self, client: ClickHouseClient, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._next_s: int | None = None
        self._targets: defaultdict[str, set[str]] = defaultdict(set)

    def roll_up(self, *, most: int = 10) -> int:
        """Count some of the minutes that have settled; return how many are left. After a gap an hour is made up for.

        Raises:
            TelemetryError: If the store refuses.
            TelemetryUnavailable: If the same call may succeed later; nothing is lost.
        """
        settled_s = int(self._clock() - SETTLED_S) // MINUTE_S * MINUTE_S
        if self._next_s is None:
            self._next_s = self._last_s() + MINUTE_S
        next_s = max(self._next_s, settled_s - _LONGEST_GAP_S)
        for _ in range(most):
            if next_s >= settled_s:
                break
            self._count(next_s)
            next_s += MINUTE_S
            self._next_s = next_s
        return max(0, settled_s - next_s) // MINUTE_S

    def _last_s(self) -> int:
        return int(self._client.command(f"SELECT toUnixTimestamp(max(Minute)) FROM {self._name(TABLE)}"))

    def _count(self, minute_s: int) -> None:
        spans = self._client.query(
            f"SELECT sum(n) FROM {self._name('outrider_operations_1m')} WHERE Minute = toDateTime({{from:UInt32}})",
            {"from": minute_s}, {"readonly": 2},
        ).rows[0][0]  # fmt: skip
        if not spans:
            return
        every = 1 + int(spans) // _MOST_SPANS
        sql = _CALLS.replace("{db}", f"`{self._client.database}`")
        rows = self._client.query(sql, {"from": minute_s, "every": every}, _LIMITS).rows
        calls = self._within_limits(rows, every)
        if calls:
            data = list(zip(*((minute_s, *name, *numbers) for name, numbers in calls), strict=True))
            self._client.insert(TABLE, _COLUMNS, data, token=f"calls-{minute_s}")

    def _within_limits(self, rows: Sequence[tuple[Any, ...]], every: int) -> list[tuple[_Name, tuple[Any, ...]]]:
        """Return calls by name; of a caller's targets that are too many, as `other`."""
        calls: dict[_Name, tuple[int, int, int, Counter[int]]] = {}
        for source_kind, source, target_kind, target, origin, count, errors, total_ns, buckets in rows:
            name = (source_kind, source, target_kind, self._known(source, target), origin)
            before = calls.get(name, (0, 0, 0, Counter()))
            more = Counter({bucket: number * every for bucket, number in dict(buckets).items()})
            calls[name] = (
                before[0] + int(count) * every, before[1] + int(errors) * every,
                before[2] + int(total_ns) * every, before[3] + more,
            )  # fmt: skip
        return [(name, (*numbers[:3], dict(numbers[3]))) for name, numbers in calls.items()]

    def _known(self, source: str, target: str) -> str:
        known = self._targets[source]
        if target not in known and len(known) >= _MOST_TARGETS:
            return _OTHER
        known.add(target)
        return target

    def _name(self, table: str) -> str:
        return f"`{self._client.database}`.{table}"
