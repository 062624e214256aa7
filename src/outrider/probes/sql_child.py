"""The process that asks a database, so that a driver that hangs or crashes can be ended: `python -P sql_child.py`.

It reads one order as JSON from its standard input, and writes a line of JSON for each thing that happens:
`{"at": "connect"}`, `{"at": "query"}`, and at the end `{"rows": …}` or `{"error": …}`. It alone of the room imports
SQLAlchemy, and nothing of Outrider. The transaction is read-only where the database can do that, and never committed.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, exc
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

_MEMORY_BYTES = 2 << 30
_MESSAGE_CHARACTERS = 1_000
_READ_ONLY: Mapping[str, Mapping[str, object]] = {
    "postgresql": {"postgresql_readonly": True},
    "sqlite": {},
}
_STATEMENTS: Mapping[str, str] = {
    "sqlite": "PRAGMA query_only = ON",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}


class _Told(Exception):
    """A problem with its kind: "driver", "url", "connect", "query" or "memory"."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def main() -> None:
    """Carry out the order on standard input."""
    order = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard_bytes = resource.getrlimit(resource.RLIMIT_AS)
    most_bytes = _MEMORY_BYTES if hard_bytes == resource.RLIM_INFINITY else min(_MEMORY_BYTES, hard_bytes)
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    try:
        _say(_ask(order))
    except _Told as told:
        _say({"error": str(told)[:_MESSAGE_CHARACTERS], "kind": told.kind})
    except MemoryError:
        _say({"error": f"the rows need more than {_MEMORY_BYTES} bytes of memory", "kind": "memory"})


def _ask(order: Mapping[str, Any]) -> dict[str, Any]:
    url = _url(order["url"])
    try:
        engine = create_engine(url, execution_options=dict(_READ_ONLY.get(url.get_backend_name(), {})))
    except exc.NoSuchModuleError:
        raise _Told("driver", f"SQLAlchemy knows no database {url.drivername}") from None
    except ImportError as error:
        raise _Told(
            "driver", f"there is no driver {error.name or url.get_driver_name()} for {url.drivername}"
        ) from None
    _say({"at": "connect"})
    began_s = time.perf_counter()
    try:
        connection = engine.connect()
        if statement := _STATEMENTS.get(url.get_backend_name()):
            connection.exec_driver_sql(statement)
    except Exception as error:  # drivers raise what they like: OSError, errors of ssl, their own
        raise _Told("connect", _message(error)) from None
    connected_s = time.perf_counter()
    _say({"at": "query"})
    try:
        rows = _rows(connection, order)
    except (MemoryError, _Told):
        raise
    except Exception as error:  # as above
        raise _Told("query", _message(error)) from None
    return {
        "rows": rows,
        "connect_ms": (connected_s - began_s) * 1000,
        "query_ms": (time.perf_counter() - connected_s) * 1000,
    }


def _url(written: str) -> URL:
    try:
        url = make_url(written)
    except (exc.ArgumentError, ValueError) as error:
        raise _Told("url", str(error).replace(written, "the URL")) from None
    is_file = url.get_backend_name() == "sqlite" and not (url.database or ":").startswith((":", "file:"))
    if is_file and not Path(str(url.database)).is_file():  # sqlite would make it
        raise _Told("connect", f"there is no file {url.database}")
    return url


def _rows(connection: Connection, order: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return the rows of the query, and at most one more than there may be."""
    # As it stands: neither ":name" nor "%s" is a place for a parameter.
    result = connection.execution_options(no_parameters=True).exec_driver_sql(order["query"])
    if not result.returns_rows:
        return []
    names = list(result.keys())
    rows = result.fetchmany(order["max_rows"] + 1)
    return [dict(zip(names, map(plain_value, row), strict=True)) for row in rows]


def plain_value(value: object) -> object:
    """Return a value as JSON has it: a number, a text, true, false or null."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if callable(isoformat) else str(value)


def _message(error: BaseException) -> str:
    """Return the first line of what the driver says, without SQLAlchemy's frame around it."""
    cause = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0] if lines else type(cause).__name__


def _say(document: Mapping[str, Any]) -> None:
    print(json.dumps(document), flush=True)


if __name__ == "__main__":
    main()
