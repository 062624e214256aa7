"""Keeps telemetry within days and bytes: the oldest partitions go first, whole, which costs next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from outrider.telemetry_store.page_view_schema import PAGE_VIEWS
from outrider.telemetry_store.telemetry_schema import PARTITIONED_BY_DAY, ROLLUPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

_DAY_S: Final = 86_400.0
_NO_LIMIT: Final = {"max_partition_size_to_drop": 0}
_YEAR_MONTH: Final = 6


@dataclass(frozen=True, slots=True)
class TelemetryRetention:
    """How long telemetry is kept, in seconds, and how much of it in all.

    A day, or a month of rollups, goes when all of it is older; so what is kept may be a day (a month) older.
    """

    logs_s: float = 7 * _DAY_S
    spans_s: float = 3 * _DAY_S
    metrics_s: float = 30 * _DAY_S
    rollups_s: float = 395 * _DAY_S
    sessions_s: float = 30 * _DAY_S
    most_bytes: int = 10 * 10**9

    def seconds(self, table: str) -> float:
        """Return how long rows of a table are kept."""
        if table in ROLLUPS:
            return self.rollups_s
        if table in {"otel_traces", "outrider_span_facets"}:
            return self.spans_s
        if table == PAGE_VIEWS:
            return self.sessions_s
        return self.metrics_s if table.startswith(("otel_metrics", "outrider_host")) else self.logs_s


@dataclass(frozen=True, slots=True)
class DroppedPart:
    """A partition, or a part of one, that was removed.

    Attributes:
        reason: `age` or `size`.
    """

    table: str
    name: str
    bytes: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Partition:
    table: str
    name: str
    bytes: int
    end: date

    @property
    def is_rollup(self) -> bool:
        return self.table in ROLLUPS


class PartitionPruner:
    """Removes what is too old, and then the oldest of what is too much."""

    def __init__(self, client: ClickHouseClient) -> None:
        self._client = client

    def bytes_on_disk(self) -> int:
        """Return how much all tables take."""
        return sum(partition.bytes for partition in self._partitions())

    def prune(self, kept: TelemetryRetention, now_s: float) -> tuple[DroppedPart, ...]:
        """Remove partitions beyond their time, then the oldest until the size fits, rollups last.

        Where one day alone is too much, the oldest parts of it go.

        Raises:
            TelemetryError: If the store refuses.
        """
        partitions = self._partitions()
        now = datetime.fromtimestamp(now_s, UTC)
        aged = [partition for partition in partitions if _is_aged(partition, kept, now)]
        dropped = [self._drop(partition, "age") for partition in aged]
        young = (partition for partition in partitions if partition not in aged)
        left = sorted(young, key=lambda partition: (partition.is_rollup, partition.end))
        excess = sum(partition.bytes for partition in left) - kept.most_bytes
        for partition in left:
            if excess <= 0:
                break
            removed = self._drop_some(partition, excess)
            excess -= sum(part.bytes for part in removed)
            dropped += removed
        return tuple(dropped)

    def _drop(self, partition: _Partition, reason: str) -> DroppedPart:
        self._alter(partition.table, f"DROP PARTITION {_literal(partition.name)}")
        return DroppedPart(partition.table, partition.name, partition.bytes, reason)

    def _drop_some(self, partition: _Partition, excess: int) -> list[DroppedPart]:
        """Drop a partition that is in excess as a whole, else its oldest parts as far as they are."""
        if partition.bytes <= excess:
            return [self._drop(partition, "size")]
        dropped: list[DroppedPart] = []
        sql = (
            "SELECT name, bytes_on_disk FROM system.parts WHERE database = {d:String} AND table = {t:String} AND active"
            " AND partition = {p:String} ORDER BY min_block_number"
        )
        rows = self._client.query(sql, {"d": self._client.database, "t": partition.table, "p": partition.name}).rows
        for name, size in rows:
            if excess <= 0:
                break
            self._alter(partition.table, f"DROP PART {_literal(name)}")
            dropped.append(DroppedPart(partition.table, name, int(size), "size"))
            excess -= int(size)
        return dropped

    def _alter(self, table: str, action: str) -> None:
        self._client.command(f"ALTER TABLE `{self._client.database}`.{table} {action}", _NO_LIMIT)

    def _partitions(self) -> list[_Partition]:
        sql = (
            "SELECT table, partition, sum(bytes_on_disk) FROM system.parts WHERE database = {d:String} AND active"
            " GROUP BY table, partition"
        )
        rows = self._client.query(sql, {"d": self._client.database}).rows
        return list(_known(rows))


def _known(rows: Iterable[tuple[str, str, int]]) -> Iterable[_Partition]:
    for table, name, size in rows:
        if table in PARTITIONED_BY_DAY or table in ROLLUPS:
            yield _Partition(table, name, int(size), _end_of(name))


def _end_of(partition: str) -> date:
    """Return the first day after a partition: of a day, `2026-11-28`, or of a month, `202611`."""
    if len(partition) == _YEAR_MONTH:
        first = date(int(partition[:4]), int(partition[4:]), 1)
        return (first + timedelta(days=31)).replace(day=1)
    return date.fromisoformat(partition) + timedelta(days=1)


def _is_aged(partition: _Partition, kept: TelemetryRetention, now: datetime) -> bool:
    end = datetime(partition.end.year, partition.end.month, partition.end.day, tzinfo=UTC)
    return (now - end).total_seconds() >= kept.seconds(partition.table)


def _literal(name: str) -> str:
    assert "'" not in name
    assert "\\" not in name
    return f"'{name}'"
