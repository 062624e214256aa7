"""Versions of the schema."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.telemetry_store.samples import log_record, point, span

from outrider.model import GaugeValue, SumValue, TelemetryError
from outrider.telemetry_store.page_view_search import PageViewSearch
from outrider.telemetry_store.schema_upgrade import run_step, upgrade_schema
from outrider.telemetry_store.telemetry_inserts import TelemetryTables
from outrider.telemetry_store.telemetry_schema import HOST_STEP, STEPS

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

FIRST = ("CREATE TABLE IF NOT EXISTS {db}.t (n UInt8) ENGINE = MergeTree ORDER BY n",)
SECOND = ("ALTER TABLE {db}.t ADD COLUMN IF NOT EXISTS s String",)


def test_a_database_is_brought_to_the_present_version_once(client: ClickHouseClient) -> None:
    """A step that was interrupted runs again; one that is done does not."""
    broken = (*SECOND, "SELECT nonsense")

    upgrade_schema(client, [FIRST])
    with pytest.raises(TelemetryError, match="nonsense"):
        upgrade_schema(client, [FIRST, broken])
    for _ in range(2):
        upgrade_schema(client, [FIRST, SECOND])

    assert client.query(
        f"SELECT name FROM system.columns WHERE database = '{client.database}' AND table = 't'"
    ).rows == [
        ("n",),
        ("s",),
    ]
    assert client.query(f"SELECT version FROM {client.database}.outrider_schema ORDER BY 1").rows == [(1,), (2,)]


def test_a_newer_schema_is_refused(client: ClickHouseClient) -> None:
    """An older Outrider would write rows that the newer one misses."""
    upgrade_schema(client, [FIRST, SECOND])

    with pytest.raises(TelemetryError, match="has schema 2; this Outrider knows 1") as caught:
        upgrade_schema(client, [FIRST])

    assert caught.value.slug == "telemetry-newer"


NAME, MAP = "LowCardinality(String)", "Map(LowCardinality(String), String)"
OTHERS = {
    "otel_logs": (
        f"Timestamp DateTime64(9), TimestampTime DateTime DEFAULT toDateTime(Timestamp), TraceId String, SpanId String,"
        f" TraceFlags UInt8, SeverityText {NAME}, SeverityNumber UInt8, ServiceName {NAME}, Body String,"
        f" ResourceSchemaUrl {NAME}, ResourceAttributes {MAP}, ScopeSchemaUrl {NAME}, ScopeName String,"
        f" ScopeVersion {NAME}, ScopeAttributes {MAP}, LogAttributes {MAP}",
        "toDate(TimestampTime) ORDER BY (ServiceName, TimestampTime, Timestamp)",
    ),
    "otel_traces": (
        f"Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String, TraceState String,"
        f" SpanName {NAME}, SpanKind {NAME}, ServiceName {NAME}, ResourceAttributes {MAP}, ScopeName String,"
        f" ScopeVersion String, SpanAttributes {MAP}, Duration UInt64, StatusCode {NAME}, StatusMessage String,"
        f" Events Nested (Timestamp DateTime64(9), Name {NAME}, Attributes {MAP}),"
        f" Links Nested (TraceId String, SpanId String, TraceState String, Attributes {MAP})",
        "toDate(Timestamp) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)",
    ),
    "otel_metrics_gauge": (
        f"ResourceAttributes {MAP}, ResourceSchemaUrl String, ScopeName String, ScopeVersion String,"
        f" ScopeAttributes {MAP}, ServiceName {NAME}, MetricName {NAME}, MetricDescription String, MetricUnit String,"
        f" Attributes {MAP}, StartTimeUnix DateTime, TimeUnix DateTime, Value Float64, Flags UInt32",
        "toDate(TimeUnix) ORDER BY (ServiceName, MetricName, TimeUnix)",
    ),
}
"""Columns and order of tables as the exporter of OpenTelemetry's collector makes them."""


def export(client: ClickHouseClient, word: str, ago_s: int) -> None:
    """Insert a record, a span and a point of so long ago as the exporter does: it names its columns."""
    given = "ResourceAttributes, ServiceName"
    rows = {
        f"otel_logs (Timestamp, SeverityNumber, Body, LogAttributes, {given})": f"17, '{word}', map('order', '7')",
        f"otel_traces (Timestamp, TraceId, SpanName, SpanKind, SpanAttributes, Duration, StatusCode, {given})": (
            f"'{'ab' * 16}', '{word}', 'Server', map('order', '7'), 5000000, 'Error'"
        ),
        f"otel_metrics_gauge (TimeUnix, MetricName, Value, {given})": "'system.cpu.load_average.1m', 1.5",
    }
    for columns, values in rows.items():
        client.command(
            f"INSERT INTO {client.database}.{columns}"
            f" SELECT now64(9) - INTERVAL {ago_s} SECOND, {values}, map('host.name', 'node'), 'shop'"
        )


def test_tables_that_an_exporter_made_and_fills_are_read_and_written(client: ClickHouseClient) -> None:
    """Records of before are found, too; services and hosts are told from then on, and a repeat changes nothing."""
    for table, (columns, order) in OTHERS.items():
        client.command(f"CREATE TABLE {client.database}.{table} ({columns}) ENGINE = MergeTree PARTITION BY {order}")
    export(client, "before", 20)

    upgrade_schema(client)
    export(client, "after", 5)
    tables, search = TelemetryTables(client), PageViewSearch(client)
    for _ in range(2):
        tables.insert_logs([log_record("ours", "mine")], token="a")
        tables.insert_spans([span("ours")], token="b")

    now_ns = time.time_ns()
    hour = (now_ns - 3_600 * 10**9, now_ns)
    assert [record.body for record in search.search_logs("level>=error order:7").rows] == ["after", "before"]
    assert [record.body for record in search.search_logs("before host.name:node").rows] == ["before"]
    assert [found.name for found in search.search_spans("order:7 duration>1ms").rows] == ["after", "before"]
    assert len(search.trace("ab" * 16)) == 2
    assert {row.service: (row.count, row.errors) for row in search.services(*hour)} == {"shop": (1, 1), "ours": (1, 0)}
    assert [(own.name, own.load) for own in search.hosts(*hour)] == [("node", 1.5)]
    assert [record.body for record in search.search_logs("service:ours").rows] == ["mine"]


def test_points_of_before_are_rolled_up_day_by_day(client: ClickHouseClient) -> None:
    """Whoever upgrades sees what hosts said before; a fill that was cut off and a repeated batch change nothing."""
    day_ns = 86_400 * 10**9
    first = point("one", GaugeValue(1.5), "system.cpu.load_average.1m")._replace(resource={"host.name": "node"})
    free = first._replace(
        name="system.memory.usage", value=SumValue(70, is_monotonic=False), attributes={"state": "free"}
    )
    used = free._replace(value=SumValue(30, is_monotonic=False), attributes={"state": "used"})
    tables = TelemetryTables(client)
    upgrade_schema(client, STEPS[: STEPS.index(HOST_STEP)])
    for days in (0, 2):
        moved = [own._replace(time_ns=own.time_ns - days * day_ns) for own in (first, free, used)]
        tables.insert_metrics(moved, token=f"before-{days}")

    run_step(client, HOST_STEP)
    upgrade_schema(client)
    later = [own._replace(time_ns=own.time_ns + 10**9) for own in (first, free, used)]
    for _ in range(2):
        tables.insert_metrics(later, token="later")

    rows = client.query(
        f"SELECT Host, MetricName, Time, sum(a), sum(b) FROM {client.database}.outrider_host_points"
        " GROUP BY ALL ORDER BY MetricName, Time"
    ).rows
    assert [(host, name, a, b) for host, name, _, a, b in rows] == [
        *[("node", "system.cpu.load_average.1m", 1.5, 1)] * 3,
        *[("node", "system.memory.usage", 30, 100)] * 3,
    ]
