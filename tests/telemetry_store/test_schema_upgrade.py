"""Versions of the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import TelemetryError
from outrider.telemetry_store.schema_upgrade import upgrade_schema

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
