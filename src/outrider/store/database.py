"""Opens the database: creates it, upgrades it, or says clearly why it cannot be used.

SQLite runs in WAL mode with `synchronous = NORMAL`: a killed process loses nothing that was committed; a power cut may
lose the last moments, and damages nothing. Writers begin with BEGIN IMMEDIATE, since a transaction that starts by
reading fails at once when somebody else writes.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from outrider.model import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "0001"
_APPLICATION_ID = 0x4F555452  # "OUTR"
_BUSY_MS = 10_000
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str) -> Engine:
    """Return an engine on an up-to-date database; a new one is created.

    Args:
        url: An SQLAlchemy URL, or a path of an SQLite file.

    Raises:
        StoreError: If the file is damaged, foreign, newer than this program, locked, read-only, or the disk is full.
    """
    full = url if "://" in url else f"sqlite:///{url}"
    engine = _engine(full)
    try:
        with translated(full):
            _prepare(engine, full)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn the database's errors into ours, which say what, where and what to do."""
    try:
        yield
    except (OperationalError, DatabaseError) as error:
        raise _explain(url, error) from error
    except SQLAlchemyError as error:
        raise StoreError(f"the store failed: {error}", slug="store-failed", fix=f"it lies at {_place(url)}") from error


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed)
    path = Path(parsed.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder of the store cannot be made: {error.strerror}",
            slug="store-read-only",
            fix=f"make {path.parent} writable, or set [store] url in outrider.toml",
        ) from error
    engine = create_engine(parsed, connect_args={"timeout": _BUSY_MS / 1000})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin ourselves
    cursor = connection.cursor()
    for pragma in (f"busy_timeout = {_BUSY_MS}", "synchronous = NORMAL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN" if options.get("outrider_reading") else "BEGIN IMMEDIATE")


def _prepare(engine: Engine, url: str) -> None:
    is_sqlite = engine.dialect.name == "sqlite"
    if is_sqlite:
        _refuse_foreign(engine, url)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    revision = _revision(engine)
    if revision == HEAD:
        return
    if revision is not None and revision > HEAD:
        raise StoreError(
            f"the store was written by a newer Outrider (revision {revision}, this one knows {HEAD})",
            slug="store-newer",
            fix=f"upgrade Outrider, or use another store than {_place(url)}",
        )
    _upgrade(engine)
    if is_sqlite:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION_ID}")


def _refuse_foreign(engine: Engine, url: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT", outrider_reading=True) as connection:
        marked = connection.exec_driver_sql("PRAGMA application_id").scalar()
        tables = inspect(connection).get_table_names()
        if tables and marked != _APPLICATION_ID and "alembic_version" not in tables:
            raise StoreError(
                f"{_place(url)} is a database of another program",
                slug="store-foreign",
                fix="set [store] url in outrider.toml to a file of its own",
            )
        if tables and connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
            raise _damaged(url)


def _revision(engine: Engine) -> str | None:
    with engine.connect().execution_options(outrider_reading=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("select version_num from alembic_version")).scalar()
        return None if found is None else str(found)


def _upgrade(engine: Engine) -> None:
    """Bring the tables up to date; two programs may start at once, so the first one to get the lock does it."""
    from alembic import command  # noqa: PLC0415 - heavy, and needed once in a database's life
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _explain(url: str, error: DatabaseError) -> StoreError:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    place = _place(url)
    known = {
        sqlite3.SQLITE_FULL: StoreError(
            f"the disk is full: {place} cannot grow", slug="store-full", fix="free some space; what was stored is safe"
        ),
        sqlite3.SQLITE_READONLY: StoreError(
            f"{place} cannot be written", slug="store-read-only", fix="give this user the right to write there"
        ),
        sqlite3.SQLITE_CANTOPEN: StoreError(
            f"{place} cannot be opened", slug="store-read-only", fix="make its folder readable and writable"
        ),
        sqlite3.SQLITE_BUSY: StoreError(
            f"{place} was locked for more than {_BUSY_MS // 1000} s",
            slug="store-locked",
            fix="see which program holds it open; two Outriders share a store well, a backup tool may not",
        ),
        sqlite3.SQLITE_CORRUPT: _damaged(url),
        sqlite3.SQLITE_NOTADB: _damaged(url),
    }
    fallback = StoreError(f"the store failed: {error.orig}", slug="store-failed", fix=f"it lies at {place}")
    return known.get(code, fallback)


def _damaged(url: str) -> StoreError:
    return StoreError(
        f"{_place(url)} is damaged, or no database",
        slug="store-damaged",
        fix="move it away and restore a backup; it was not changed",
    )


def _place(url: str) -> str:
    return make_url(url).database or url
