"""How much a database and its artifacts hold, and what retention frees: looked up, nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, text, tuple_

from outrider.model import Freed, StoreSize
from outrider.store.pruner import expired_references
from outrider.store.schema import artifacts, attempt_artifacts, runs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from outrider.model import Retention
    from outrider.store.database import Database

_DAY_S = 86_400.0
_HORIZONS_S = (3_600.0, _DAY_S, 7 * _DAY_S)
_SECOND_US = 1_000_000


def read_size(database: Database, now_us: int, policy: Retention) -> StoreSize:
    """Return how much is there; it may take seconds where there are millions of runs."""
    with database.reading() as connection:
        size, free = _file_size(connection)
        first, last, oldest_us = connection.execute(
            select(func.min(runs.c.key), func.max(runs.c.key), func.min(runs.c.due_us))
        ).one()
        files, file_bytes = connection.execute(select(func.count(), func.sum(artifacts.c.bytes))).one()
        freed = tuple(_freed(connection, now_us, within_s, policy) for within_s in _HORIZONS_S)
    count = 0 if first is None else last - first + 1
    return StoreSize(now_us, size, free, count, oldest_us, files, int(file_bytes or 0), freed)


def _file_size(connection: Connection) -> tuple[int, int]:
    """Return the bytes of the database, and how many of them are empty."""
    if connection.dialect.name != "sqlite":
        size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return int(size), 0
    page, pages, empty = (
        connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in ("page_size", "page_count", "freelist_count")
    )
    return page * pages, page * empty


def _freed(connection: Connection, now_us: int, within_s: float, policy: Retention) -> Freed:
    then_us = now_us + round(within_s * _SECOND_US)
    before_us = then_us - round(policy.runs_s * _SECOND_US)
    count = connection.execute(select(func.count()).select_from(runs).where(runs.c.due_us < before_us)).scalar_one()
    own = attempt_artifacts.c
    expired = tuple_(own.run_key, own.attempt, own.ordinal).in_(expired_references(policy, then_us))
    keys = select(own.artifact_key).where(expired).distinct().subquery()
    sizes = select(func.count(), func.sum(artifacts.c.bytes)).join(keys, keys.c.artifact_key == artifacts.c.key)
    files, file_bytes = connection.execute(sizes).one()
    return Freed(within_s, count, files, int(file_bytes or 0))
