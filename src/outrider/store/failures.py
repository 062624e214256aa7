"""What a database or a disk says when it refuses, as an error that says what to do."""

from __future__ import annotations

import errno
import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from outrider.model import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Words = Mapping[str, tuple[str, str]]

_WORDS = {
    "store-full": (
        "there is no room left for the database",
        "free space on that disk, prune old runs, or raise the store's limit; nothing is half stored",
    ),
    "store-locked": (
        "another process held the database for too long",
        "wait for it or stop it (fuser names it), then try again",
    ),
    "store-read-only": (
        "the database cannot be written",
        "give this user the right to write to the file and its folder, or name another place",
    ),
    "store-damaged": (
        "the database is damaged",
        "move it aside and restore a backup; sqlite3's .recover command saves what can still be read",
    ),
    "store-unreachable": (
        "the database cannot be used",
        "check the address, user and password, and of a database server that it runs",
    ),
    "store-missing": ("there is no store", "name a database that Outrider has written"),
    "store-older": (
        "an older Outrider wrote it",
        "bring it up to date first, as `outrider runs` does in its workspace",
    ),
}

FOLDER_WORDS = {
    "store-full": ("there is no room left for artifacts", "free space on that disk, or prune old runs"),
    "store-read-only": (
        "artifacts cannot be written to this folder",
        "give this user the right to write to it, or name another folder as artifacts of [store]",
    ),
    "store-unreachable": (
        "this folder for artifacts cannot be used",
        "create it, or name another folder as artifacts of [store]",
    ),
}
"""What `failure` says of the artifact folder."""

_SQLITE = {
    sqlite3.SQLITE_FULL: "store-full",
    sqlite3.SQLITE_BUSY: "store-locked",
    sqlite3.SQLITE_LOCKED: "store-locked",
    sqlite3.SQLITE_READONLY: "store-read-only",
    sqlite3.SQLITE_PERM: "store-read-only",
    sqlite3.SQLITE_CANTOPEN: "store-read-only",
    sqlite3.SQLITE_CORRUPT: "store-damaged",
    sqlite3.SQLITE_NOTADB: "store-damaged",
    sqlite3.SQLITE_SCHEMA: "store-damaged",
}

_GONE = re.compile(r"no such (table|column)|table \w+ has no column named ")

_NO_ROOM = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
"""What SQLite calls a file that cannot grow; the second is the index of its write-ahead log."""

_SQLSTATE = {
    "53100": "store-full",
    "55P03": "store-locked",
    "40P01": "store-locked",
    "25006": "store-read-only",
    "42501": "store-read-only",
    "42P01": "store-damaged",  # an undefined table, and an undefined column
    "42703": "store-damaged",
    "XX001": "store-damaged",
    "XX002": "store-damaged",
}
"""PostgreSQL, appendix A: error codes."""
_SERVER_CLASSES = ("08", "53", "57", "58")
"""Of these codes: connections, resources, the operator, and the system below the server."""
_ENDS_SESSION = {"FATAL", "PANIC"}
"""Severities after which the server has closed the connection, whatever the code."""

_ERRNO = {
    errno.ENOSPC: "store-full",
    errno.EDQUOT: "store-full",
    errno.EROFS: "store-read-only",
    errno.EACCES: "store-read-only",
    errno.EPERM: "store-read-only",
    errno.ENOTDIR: "store-read-only",
    errno.EEXIST: "store-read-only",
}


def failure(slug: str, where: str, detail: str = "", *, words: Words = _WORDS) -> StoreError:
    """Return the error of `slug` about the database, or by `FOLDER_WORDS` about the folder, at `where`."""
    what, fix = words[slug]
    detail = "; ".join(line.strip() for line in detail.splitlines())
    return StoreError(f"{where}: {what}" + (f" ({detail})" if detail else ""), slug=slug, fix=fix)


@contextmanager
def translated(where: str, *, words: Words = _WORDS) -> Iterator[None]:
    """Raise what a driver or the disk says about `where` as a `StoreError`; programming errors pass unchanged.

    Raises:
        StoreError: store-full, store-locked, store-read-only, store-damaged or store-unreachable.
    """
    try:
        yield
    except DBAPIError as error:
        slug = slug_of(error.orig)
        if slug is None:
            raise
        raise failure(slug, where, str(error.orig)) from error
    except sqlite3.Error as error:
        slug = slug_of(error)
        if slug is None:
            raise
        raise failure(slug, where, str(error)) from error
    except OSError as error:
        slug = _ERRNO.get(error.errno or 0, "store-unreachable")
        raise failure(slug, where, error.strerror or str(error), words=words) from error


def slug_of(error: BaseException | None) -> str | None:
    """Return what an error of a driver means; None if it is about what was asked, not about the database."""
    if isinstance(error, sqlite3.Error):
        return _sqlite_slug(error)
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if state is None:
        return "store-unreachable" if type(error).__name__ in {"OperationalError", "InterfaceError"} else None
    severity = getattr(getattr(error, "diag", None), "severity_nonlocalized", None)
    is_server = state.startswith(_SERVER_CLASSES) or severity in _ENDS_SESSION
    return _SQLSTATE.get(state, "store-unreachable" if is_server else None)


def _sqlite_slug(error: sqlite3.Error) -> str | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError):
        return None
    primary = code & 0xFF  # https://www.sqlite.org/rescode.html: the low byte is the primary code
    if primary == sqlite3.SQLITE_IOERR:
        return "store-full" if code in _NO_ROOM else "store-unreachable"
    if primary == sqlite3.SQLITE_ERROR:  # a wrong statement is ours; that what it names is gone is not
        return "store-damaged" if _GONE.match(str(error)) else None
    return _SQLITE.get(primary, "store-unreachable")
