"""Whose database it is, how old it is, and whether it is whole: asked before anything is written to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from outrider.model import SettingOverride, StoreError
from outrider.store.failures import failure, translated
from outrider.store.former_copy import fitting_copy
from outrider.store.schema import APPLICATION_ID, REVISIONS, store_info

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_VERSION_TABLE = "alembic_version"
_REVISION = f"SELECT version_num FROM {_VERSION_TABLE}"  # noqa: S608 - a constant


def is_current(connection: Connection, where: str) -> bool:
    """Return whether the database is of the present revision; it is older or empty if not.

    Raises:
        StoreError: store-newer or store-foreign.
    """
    tables = set(inspect(connection).get_table_names())
    revision = connection.execute(text(_REVISION)).scalar_one_or_none() if _VERSION_TABLE in tables else None
    return _is_current(tables, revision, where)


def _is_current(tables: set[str], revision: str | None, where: str) -> bool:
    if not tables:
        return False
    if not {_VERSION_TABLE, store_info.name} <= tables:
        raise _foreign(where, f"it holds the table {min(tables)}")
    if revision in REVISIONS:
        return revision == REVISIONS[-1]
    raise StoreError(
        f"{where}: the database was written by a newer Outrider (revision {revision}, this one knows {REVISIONS[-1]})",
        slug="store-newer",
        fix=f"upgrade Outrider again, {_way_back(where)}; nothing was changed",
    )


def _way_back(where: str) -> str:
    """Return how a program goes on with a database that a newer one has brought up to date."""
    copy = fitting_copy(Path(where)) if "://" not in where else None
    if copy is not None:
        return f"or go back to what it was before the upgrade: outrider restore {copy} --force"
    return "or restore a backup from before the upgrade, or name another database"


def former_revision(connection: Connection) -> str | None:
    """Return which revision a database of ours has; None if it has no table yet."""
    if _VERSION_TABLE not in inspect(connection).get_table_names():
        return None
    return connection.execute(text(_REVISION)).scalar_one_or_none()


def inspect_file(path: Path, *, is_traceless: bool = False) -> None:
    """Look at an SQLite file without changing a byte of it; a missing or empty one is fine.

    A reader makes a write-ahead log and its index beside the file, and leaves them there. Where `is_traceless` asks for
    none and there is no log yet, the file is read as one that nobody changes: all that was ever committed is in it
    (https://www.sqlite.org/uri.html, immutable).

    Only SQLite opens it: when any other descriptor of a file is closed, the process loses all locks that it has on the
    file (https://www.sqlite.org/howtocorrupt.html, section 2.2). Another process that then closes the database takes
    itself for the last one, and removes the log that this one is writing.

    Raises:
        StoreError: store-damaged if it is no database or ends too early, store-foreign if another program wrote it,
            store-newer if a newer Outrider did.
    """
    log = path.with_name(f"{path.name}-wal")
    log_bytes = _size(log)
    if _size(path) == 0:
        if log_bytes:
            raise failure("store-damaged", str(path), "it is empty, but a write-ahead log stands beside it")
        return
    with _reading(path, is_traceless=is_traceless) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        (revision,) = connection.execute(_REVISION).fetchone() or (None,) if _VERSION_TABLE in tables else (None,)
    if tables and application != APPLICATION_ID:
        raise _foreign(str(path), f"its application id is {application:#x}")
    _is_current(tables, revision, str(path))


def overrides_in_file(path: Path) -> tuple[SettingOverride, ...]:
    """Return the settings that are set beside the file, of an SQLite file that is ours; without a trace there.

    Raises:
        StoreError: If it cannot be read.
    """
    if _size(path) == 0:
        return ()
    with _reading(path, is_traceless=True) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'setting_overrides'").fetchone() is None:
            return ()  # of before there were any
        rows = connection.execute("SELECT name, value, at_us, author FROM setting_overrides ORDER BY name").fetchall()
    return tuple(SettingOverride(*row) for row in rows)


@contextmanager
def _reading(path: Path, *, is_traceless: bool) -> Iterator[sqlite3.Connection]:
    is_whole = is_traceless and not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_whole else ''}"
    with translated(str(path)), closing(sqlite3.connect(address, uri=True)) as connection:
        yield connection


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _foreign(where: str, why: str) -> StoreError:
    return StoreError(
        f"{where}: the database is not Outrider's ({why})",
        slug="store-foreign",
        fix="name another database; nothing was changed",
    )
