"""What hosts said of themselves, moment by moment, without the maps of attributes that points of metrics carry.

A point of a processor, a memory or a file system is one of several states: a moment is their sum, of those that are
used (`a`) and of all (`b`), so that `a / b` is a share; of other metrics `a` is the value.
"""

from __future__ import annotations

from typing import Final

TABLE: Final = "outrider_host_points"

FIGURES: Final = {
    "system.cpu.time": "cpu", "system.cpu.utilization": "cpu",
    "system.memory.usage": "memory", "system.memory.utilization": "memory",
    "system.filesystem.usage": "filesystem", "system.filesystem.utilization": "filesystem",
    "system.paging.usage": "swap", "system.paging.utilization": "swap",
    "system.disk.io": "disk", "system.network.io": "network", "system.cpu.load_average.1m": "load",
}  # fmt: skip
"""Metrics that are read, and what they tell. One more needs a step of the schema that makes the views anew."""


def first_of(attributes: str, *keys: str) -> str:
    """Return the first of some attributes that is there, else an empty text."""
    cases = "".join(f"{attributes}['{key}'] != '', {attributes}['{key}'], " for key in keys)
    return f"multiIf({cases}'')"


HOST: Final = first_of("ResourceAttributes", "host.name", "k8s.node.name", "host.id")
_SOURCE: Final = "concat(ServiceName, ' ', ResourceAttributes['service.instance.id'])"
_STATE: Final = first_of(
    "Attributes", "state", "cpu.mode", "system.cpu.state", "system.memory.state", "system.filesystem.state",
    "system.paging.state",
)  # fmt: skip
_PART: Final = (
    "multiIf(startsWith(MetricName, 'system.filesystem.'),"
    f" {first_of('Attributes', 'mountpoint', 'system.filesystem.mountpoint')}, MetricName IN ('system.disk.io',"
    " 'system.network.io'),"
    f" {first_of('Attributes', 'direction', 'disk.io.direction', 'network.io.direction')}, '')"
)
_USED: Final = "if(startsWith(MetricName, 'system.cpu.'), State NOT IN ('idle', 'wait', 'iowait'), State = 'used')"
_COUNTED: Final = "startsWith(MetricName, 'system.cpu.') OR State IN ('used', 'free', 'buffered', 'cached', 'inactive')"
"""States of memory that add up to all of it: slabs are part of what is cached."""
_KEPT: Final = (
    f"{first_of('Attributes', 'type', 'system.filesystem.type')}"
    " NOT IN ('tmpfs', 'devtmpfs', 'squashfs', 'overlay', 'iso9660', 'autofs')"
    f" AND NOT (MetricName = 'system.network.io' AND {first_of('Attributes', 'device', 'network.interface.name')}"
    " IN ('lo', 'lo0'))"
)
_SOURCES: Final = {
    "otel_metrics_gauge": ("'level'", "1"),
    "otel_metrics_sum": (
        "multiIf(NOT IsMonotonic, 'level', AggregationTemporality = 1, 'delta', 'counter')",
        "(IsMonotonic OR AggregationTemporality != 1)",
    ),
}
"""For each table of points what kind of value they are, and which of them."""
_OF_DAY: Final = " AND toDate(TimeUnix) = '{day}'"


def _moments(source: str, when: str = "") -> str:
    kind, chosen = _SOURCES[source]
    rows = (
        f"SELECT TimeUnix AS Time, {HOST} AS Host, MetricName, {_PART} AS Part, {_SOURCE} AS Source, {kind} AS Kind,"
        f" {_STATE} AS State, Value FROM {{db}}.{source}"
        f" WHERE MetricName IN {tuple(FIGURES)!r} AND Host != '' AND {chosen} AND {_KEPT}{when}"
    )
    return (
        f"SELECT Time, Host, MetricName, Part, Source, Kind, if(State = '' OR {_USED}, Value, 0) AS a,"
        f" multiIf(State = '', 1, {_COUNTED}, Value, 0) AS b FROM ({rows})"
    )


def host_step(settings: str) -> tuple[str, ...]:
    """Return statements that make the table, fill it day by day from what is there, and keep it filled."""
    name, number = "LowCardinality(String)", "SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))"
    keys = "Host, MetricName, Part, Source, Kind, Time"
    views = {source: f"{TABLE}_of_{source.rpartition('_')[2]}_mv" for source in _SOURCES}
    return (
        *(f"DROP VIEW IF EXISTS {{db}}.{view} SYNC" for view in views.values()),
        f"CREATE TABLE IF NOT EXISTS {{db}}.{TABLE} (Time DateTime64(9) CODEC(Delta(8), ZSTD(1)), Host {name},"
        f" MetricName {name}, Part {name}, Source {name}, Kind {name}, a {number}, b {number})"
        f" ENGINE = AggregatingMergeTree PARTITION BY toDate(Time) ORDER BY (toStartOfHour(Time), {keys}) {settings}",
        f"TRUNCATE TABLE {{db}}.{TABLE}",
        *(
            f"INSERT INTO {{db}}.{TABLE} {_moments(source, _OF_DAY)} SETTINGS max_threads = 1" for source in _SOURCES
        ),
        *(
            f"CREATE MATERIALIZED VIEW IF NOT EXISTS {{db}}.{view} TO {{db}}.{TABLE} AS {_moments(source)}"
            for source, view in views.items()
        ),
    )  # fmt: skip
