"""Versions of the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.telemetry_store.samples import point

from outrider.model import GaugeValue, SumValue, TelemetryError
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
