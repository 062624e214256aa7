"""How transactions of PostgreSQL begin, and what became of one whose end was not answered."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

log = structlog.get_logger("outrider.store")

WRITER = 0x4F757472
"""The advisory lock that whoever writes holds, one in each database: "Outr" in ASCII."""
NUMBER = "transaction"
"""Where a connection has the number of the transaction that it writes in."""
_IDLE_WRITER_S = 60
"""After this long without a statement PostgreSQL ends a transaction: a process that was stopped must not stop all."""
_STATUS = text("SELECT pg_xact_status(CAST(CAST(:number AS text) AS xid8))")
_DOUBT_STEP_S = 0.1


def limit_waiting(lock_ms: int, connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Set how long the statements of a connection wait, and what its transactions see."""
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {lock_ms}")
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_WRITER_S}s'")
    cursor.execute("SET default_transaction_isolation = 'read committed'")  # whatever the server's default is
    cursor.close()
    connection.commit()


def read_sums_as_numbers(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Let sums of integers be integers, as they are from SQLite; PostgreSQL calls them NUMERIC, and nothing else."""
    from psycopg.adapt import Loader  # noqa: PLC0415 - an extra

    class NumberLoader(Loader):
        def load(self, data: bytes | bytearray | memoryview) -> float:
            text = bytes(data)
            return int(text) if text.lstrip(b"-").isdigit() else float(text)

    connection.adapters.register_loader("numeric", NumberLoader)


def begin_postgresql(connection: Connection) -> None:
    """Begin a transaction that owns the database, or one that sees one state of it."""
    is_writing = connection.get_execution_options().get("outrider_writing", False)
    if connection.dialect.driver == "psycopg":
        _begin_as(connection.connection.driver_connection, is_writing=is_writing)
    if is_writing:
        begun = connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER}), pg_current_xact_id()::text")
        connection.info[NUMBER] = begun.one()[1]
    elif connection.dialect.driver != "psycopg":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _begin_as(driver: Any, *, is_writing: bool) -> None:
    """Let the BEGIN that the driver is about to send say what the transaction sees, instead of a further statement."""
    from psycopg import IsolationLevel  # noqa: PLC0415 - an extra

    if not driver.closed and bool(driver.read_only) is is_writing:
        driver.isolation_level = None if is_writing else IsolationLevel.REPEATABLE_READ
        driver.read_only = None if is_writing else True


def was_committed(engine: Engine, number: str, within_s: float) -> bool | None:
    """Return what became of a transaction whose connection broke; None if the server does not say so in time."""
    ends_s = time.monotonic() + within_s
    while time.monotonic() < ends_s:
        with suppress(SQLAlchemyError), engine.begin() as connection:
            status = connection.execute(_STATUS, {"number": number}).scalar_one()
            if status != "in progress":
                log.warning("store.commit-unanswered", status=status)
                return bool(status == "committed")
        time.sleep(_DOUBT_STEP_S)
    return None
