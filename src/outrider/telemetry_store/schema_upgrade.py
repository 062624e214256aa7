"""Brings a database to the present version of the schema, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import TelemetryError
from outrider.telemetry_store.telemetry_schema import STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

_VERSIONS = "outrider_schema"


def upgrade_schema(client: ClickHouseClient, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Make what is missing; a step that was interrupted is run again as a whole.

    Raises:
        TelemetryError: telemetry-newer if a newer Outrider wrote the database, telemetry-refused.
        TelemetryUnavailable: If it cannot be reached.
    """
    name = _quoted(client.database)
    client.command(f"CREATE DATABASE IF NOT EXISTS {name}")
    client.command(
        f"CREATE TABLE IF NOT EXISTS {name}.{_VERSIONS} (version UInt32, applied_at DateTime DEFAULT now())"
        " ENGINE = MergeTree ORDER BY version"
    )
    version = int(client.command(f"SELECT max(version) FROM {name}.{_VERSIONS}"))
    if version > len(steps):
        what = f"telemetry in {client.database} has schema {version}; this Outrider knows {len(steps)}"
        fix = "install Outrider at least as new as the one that wrote it, or name another folder or database"
        raise TelemetryError(what, slug="telemetry-newer", fix=fix)
    for number, statements in enumerate(steps[version:], version + 1):
        run_step(client, statements)
        client.command(f"INSERT INTO {name}.{_VERSIONS} (version) VALUES ({number})")


def run_step(client: ClickHouseClient, statements: Sequence[str]) -> None:
    """Run the statements of a step."""
    name = _quoted(client.database)
    for statement in statements:
        for day in _days(client) if "{day}" in statement else ("",):
            client.command(statement.replace("{db}", name).replace("{day}", day))


def _days(client: ClickHouseClient) -> list[str]:
    """Return the days of which there are points of metrics."""
    rows = client.query(
        "SELECT DISTINCT partition FROM system.parts WHERE database = {db:String} AND active"
        " AND startsWith(table, 'otel_metrics_') ORDER BY partition",
        {"db": client.database},
    ).rows
    return [day for (day,) in rows]


def _quoted(name: str) -> str:
    if not name.replace("_", "a").isalnum():
        fix = "use letters, digits and underscores"
        raise TelemetryError(f"{name!r} is no name of a database", slug="telemetry-url", fix=fix)
    return f"`{name}`"
