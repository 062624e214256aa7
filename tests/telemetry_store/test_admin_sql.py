"""SQL of administrators reads telemetry, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.telemetry_store.samples import log_record

from outrider.model import TelemetryUnavailable, UsageError
from outrider.telemetry_store.telemetry_search import QueryLimits
from outrider.telemetry_store.telemetry_store import TelemetryStore

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient


def test_one_select_is_answered_within_its_limit(shared: ClickHouseClient, service: str) -> None:
    """Tables need no database, names of one's own and attributes work, and a semicolon is `char(59)`."""
    store = TelemetryStore(shared)
    store.insert_logs([log_record(service, f"n{number}", attributes={"k": "v"}) for number in range(9)], token=service)

    answer = store.select(
        f"WITH mine AS (SELECT Body, LogAttributes['k'] AS k FROM otel_logs WHERE ServiceName = '{service}')"
        " SELECT *, char(59) AS mark FROM mine ORDER BY Body -- the newest",
        limit=2,
    )

    assert answer.columns == ("Body", "k", "mark")
    assert answer.rows == [("n0", "v", ";"), ("n1", "v", ";")]
    assert store.select(f"SELECT sum(n) AS n FROM outrider.outrider_logs_1m WHERE ServiceName = '{service}'",
                        limit=5).rows == [(9,)]  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE otel_logs",
        "SELECT 1; DROP TABLE otel_logs",
        "SELECT 1) ; DROP TABLE outrider.otel_logs ; SELECT (1",
        "SELECT 1 INTO OUTFILE '{file}'",
        "SELECT 1) INTO\nOutFile '{file}' -- ",
        "SELECT file('{file}')",
        "SELECT 1 AS a WHERE a IN (SELECT FILE('{file}') FROM otel_logs)",
        "SELECT * FROM file('{file}', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:9/', 'LineAsString')",
        "SELECT * FROM remote('127.0.0.1:9', system.one)",
        "SELECT * FROM merge('system', '.*')",
        "SELECT * FROM numbers(10)",
        "SELECT * FROM \"{file}\"",
        "SELECT * FROM default.`{file}`",
        "SELECT * FROM system.parts",
        "SELECT * FROM `system`.`parts`",
        "SELECT * FROM SYSTEM.parts",
        "SELECT 1 IN system.one",
        "SELECT * FROM outrider.outrider_schema",
        "SELECT * FROM information_schema.tables",
        "SELECT (SELECT name FROM system.users LIMIT 1)",
        "SELECT 1 UNION ALL SELECT dummy FROM system.one",
        "SELECT 1) UNION ALL (SELECT dummy FROM system.one",
        "SELECT dictGet('a', 'b', 1)",
        "SELECT sleep(3)",
        "SELECT 1 FROM otel_logs SETTINGS max_execution_time = 1000",
        "SELECT 1 FORMAT JSON",
        "EXPLAIN SELECT 1",
        "INSERT INTO otel_logs (Body) VALUES ('x')",
        "SELECT",
        "",
        "SELECT '" + "x" * 30_000 + "'",
    ],
)  # fmt: skip
def test_anything_else_is_refused(shared: ClickHouseClient, tmp_path: Path, sql: str) -> None:
    """Nothing is changed, written, or read beyond the tables of telemetry."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    store = TelemetryStore(shared)

    with pytest.raises(UsageError) as caught:
        store.select(sql.replace("{file}", str(secret)), limit=10)

    assert caught.value.slug == "sql-refused"
    assert secret.read_text() == "secret"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_statement_ends_at_its_limits(shared: ClickHouseClient, service: str) -> None:
    """Rows that are read, time and memory are those of any query."""
    store = TelemetryStore(shared, limits=QueryLimits(rows_read=2))
    store.insert_logs([log_record(service) for _ in range(9)], token=service)

    with pytest.raises(TelemetryUnavailable, match="too many rows") as caught:
        store.select("SELECT Body FROM otel_logs", limit=10)

    assert caught.value.slug == "telemetry-limit"
