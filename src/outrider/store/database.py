"""A database that is open: its connections, its transactions, and the test that it is ours before it is touched.

SQLite runs in WAL mode with `synchronous = NORMAL`. A transaction that was committed is in the kernel's page cache,
which a killed process does not take with it: `kill -9` at any moment loses no finished run. A power cut may lose the
transactions since the last checkpoint (about a thousand pages), the newest first, and never damages the file; FULL
would save those for one fsync a transaction (https://www.sqlite.org/pragma.html#pragma_synchronous).

PostgreSQL gets on purpose what SQLite gives by its nature. Whoever writes holds an advisory lock until its transaction
ends: writers follow each other, whatever process or host they are in, so that each sees all that was written before it
(READ COMMITTED, since a snapshot taken while waiting for the lock would be old), and none meets a deadlock or somebody
else's half. Whoever reads sees one state throughout (REPEATABLE READ, READ ONLY), which waits for nobody.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import structlog
from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from outrider.model import CommitInDoubt, StoreError
from outrider.store.failures import failure, translated
from outrider.store.former_copy import keep_former, remove_former
from outrider.store.inspection import former_revision, inspect_file, is_current, overrides_in_file
from outrider.store.postgresql_transactions import (
    NUMBER,
    WRITER,
    begin_postgresql,
    limit_waiting,
    read_sums_as_numbers,
    was_committed,
)
from outrider.store.write_probe import check_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.pool import ConnectionPoolEntry

    from outrider.model import SettingOverride

log = structlog.get_logger("outrider.store")

_WAL_KEPT_BYTES = 64 * 1024 * 1024
_CACHE_KIB = 16 * 1024
_URL_FIX = 'name a file, for SQLite, or write a URL such as "postgresql+psycopg://host/outrider"'
_EXPERIMENTAL = "what is neither SQLite nor PostgreSQL is experimental: it is neither tested nor measured"
_DRIVERS = {"postgresql": 'pip install "outrider[postgres]" and write "postgresql+psycopg://…"'}
"""How to get the driver of a kind of database, where that is known to work."""

_STALLED_S = 20
"""After this long others end a transaction whose client says nothing, if they wait for it."""
_STALLED = text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND classid = 0 AND objid = :lock AND granted AND datname = current_database()"
    " AND wait_event = 'ClientRead' AND state_change < clock_timestamp() - make_interval(secs => :silent)"
)
_CONNECT_S = 10
_READ_TIMEOUT_S = 5.0
_CHECKPOINTS = 3
"""Each waits for readers as long as for other writers."""


class Database:
    """Connections and transactions of one database; every failure leaves it as a `StoreError`.

    Attributes:
        where: What messages call it: a path, or a URL without its password.
    """

    def __init__(self, url: URL, *, busy_timeout_s: float, max_bytes: int | None) -> None:
        self.where = _sqlite_path(url) or url.render_as_string(hide_password=True)
        self._path = _sqlite_path(url)
        self._opened: tuple[int, int] | None = None
        self._max_bytes = max_bytes
        self._busy_timeout_s = busy_timeout_s
        self.engine = _engine(url, busy_timeout_s)
        self._writer = self.engine.execution_options(outrider_writing=True)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", self._on_connect)
            event.listen(self.engine, "begin", _begin)
        elif self.engine.dialect.name == "postgresql":
            event.listen(self.engine, "connect", partial(limit_waiting, round(busy_timeout_s * 1000)))
            if self.engine.dialect.driver == "psycopg":
                event.listen(self.engine, "connect", read_sums_as_numbers)
            event.listen(self.engine, "begin", begin_postgresql)

    @property
    def driver_error(self) -> type[Exception]:
        """Return what its driver raises where SQLAlchemy is passed by."""
        module: Any = self.engine.dialect.dbapi
        error: type[Exception] = module.Error
        return error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that owns the database from its start: no other writer can come between.

        SQLite's deferred transactions fail at once, whatever the timeout, when they read and then write. An error says
        that nothing was written, but for `CommitInDoubt`: where the answer to COMMIT is lost, PostgreSQL is asked what
        became of it, as long as another writer is waited for.
        """
        try:
            with (
                translated(self.where),
                self._writer.connect() as connection,
                connection.begin() as transaction,
            ):
                yield connection
                number = connection.info.get(NUMBER)
                try:
                    transaction.commit()
                except DBAPIError as error:
                    if not error.connection_invalidated or number is None or not self._was_committed(number, error):
                        raise
        except StoreError as error:
            if error.slug == "store-locked" and self.engine.dialect.name == "postgresql":
                self._end_stalled()
            raise

    def _was_committed(self, number: str, error: DBAPIError) -> bool:
        """Return what became of a transaction whose commit was not answered.

        Raises:
            CommitInDoubt: If the server does not say so in time.
        """
        committed = was_committed(self.engine, number, self._busy_timeout_s)
        if committed is None:
            away = failure("store-unreachable", self.where, str(error.orig))
            raise CommitInDoubt(away.what, slug=away.slug, fix=away.fix) from error
        return committed

    def _end_stalled(self) -> None:
        """End the transaction of a process that holds the writers' lock and is silent: it is stopped, or its host gone.

        PostgreSQL itself does so between two statements, and never while it waits for the rest of several sent at once.
        """
        values = {"lock": WRITER, "silent": _STALLED_S}
        with suppress(SQLAlchemyError), self.engine.begin() as connection:
            if ended := connection.execute(_STALLED, values).scalars().all():
                log.warning("store.stalled", ended=len(ended), silent_s=_STALLED_S)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that sees one state of the database throughout."""
        with translated(self.where), self.engine.begin() as connection:
            yield connection

    def listening(self, channel: str) -> Any:
        """Return a connection of the driver's own that PostgreSQL notifies of a channel; whoever asked closes it.

        Raises:
            StoreError: If there is none to be had.
        """
        with translated(self.where):
            pooled = self.engine.raw_connection()
            driver: Any = pooled.driver_connection
            pooled.detach()
            driver.autocommit = True
            driver.execute(f"LISTEN {channel}")
            return driver

    def renewed(self) -> bool:
        """Open the file anew if another one, or none, lies where it did; return whether that was so.

        SQLite goes on writing into a file that was removed, where nobody will find it.

        Raises:
            StoreError: As `open_database` does.
        """
        identity = self._identity()
        if identity == self._opened:
            return False
        self.engine.dispose()
        self._opened = None
        if self._path is not None:
            _prepare(Path(self._path))
        _bring_up_to_date(self)
        self._opened = self._identity()
        return True

    def copy_to(self, target: Path) -> None:
        """Write one state of the database into a new file, while others read and write (SQLite only).

        Raises:
            StoreError: store-url if the database is no SQLite file.
        """
        if self._path is None:
            fix = "ask the database server for a dump (pg_dump writes one), and copy the artifacts beside it"
            raise _bad_url(self.where, "only SQLite files are copied", fix)
        with self.reading() as connection, translated(str(target)), closing(sqlite3.connect(target)) as copy:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.backup(copy)

    def keep_former(self, connection: Connection) -> None:
        """Copy the file as it is before whoever owns the database brings it up to date; an empty one is not copied.

        Raises:
            StoreError: store-full.
        """
        revision = former_revision(connection)
        if self._path is not None and revision is not None:
            keep_former(Path(self._path), revision, self.copy_to)

    def remove_former(self, now_us: int) -> None:
        """Remove what was copied before an upgrade of long ago."""
        if self._path is not None:
            remove_former(Path(self._path), now_us)

    def compact(self) -> bool:
        """Rewrite the database, so that deleted rows cannot be read in its files; others wait meanwhile.

        A copy from before an upgrade, which has them, is removed.

        Returns:
            Whether nothing of before is left in the write-ahead log, which whoever reads just now may keep (SQLite).
        """
        with translated(self.where), closing(self.engine.raw_connection()) as pooled:
            driver: Any = pooled.driver_connection
            if self.engine.dialect.name == "postgresql":
                driver.autocommit = True
                try:
                    driver.execute("VACUUM (FULL)")
                finally:
                    driver.autocommit = False
                return True
            if self.engine.dialect.name != "sqlite":
                return False
            driver.execute("VACUUM")
            if self._path is not None:
                remove_former(Path(self._path))
            return any(self._is_log_empty(driver) for _ in range(_CHECKPOINTS))

    @staticmethod
    def _is_log_empty(driver: sqlite3.Connection) -> bool:
        (is_busy, _, _) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_busy

    def remember_file(self) -> None:
        """Note which file this is, for `renewed`."""
        self._opened = self._identity()

    def _identity(self) -> tuple[int, int] | None:
        """Return which file lies where the database does; None if there is none."""
        try:
            status = Path(self._path).stat() if self._path else None
        except OSError:
            return None
        return (status.st_dev, status.st_ino) if status else None

    def close(self) -> None:
        """Close all connections; the last one folds the write-ahead log into the file."""
        self.engine.dispose()

    def _on_connect(self, connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin transactions on its own: `_begin` does
        if connection.execute("PRAGMA page_count").fetchone() == (0,):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if self._max_bytes is not None:
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
            connection.execute(f"PRAGMA max_page_count = {max(1, self._max_bytes // page_bytes)}")


def open_database(url_or_path: str | Path, *, busy_timeout_s: float = 30.0, max_bytes: int | None = None) -> Database:
    """Open a database, creating it or bringing it up to date where needed.

    Creating is upgrading from nothing. An up-to-date database is recognised by one SELECT.

    Args:
        url_or_path: A file, or a URL as SQLAlchemy writes it.
        busy_timeout_s: How long to wait for another writer.
        max_bytes: Size that the file may grow to (SQLite only).

    Raises:
        StoreError: store-url, store-newer, store-foreign, store-damaged, store-read-only, store-locked, store-full or
            store-unreachable. Nothing has been written to a file that is not ours, or newer.
    """
    url = _url(url_or_path)
    path = _sqlite_path(url)
    if path is not None:
        _prepare(Path(path))
    database = Database(url, busy_timeout_s=busy_timeout_s, max_bytes=max_bytes)
    try:
        _bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    database.remember_file()
    return database


def open_to_read(url_or_path: str | Path) -> Database | None:
    """Open an SQLite file that may be read but not written, by its rights, its folder's or the disk's; else None.

    Without a write-ahead log nobody writes, and all that was ever committed is in the file: SQLite then need not make
    the index of a log beside it, which it could not (https://www.sqlite.org/wal.html#readonly).

    Raises:
        StoreError: As `open_database` does. Every attempt to write ends in store-read-only.
    """
    url = _url(url_or_path)
    place = _sqlite_path(url)
    path = Path(place or "").absolute()
    if not place or not path.is_file() or (_is_writable(path) and _is_writable(path.parent)):
        return None
    inspect_file(path, is_traceless=True)
    how = {"mode": "ro", "uri": "true"}
    if not path.with_name(f"{path.name}-wal").exists():
        how["immutable"] = "1"
    database = Database(
        url.set(database=f"file:{quote(str(path))}", query=how), busy_timeout_s=_READ_TIMEOUT_S, max_bytes=None
    )
    with database.reading() as connection:
        if is_current(connection, database.where):
            return database
    database.close()
    raise failure("store-read-only", place, "an older Outrider wrote it, so that it has to be brought up to date")


def open_existing(url_or_path: str | Path) -> Database:
    """Open a store as it is: it is neither created nor brought up to date.

    Raises:
        StoreError: store-missing, store-older, and what `open_database` raises.
    """
    place = _sqlite_path(_url(url_or_path))
    if place is not None and not Path(place).exists():
        raise failure("store-missing", place)
    if (readable := open_to_read(url_or_path)) is not None:
        return readable
    if place is not None:
        _check_file(Path(place))
    database = Database(_url(url_or_path), busy_timeout_s=_READ_TIMEOUT_S, max_bytes=None)
    try:
        _refuse_older(database)
    except BaseException:
        database.close()
        raise
    return database


def _refuse_older(database: Database) -> None:
    with database.reading() as connection:
        if not is_current(connection, database.where):
            is_store = bool(inspect(connection).get_table_names())
            raise failure("store-older" if is_store else "store-missing", database.where)


def _is_writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _bring_up_to_date(database: Database) -> None:
    with database.reading() as connection:
        is_upgraded = is_current(connection, database.where)
    if not is_upgraded:
        from outrider.store.migrations.upgrade import upgrade  # noqa: PLC0415 - Alembic is dear

        with database.writing() as connection:
            database.keep_former(connection)
            upgrade(connection, database.where)


def _prepare(path: Path) -> None:
    with translated(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_file(path)


def _check_file(path: Path, *, is_traceless: bool = False) -> None:
    if path.is_dir():
        raise failure("store-read-only", str(path), "it is a folder")
    inspect_file(path, is_traceless=is_traceless)


def check_database(url_or_path: str | Path) -> None:
    """Check that the file of an SQLite database could be opened; nothing is created, and no server is asked.

    Raises:
        StoreError: store-url, store-newer, store-foreign, store-damaged, store-read-only, store-full or
            store-unreachable.
    """
    place = _sqlite_path(_url(url_or_path))
    if place is None:
        return
    path = Path(place).absolute()
    with translated(place):
        try:
            check_folder(path.parent)
        except FileNotFoundError as error:  # SQLite calls this a file that it cannot open
            if path.parent.exists():
                raise failure("store-read-only", place, str(error.strerror)) from error
            raise
        _check_file(path, is_traceless=True)
    if path.exists() and not _is_writable(path):
        raise failure("store-read-only", place)


def stored_overrides(url_or_path: str | Path) -> tuple[SettingOverride, ...]:
    """Return what an SQLite database has of settings beside the file; nothing is created, and no server is asked.

    Raises:
        StoreError: If it cannot be read.
    """
    place = _sqlite_path(_url(url_or_path))
    return overrides_in_file(Path(place).absolute()) if place is not None else ()


def driver_of(url_or_path: str | Path) -> str:
    """Return which kind of database an address names; it is not connected to.

    Raises:
        StoreError: store-url if it cannot be read, or its driver is not installed.
    """
    engine = _engine(_url(url_or_path), busy_timeout_s=0.0)
    engine.dispose()
    return engine.dialect.name


def _url(url_or_path: str | Path) -> URL:
    address = str(url_or_path)
    if "://" not in address:
        return make_url("sqlite://").set(database=address)
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise _bad_url(address.split("://", 1)[0] + "://…", str(error)) from error
    except ValueError as error:
        raise _bad_url(address.split("://", 1)[0] + "://…", "its port is not a number") from error
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise _bad_url(address, "it names no file")
    return url


def _engine(url: URL, busy_timeout_s: float) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    try:
        if is_sqlite:
            return create_engine(url, connect_args={"timeout": busy_timeout_s, "check_same_thread": False})
        waits = {"connect_timeout": _CONNECT_S} if url.get_dialect().driver == "psycopg" else {}
        return create_engine(url, connect_args=waits, pool_pre_ping=True)  # servers are started again
    except NoSuchModuleError as error:
        why = f'"{url.drivername}" is no kind of database that SQLAlchemy knows'
        raise _bad_url(url.render_as_string(hide_password=True), why) from error
    except ModuleNotFoundError as error:
        kind = url.get_backend_name()
        how = _DRIVERS.get(kind, f"the Python package that has the module {error.name}")
        fix = f"name a file, for SQLite, or install it: {how}" + ("" if kind in _DRIVERS else f"; {_EXPERIMENTAL}")
        raise _bad_url(
            url.render_as_string(hide_password=True), f"the driver of {kind} is not installed: {error}", fix
        ) from error


def _bad_url(where: str, why: str, fix: str = _URL_FIX) -> StoreError:
    return StoreError(
        f"{where}: this database URL cannot be used ({why})",
        slug="store-url",
        fix=fix,
    )


def _sqlite_path(url: URL) -> str | None:
    """Return the file of an SQLite URL, also of one that carries options (`sqlite:///file:PATH?mode=ro&uri=true`)."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    return unquote(url.database.removeprefix("file:")) if url.query.get("uri") == "true" else url.database


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("outrider_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
