"""A whole store copied into an empty one, of the same kind of database or another.

The source is read as of one moment. All is written in one transaction, and read again before it is committed: a copy
that was interrupted, or differs, leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from outrider.model import StoreError, bounded
from outrider.store.database import open_database, open_existing
from outrider.store.failures import failure, slug_of, translated
from outrider.store.schema import REVISIONS, leader, metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection, Table

    from outrider.store.database import Database

_BATCH_ROWS = 5_000
_ALIVE_US = 60_000_000
"""A service whose last beat is older has ended."""
_NUL, _INSTEAD = "\0", "\N{REPLACEMENT CHARACTER}"
_POSTGRESQL = "postgresql"
_DETAIL_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table as it was copied.

    Attributes:
        digest: Of its rows in any order, hexadecimal; alike in both databases.
    """

    name: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class StoreCopy:
    """What was copied.

    Attributes:
        source, target: The databases, without passwords.
        replaced: How many texts had NUL characters, which PostgreSQL refuses; each is U+FFFD in the copy.
    """

    source: str
    target: str
    revision: str
    tables: tuple[CopiedTable, ...]
    replaced: int


class _Rows:
    """What has passed of a table: how many rows, and the sum of their digests, which knows no order."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, row: tuple[Any, ...]) -> None:
        same = tuple(value + 0.0 if type(value) is float else value for value in row)  # SQLite has no -0.0
        self._sum += int.from_bytes(blake2b(repr(same).encode(), digest_size=16).digest())
        self.count += 1

    def table(self, name: str) -> CopiedTable:
        return CopiedTable(name, self.count, f"{self._sum % 2**128:032x}")


def copy_store(
    source_url: str | Path, target_url: str | Path, now_us: int, tell: Callable[[int, int, str], None]
) -> StoreCopy:
    """Copy all tables of a store into an empty or a new one, and compare what arrived.

    Args:
        source_url: A file or URL of a database; it is only read.
        target_url: As `source_url`; created where it is a file that does not exist.
        now_us: Microseconds UTC, for whether a service leads the source now.
        tell: Is given how many rows are done, of how many, and of which table.

    Raises:
        StoreError: store-missing or store-older of the source, store-in-use of it, store-not-empty of the target,
            store-copy if the target refuses a row or holds something else in the end; what `open_database` raises.
    """
    source = open_existing(source_url)
    try:
        with source.reading() as reader:
            _refuse_alive(reader, source, now_us)
            total = _count(reader)
            target = open_database(target_url)
            try:
                return _Copy(source, target, tell, total).run(reader)
            finally:
                target.close()
    finally:
        source.close()


def _refuse_alive(reader: Connection, source: Database, now_us: int) -> None:
    alive = select(leader.c.holder).where(leader.c.holder != "", leader.c.at_us > now_us - _ALIVE_US)
    if (holder := reader.execute(alive).scalars().first()) is not None:
        raise StoreError(
            f"{source.where}: a service writes to it ({holder})",
            slug="store-in-use",
            fix="stop it first, so that nothing is left behind; one that was killed is forgotten after a minute",
        )


def _count(connection: Connection) -> int:
    return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in _tables())


def _tables() -> list[Table]:
    """Return all tables; those that others refer to come first."""
    return metadata.sorted_tables


class _Copy:
    """One copy under way."""

    def __init__(self, source: Database, target: Database, tell: Callable[[int, int, str], None], total: int) -> None:
        self._source = source
        self._target = target
        self._tell = tell
        self._total = total
        self._done = 0
        self._replaced = 0
        self._is_postgresql = target.engine.dialect.name == _POSTGRESQL

    def run(self, reader: Connection) -> StoreCopy:
        with self._target.writing() as writer:
            self._check_target(writer)
            if not self._is_postgresql:
                writer.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            highest = _highest_keys(reader)
            tables = tuple(self._copied(reader, writer, table, highest) for table in _tables())
            if self._is_postgresql:
                writer.exec_driver_sql("ANALYZE")  # what is asked first need not wait for autovacuum
        return StoreCopy(self._source.where, self._target.where, REVISIONS[-1], tables, self._replaced)

    def _check_target(self, writer: Connection) -> None:
        for table in _tables():
            if writer.execute(select(1).select_from(table).limit(1)).first() is not None:
                raise StoreError(
                    f"{self._target.where}: it is not empty (there are rows in {table.name})",
                    slug="store-not-empty",
                    fix="name a database without a store; nothing was changed",
                )
        encoding = writer.exec_driver_sql("SHOW server_encoding").scalar_one() if self._is_postgresql else "UTF8"
        if encoding != "UTF8":
            raise self._failed(f"its encoding is {encoding}", "make the database with ENCODING 'UTF8'")

    def _copied(self, reader: Connection, writer: Connection, table: Table, highest: Mapping[str, int]) -> CopiedTable:
        sent, arrived = _Rows(), _Rows()
        self._tell(self._done, self._total, f"rows, {table.name}")
        put = _put_postgresql if self._is_postgresql else _put_sqlite
        try:
            put(writer, table, self._rows(reader, table, sent))
            _set_sequence(writer, table, highest.get(table.name, 0))
            for row in _streamed(writer, table):
                arrived.add(row)
        except (DBAPIError, self._target.driver_error) as error:
            raise self._refused(table, error) from error
        if sent.table(table.name) != arrived.table(table.name):
            why = f"{table.name} has other rows than were sent ({arrived.count} instead of {sent.count})"
            raise self._failed(why, "report this; the copy was taken back, and the target is empty")
        return arrived.table(table.name)

    def _rows(self, reader: Connection, table: Table, sent: _Rows) -> Iterator[tuple[Any, ...]]:
        for row in _translated(_streamed(reader, table), self._source.where):
            self._done += 1
            if self._done % _BATCH_ROWS == 0:
                self._tell(self._done, self._total, f"rows, {table.name}")
            fit = self._without_nul(row) if self._is_postgresql else row
            sent.add(fit)
            yield fit

    def _without_nul(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        bad = [isinstance(value, str) and _NUL in value for value in row]
        if not any(bad):
            return row
        self._replaced += sum(bad)
        return tuple(value.replace(_NUL, _INSTEAD) if isinstance(value, str) else value for value in row)

    def _refused(self, table: Table, error: Exception) -> StoreError:
        cause = error.orig if isinstance(error, DBAPIError) else error
        detail = "; ".join(str(cause).splitlines())
        if (slug := slug_of(cause)) is not None:
            return failure(slug, self._target.where, detail)
        fix = "mend or remove that row in the source; the copy was taken back, and the target is empty"
        return self._failed(f"it refuses a row of {table.name}: {bounded(detail, _DETAIL_CHARACTERS)}", fix)

    def _failed(self, why: str, fix: str) -> StoreError:
        return StoreError(f"{self._target.where}: the store cannot be copied there ({why})", slug="store-copy", fix=fix)


def _streamed(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    for row in connection.execute(select(table).execution_options(yield_per=_BATCH_ROWS)):
        yield tuple(row)


def _translated(rows: Iterator[tuple[Any, ...]], where: str) -> Iterator[tuple[Any, ...]]:
    """Yield rows of the source; what it says while it is read is not taken for what the target says."""
    with translated(where):
        yield from rows


def _put_postgresql(writer: Connection, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
    """Send rows in one COPY, at whose end what they refer to is looked at."""
    quote = writer.dialect.identifier_preparer.quote
    columns = ", ".join(quote(column.name) for column in table.columns)
    driver: Any = writer.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _put_sqlite(writer: Connection, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
    statement = str(insert(table).compile(writer))
    while batch := list(islice(rows, _BATCH_ROWS)):
        writer.exec_driver_sql(statement, batch)


def _highest_keys(reader: Connection) -> Mapping[str, int]:
    """Return the highest number that was ever given in each table that numbers its rows, of deleted rows too."""
    if reader.dialect.name != _POSTGRESQL:
        return {row.name: row.seq for row in reader.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")}
    highest = {}
    last = text("SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(:table, :column) AS regclass))")
    for table in _tables():
        if (column := table.autoincrement_column) is not None:
            number = reader.execute(last, {"table": table.name, "column": column.name}).scalar_one()
            highest[table.name] = number or 0
    return highest


def _set_sequence(writer: Connection, table: Table, highest: int) -> None:
    """Let the next row be numbered behind all that there were."""
    column = table.autoincrement_column
    if column is None:
        return
    given = max(highest, writer.execute(select(func.max(column))).scalar_one() or 0)
    if given == 0:
        return
    if writer.dialect.name == _POSTGRESQL:
        place = {"table": table.name, "column": column.name, "given": given}
        writer.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :given)"), place)
    elif table.dialect_options["sqlite"]["autoincrement"]:
        writer.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), {"table": table.name})
        writer.execute(
            text("INSERT INTO sqlite_sequence VALUES (:table, :given)"), {"table": table.name, "given": given}
        )
