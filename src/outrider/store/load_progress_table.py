"""Loads that are under way, in a database: a row a second."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, delete, func, insert, select

from outrider.model import CheckId, LoadProgressLog, LoadSecond, RunId, identity
from outrider.store.queue_rows import run_bytes
from outrider.store.schema import metadata, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, RowMapping

    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

_KEPT_US = 86_400_000_000

load_seconds = Table(
    "load_seconds", metadata,
    Column("run", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("check", String, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("offset_s", Float, nullable=False),
    Column("users", Integer, nullable=False),
    Column("requests_per_s", Float, nullable=False),
    Column("failed_per_s", Float, nullable=False),
    Column("p50_ms", Float),
    Column("p95_ms", Float),
    Column("p99_ms", Float),
    Column("left_s", Float),
    Index("load_seconds_by_time", "at_us"),
)  # fmt: skip


class LoadProgressTable(LoadProgressLog):
    """Seconds of loads that are under way."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, seconds: Sequence[LoadSecond]) -> None:
        rows = {(row["run"], row["number"]): row for row in map(_row, seconds)}
        if not rows:
            return
        names = {run for run, _ in rows}
        before_us = min(second.at_us for second in seconds) - _KEPT_US

        def write(connection: Connection) -> None:
            known = select(load_seconds.c.run, load_seconds.c.number).where(load_seconds.c.run.in_(names))
            kept = {(run, number) for run, number in connection.execute(known)}
            fresh = [row for place, row in rows.items() if place not in kept]
            if fresh:
                connection.execute(insert(load_seconds), fresh)
            if not kept:  # once a load
                connection.execute(delete(load_seconds).where(load_seconds.c.at_us < before_us))

        self._writer.write(write)

    def seconds(self, run: RunId, limit: int = 3_600) -> tuple[LoadSecond, ...]:
        own = load_seconds.c.run == identity(run)
        statement = select(load_seconds).where(own).order_by(load_seconds.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(statement).mappings().all()
        return tuple(map(_second, reversed(rows)))

    def latest(self, since_us: int) -> tuple[LoadSecond, ...]:
        with self._database.reading() as connection:
            return read_running_loads(connection, since_us)


def read_running_loads(connection: Connection, since_us: int) -> tuple[LoadSecond, ...]:
    """Return the last second of each load that was heard of since then, and whose run is not stored."""
    recent = select(load_seconds.c.run, func.max(load_seconds.c.number).label("number"))
    recent = recent.where(load_seconds.c.at_us >= since_us).group_by(load_seconds.c.run)
    last = recent.subquery()
    is_last = (load_seconds.c.run == last.c.run) & (load_seconds.c.number == last.c.number)
    statement = select(load_seconds).join(last, is_last).order_by(load_seconds.c.run)
    seconds = [_second(row) for row in connection.execute(statement).mappings()]
    named = {run_bytes(second.run): second.run for second in seconds}
    stored = {named[run] for run in connection.execute(select(runs.c.id).where(runs.c.id.in_(named))).scalars()}
    return tuple(second for second in seconds if second.run not in stored)


def _row(second: LoadSecond) -> dict[str, object]:
    return {
        "run": identity(second.run), "number": ceil(second.offset_s), "check": identity(second.check),
        "at_us": second.at_us, "offset_s": second.offset_s, "users": second.users,
        "requests_per_s": second.requests_per_s, "failed_per_s": second.failed_per_s,
        "p50_ms": second.p50_ms, "p95_ms": second.p95_ms, "p99_ms": second.p99_ms, "left_s": second.left_s,
    }  # fmt: skip


def _second(row: RowMapping) -> LoadSecond:
    values = {name: value for name, value in row.items() if name != "number"}
    return LoadSecond(**{**values, "run": RunId(row["run"]), "check": CheckId(row["check"])})
