"""What tells that something was stored: PostgreSQL's NOTIFY, which reaches every process that listens."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

from outrider.model import ChangeBell, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from outrider.store.database import Database

log = structlog.get_logger("outrider.store")

_CHANNEL = "outrider"
_LONGEST_S = 10.0
"""A connection may have died without a word."""


def ring(connection: Connection) -> None:
    """Tell who listens, as soon as the transaction is committed, that something was stored."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {_CHANNEL}")


def bell_of(database: Database) -> ChangeBell | None:
    """Return what waits for changes; None for a database that tells nobody, or whose driver cannot be waited for."""
    dialect = database.engine.dialect
    return PostgresqlBell(database) if (dialect.name, dialect.driver) == ("postgresql", "psycopg") else None


class PostgresqlBell(ChangeBell):
    """Listens by a connection of its own, which is made anew when it breaks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._rang_s = 0.0

    def wait(self, within_s: float) -> bool:
        """Return whether something may have been stored; every ten seconds that is so, whatever was heard."""
        rings = self._rings(within_s) or time.monotonic() - self._rang_s >= _LONGEST_S
        if rings:
            self._rang_s = time.monotonic()
        return rings

    def close(self) -> None:
        """Listen no more."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _rings(self, within_s: float) -> bool:
        try:
            if self._connection is None:
                self._connection = self._database.listening(_CHANNEL)
                return True  # whatever was stored before it listened
            return any(True for _ in self._connection.notifies(timeout=within_s, stop_after=1))
        except (StoreError, self._database.driver_error) as error:
            log.debug("store.listening", why=str(error))
            with suppress(self._database.driver_error):
                self.close()
            time.sleep(within_s)
            return True
