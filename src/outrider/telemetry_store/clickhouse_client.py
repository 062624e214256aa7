"""The client of the engine, or of a ClickHouse server: the same code for both, over HTTP."""

from __future__ import annotations

import logging
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from outrider.model import TelemetryError, TelemetryUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.telemetry_store.engine_record import EngineRecord

DATABASE = "outrider"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Where compressing costs more than it saves, and our engine reads no compressed bodies."""

_LATER = frozenset({74, 75, 76, 77, 159, 173, 202, 209, 210, 241, 243, 252, 319, 425})
"""Codes of ClickHouse after which the same call may succeed: of files, time, memory, load, network, space and parts."""
_OF_ITS_DISK = "filesystem_error"
"""What an error without a code of its own says where a disk is read-only or out of inodes."""

_ERRNO = re.compile(r"\[Errno -?\d+\] ([^\"')]+)")
"""What the network says, within what each library says around it."""

_LIMITS = {
    158: "it reads too many rows",
    159: "it takes too long",
    160: "it would take too long",
    241: "it needs too much memory",
    307: "it reads too many bytes",
    396: "its answer is too long",
}


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where an engine or a server listens."""

    host: str
    port: int
    user: str = "default"
    password: str = field(default="", repr=False)
    database: str = DATABASE
    is_secure: bool = False

    @classmethod
    def of_engine(cls, record: EngineRecord) -> ServerAddress:
        """Return where an engine of this machine listens."""
        return cls("127.0.0.1", record.port, "outrider", record.password)

    @classmethod
    def of_url(cls, url: str) -> ServerAddress:
        """Return where a server listens: `https://user:password@host:port/database`.

        Raises:
            TelemetryError: telemetry-url.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            fix = "write [telemetry] clickhouse as https://user:password@host:8443/database"
            raise TelemetryError("the address of ClickHouse is none", slug="telemetry-url", fix=fix)
        is_secure = parts.scheme == "https"
        user, password = unquote(parts.username or "default"), unquote(parts.password or "")
        database = parts.path.strip("/") or DATABASE
        return cls(parts.hostname, port or (8443 if is_secure else 8123), user, password, database, is_secure)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query returned, row by row."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class ClickHouseClient:
    """Statements and inserts, from any thread: as many connections as there were at once.

    Every method raises `TelemetryUnavailable` where the same call may succeed later, and else `TelemetryError`.
    """

    def __init__(self, address: ServerAddress, *, timeout_s: int = 60) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._free: list[Any] = []
        self._closed = 0
        self._lock = threading.Lock()

    @property
    def database(self) -> str:
        """The database that its tables are in."""
        return self._address.database

    def command(self, sql: str, settings: Mapping[str, Any] | None = None) -> str:
        """Run a statement of our own; return its answer as text."""
        with self._connection() as connection:
            return str(connection.command(sql, settings=dict(settings or {})))

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Answer:
        """Return the answer to a query; values stand in `parameters` as `{name:Type}`, never in the text."""
        with self._connection() as connection:
            result = connection.query(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))
            return Answer(tuple(result.column_names), [tuple(row) for row in result.result_rows])

    def insert(self, table: str, columns: Mapping[str, str], data: Sequence[Sequence[Any]], *, token: str) -> None:
        """Insert columns.

        Args:
            table: Its name.
            columns: Names and types.
            data: The values of each column, in the order of `columns`.
            token: Of the batch; repeated, it changes nothing.
        """
        with self._connection() as connection:
            connection.insert(
                table, data, column_names=list(columns), column_type_names=list(columns.values()), column_oriented=True,
                database=self.database,
                settings={"insert_deduplicate": 1, "insert_deduplication_token": token, "async_insert": 0},
            )  # fmt: skip

    def move(self, address: ServerAddress) -> None:
        """Go on at another address, as after the engine has been started anew."""
        with self._lock:
            self._address = address
        self.close()

    def close(self) -> None:
        """Close all connections, those in use once they are free."""
        with self._lock:
            free, self._free = self._free, []
            self._closed += 1
        for connection in free:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """Lend a connection that is free, or a new one; threads come and go, and engines answer a bounded number."""
        with _errors():
            with self._lock:
                connection, closed = self._free.pop() if self._free else None, self._closed
            connection = connection or self._connected()
            try:
                yield connection
            finally:
                with self._lock:
                    is_open = closed == self._closed
                    if is_open:
                        self._free.append(connection)
                if not is_open:
                    connection.close()

    def _connected(self) -> Any:  # the library's types are partial
        from clickhouse_connect import get_client  # noqa: PLC0415  an extra

        logging.getLogger("clickhouse_connect").setLevel(logging.ERROR)  # of what fails, errors of ours tell
        address = self._address
        return get_client(
            host=address.host, port=address.port, username=address.user, password=address.password,
            database="__default__", interface="https" if address.is_secure else "http",
            compress=address.host not in _LOOPBACK, send_receive_timeout=self._timeout_s, connect_timeout=5,
            query_limit=0, query_retries=0, autogenerate_session_id=False, client_name="outrider", dedicated_pool=True,
        )  # fmt: skip


class _errors:  # noqa: N801  a context as `suppress` is
    """Raises what the library raises as errors of ours."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        from clickhouse_connect.driver.exceptions import ClickHouseError  # noqa: PLC0415  an extra

        if isinstance(error, ClickHouseError):
            raise _translated(error) from None
        if isinstance(error, OSError):
            raise _unreachable(str(error)) from None


def _translated(error: Exception) -> TelemetryError:
    code, text = getattr(error, "code", None), str(error).strip().splitlines()
    first = text[0] if text else type(error).__name__
    if code in _LIMITS:
        fix = "narrow it: a shorter time, a service, fewer keys"
        return TelemetryUnavailable(
            f"the telemetry store ended the query: {_LIMITS[code]}", slug="telemetry-limit", fix=fix
        )
    if code is None and type(error).__name__ == "OperationalError":
        return _unreachable(first)
    kind = TelemetryUnavailable if code in _LATER or _OF_ITS_DISK in first else TelemetryError
    return kind(f"the telemetry store refuses: {first[:300]}", slug="telemetry-refused", fix="see docs/telemetry.md")


def _unreachable(reason: str) -> TelemetryUnavailable:
    of_network = _ERRNO.search(reason)
    what = f"the telemetry store does not answer: {of_network[1] if of_network else reason[:300]}"
    fix = (
        "see whether `outrider up` runs and what engine.log says, or whether the server of [telemetry] clickhouse does"
    )
    return TelemetryUnavailable(what, slug="telemetry-unreachable", fix=fix)
