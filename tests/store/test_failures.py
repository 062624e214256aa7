"""What a driver or a disk says, as an error with a slug of its own."""

from __future__ import annotations

import errno
import sqlite3
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import DBAPIError

from outrider.model import StoreError
from outrider.store.failures import translated


def sqlite_error(code: int, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    error = kind("as SQLite says")
    error.sqlite_errorcode = code
    return error


class ServerError(Exception):
    """An error of a PostgreSQL driver."""

    def __init__(self, sqlstate: str | None, severity: str = "ERROR") -> None:
        super().__init__("as the server says")
        self.sqlstate = sqlstate
        self.diag = SimpleNamespace(severity_nonlocalized=severity)


class OperationalError(ServerError):
    """The driver's kind of error for a server that cannot be reached."""


def slug_of(error: BaseException) -> str:
    with pytest.raises(StoreError) as caught, translated("here"):
        raise error
    assert caught.value.what.startswith("here: ")
    assert caught.value.fix
    return caught.value.slug


SQLITE = [
    (sqlite3.SQLITE_FULL, "store-full"),
    (sqlite3.SQLITE_IOERR_WRITE, "store-full"),
    (sqlite3.SQLITE_IOERR_SHMSIZE, "store-full"),
    (sqlite3.SQLITE_IOERR, "store-unreachable"),
    (sqlite3.SQLITE_IOERR_READ, "store-unreachable"),
    (sqlite3.SQLITE_BUSY, "store-locked"),
    (sqlite3.SQLITE_BUSY_SNAPSHOT, "store-locked"),
    (sqlite3.SQLITE_LOCKED, "store-locked"),
    (sqlite3.SQLITE_READONLY, "store-read-only"),
    (sqlite3.SQLITE_PERM, "store-read-only"),
    (sqlite3.SQLITE_CANTOPEN, "store-read-only"),
    (sqlite3.SQLITE_CORRUPT, "store-damaged"),
    (sqlite3.SQLITE_NOTADB, "store-damaged"),
]


@pytest.mark.parametrize(("code", "slug"), SQLITE)
def test_what_sqlite_says_is_translated(code: int, slug: str) -> None:
    """By its code, an extended one by its low byte; as SQLAlchemy wraps it, too."""
    assert slug_of(sqlite_error(code)) == slug
    assert slug_of(DBAPIError("SELECT 1", {}, sqlite_error(code))) == slug


@pytest.mark.parametrize(
    "text", ["no such table: runs", "no such column: due_count", "table runs has no column named outcome"]
)
def test_a_table_that_is_gone_is_damage(text: str) -> None:
    """Somebody emptied or replaced the database."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = sqlite3.SQLITE_ERROR

    assert slug_of(error) == "store-damaged"


@pytest.mark.parametrize(
    ("error", "slug"),
    [
        (ServerError("42P01"), "store-damaged"),
        (ServerError("53100"), "store-full"),
        (ServerError("55P03"), "store-locked"),
        (ServerError("40P01"), "store-locked"),
        (ServerError("25006"), "store-read-only"),
        (ServerError("42501"), "store-read-only"),
        (ServerError("XX001"), "store-damaged"),
        (ServerError("08006"), "store-unreachable"),
        (ServerError("57P01"), "store-unreachable"),
        (ServerError("53300"), "store-unreachable"),
        (ServerError("58030"), "store-unreachable"),
        (ServerError("25P03", "FATAL"), "store-unreachable"),
        (OperationalError(None), "store-unreachable"),
    ],
)
def test_what_a_server_says_is_translated(error: Exception, slug: str) -> None:
    """By its SQLSTATE; a connection that was never made has none."""
    assert slug_of(DBAPIError("SELECT 1", {}, error)) == slug


@pytest.mark.parametrize(
    "error",
    [
        sqlite_error(sqlite3.SQLITE_CONSTRAINT, sqlite3.IntegrityError),
        sqlite_error(sqlite3.SQLITE_FULL, sqlite3.ProgrammingError),
        sqlite_error(sqlite3.SQLITE_ERROR),
        sqlite3.OperationalError("of no code"),
        DBAPIError("SELECT 1", {}, sqlite_error(sqlite3.SQLITE_CONSTRAINT, sqlite3.IntegrityError)),
        DBAPIError("SELECT 1", {}, ServerError("42601")),
        DBAPIError("SELECT 1", {}, ServerError(None)),
        KeyError("ours"),
    ],
)
def test_a_mistake_of_the_program_passes_unchanged(error: Exception) -> None:
    """A constraint, a wrong statement or a closed connection is nothing that its user can mend."""
    with pytest.raises(type(error)) as caught, translated("here"):
        raise error

    assert caught.value is error


@pytest.mark.parametrize(
    ("number", "slug"),
    [
        (errno.ENOSPC, "store-full"),
        (errno.EDQUOT, "store-full"),
        (errno.EROFS, "store-read-only"),
        (errno.EACCES, "store-read-only"),
        (errno.EPERM, "store-read-only"),
        (errno.ENOTDIR, "store-read-only"),
        (errno.EEXIST, "store-read-only"),
        (errno.EIO, "store-unreachable"),
    ],
)
def test_what_a_disk_says_is_translated(number: int, slug: str) -> None:
    """An error without a number is one of a place that cannot be used."""
    assert slug_of(OSError(number, "as the disk says")) == slug
    assert slug_of(OSError("unnumbered")) == "store-unreachable"
