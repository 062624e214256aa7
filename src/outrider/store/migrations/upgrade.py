"""Upgrading, the one place that imports Alembic: only a database that is not current comes here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

from outrider.store.inspection import is_current
from outrider.store.schema import APPLICATION_ID

if TYPE_CHECKING:
    from sqlalchemy import Connection


def upgrade(connection: Connection, where: str, revision: str = "head") -> None:
    """Bring the database to `revision` within the transaction that `connection` is in: wholly or not at all.

    Another process may have been faster; that is looked at again here, where nobody else can write.

    Raises:
        StoreError: store-newer or store-foreign.
    """
    if is_current(connection, where):
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    command.upgrade(configuration(connection), revision)


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, which needs no file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
