"""Retention by days and by bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.telemetry_store.samples import log_record, span

from outrider.model import RecordKind
from outrider.telemetry_store.partition_pruner import TelemetryRetention
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.telemetry_store import TelemetryStore

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400
AGES = (0, 1, 2, 5, 9)


def filled(client: ClickHouseClient) -> TelemetryStore:
    """Return a store with logs and spans of several days, the youngest of today."""
    upgrade_schema(client)
    store = TelemetryStore(client)
    times_ns = {days: round((NOON - days * DAY_S) * 1e9) for days in AGES}
    store.insert_logs([log_record("a", f"{days} days", time_ns=at) for days, at in times_ns.items()], token="logs")
    store.insert_spans([span("a", f"{days} days", time_ns=at) for days, at in times_ns.items()], token="spans")
    return store


def kept_days(client: ClickHouseClient, table: str) -> list[int]:
    rows = client.query(f"SELECT DISTINCT toDate(Timestamp) FROM {client.database}.{table} ORDER BY 1 DESC").rows
    today = datetime.fromtimestamp(NOON, UTC).date()
    return [(today - day).days for (day,) in rows]


def test_days_go_when_all_of_them_is_too_old_and_rollups_stay(client: ClickHouseClient) -> None:
    """Logs, spans and rollups are kept for different times; then the oldest days go until the size fits."""
    store = filled(client)

    dropped = store.prune(TelemetryRetention(logs_s=7 * DAY_S, spans_s=2 * DAY_S), NOON)

    assert kept_days(client, "otel_logs") == [0, 1, 2, 5]
    assert kept_days(client, "otel_traces") == [0, 1, 2]
    assert {part.reason for part in dropped} == {"age"}
    assert client.command(f"SELECT sum(n) FROM {client.database}.outrider_logs_1m") == "5"

    size = store.bytes_on_disk()
    dropped = store.prune(TelemetryRetention(most_bytes=size - 1), NOON)

    assert {part.reason for part in dropped} == {"size"}
    assert kept_days(client, "otel_logs")[0] == 0
    assert 5 not in kept_days(client, "otel_logs")
    assert size - store.bytes_on_disk() == sum(part.bytes for part in dropped)
    assert store.prune(TelemetryRetention(most_bytes=size), NOON) == ()

    store.prune(TelemetryRetention(most_bytes=1), NOON)

    assert store.bytes_on_disk() == 0
    assert store.measure(RecordKind.LOGS, "since:100d").rows == ((0.0,),)


def test_one_day_that_is_too_much_loses_its_oldest_parts(client: ClickHouseClient) -> None:
    """A limit holds within a day, too."""
    upgrade_schema(client)
    client.command(f"SYSTEM STOP MERGES {client.database}.otel_logs")
    store = TelemetryStore(client)
    for number in range(4):
        record = log_record("a", f"batch {number}", time_ns=round((NOON + number) * 1e9))
        store.insert_logs([record], token=str(number))

    store.prune(TelemetryRetention(most_bytes=store.bytes_on_disk() - 1), NOON)

    rows = client.query(f"SELECT Body FROM {client.database}.otel_logs ORDER BY 1").rows
    assert 0 < len(rows) < 4
    assert rows[-1] == ("batch 3",)


def test_a_store_that_is_filled_for_days_stays_within_its_bytes(client: ClickHouseClient) -> None:
    """Ten days of logs and spans into room for some three: after each day the size holds, and the newest is there."""
    upgrade_schema(client)
    store, most = TelemetryStore(client), 400_000
    for day in range(10):
        at_ns = round((NOON - (9 - day) * DAY_S) * 1e9)
        words = [f"{day} {number * 7919 % 1000003:x} {number * 104729 % 999983:x}" for number in range(3000)]
        store.insert_logs([log_record("a", word, time_ns=at_ns) for word in words], token=f"logs-{day}")
        store.insert_spans([span("a", word, time_ns=at_ns) for word in words[:500]], token=f"spans-{day}")

        store.prune(TelemetryRetention(most_bytes=most), at_ns / 1e9)

        assert 0 < store.bytes_on_disk() <= most
        assert kept_days(client, "otel_logs")[0] == 9 - day
    assert len(kept_days(client, "otel_logs")) < 8
    assert client.command(f"SELECT sum(n) FROM {client.database}.outrider_logs_1m") == "30000"
