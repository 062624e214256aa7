"""The part of ClickHouse's HTTP interface that clickhouse-connect 1.12 uses, over chDB.

Of the interface it has statements in the body or in `query`, parameters (`param_NAME`) in the URL or, as clients send
those of more than 4 kB, in a form, settings in the URL, formats, inserts with chunked or sized bodies, `/ping`, basic
authentication and errors with their code. It leaves out sessions
(`SET` of a client, temporary tables), users and roles, compression and progress headers.
"""

from __future__ import annotations

import base64
import hmac
import re
import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from outrider.telemetry_store.engine_handles import EngineRefusal

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from outrider.telemetry_store.engine_handles import EngineHandles

_STATEMENT_BYTES = 1_000_000
_PIECE_BYTES = 1 << 20
_IDLE_S = 120.0
_CONNECTIONS = 64

_TRANSPORT = frozenset(
    {
        "add_http_cors_header",
        "cancel_http_readonly_queries_on_client_close",
        "client_protocol_version",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "query",
        "query_id",
        "quota_key",
        "role",
        "send_progress_in_http_headers",
        "session_check",
        "session_id",
        "session_timeout",
        "wait_end_of_query",
    }
)
"""Parameters of the URL that are not settings, or mean nothing here."""

_SETTING = re.compile(r"[a-z][a-z0-9_]*")
_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_INSERT = re.compile(r"\s*INSERT\s+INTO\s.*\sFORMAT\s+\w+\s*$", re.IGNORECASE | re.DOTALL)
_READS = frozenset({"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS"})


class BadRequest(Exception):
    """A request that is not of this interface."""


class EngineServer(ThreadingHTTPServer):
    """Answers on loopback; `password` is asked of everybody, since every user of the machine reaches loopback."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, handles: EngineHandles, password: str) -> None:
        super().__init__(("127.0.0.1", port), EngineRequest)
        self.handles = handles
        self.authorization = "Basic " + base64.b64encode(f"outrider:{password}".encode()).decode()
        self._connections = threading.BoundedSemaphore(_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, or hang up where there are too many."""
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        """Answer one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class EngineRequest(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: EngineServer
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer `/ping`, and queries in the URL."""
        if urlsplit(self.path).path == "/ping":
            self._answer(200, b"Ok.\n")
        else:
            self.do_POST()

    def do_POST(self) -> None:
        """Answer a statement."""
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), self.server.authorization.encode()):
            self.close_connection = True
            self._answer(403, b"Code: 516. Authentication failed: the password stands beside the engine's folder", 516)
            return
        try:
            body = RequestBody(self)
        except (BadRequest, ValueError) as problem:
            self.close_connection = True
            self._answer(400, f"Code: 1000. {problem}".encode(), 1000)
            return
        try:
            named = dict(parse_qsl(urlsplit(self.path).query, True))
            content_type = self.headers.get("Content-Type", "")
            if content_type.startswith("multipart/form-data"):
                named |= _form_fields(content_type, body)
            form, answer = _answered(self.server.handles, named, body)
        except EngineRefusal as refusal:
            self._refuse(500, str(refusal), refusal.code, body)
        except (BadRequest, ValueError) as problem:
            self._refuse(400, f"Code: 1000. {problem}", 1000, body)
        else:
            body.drain()
            self._answer(200, answer, form=form)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Log nothing: the client sees each error."""

    def _refuse(self, status: int, text: str, code: int, body: RequestBody) -> None:
        self.close_connection = not body.drain()
        self._answer(status, text.encode(errors="replace"), code)

    def _answer(self, status: int, body: bytes, code: int = 0, *, form: str = "TabSeparated") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Format", form)
        self.send_header("X-ClickHouse-Summary", "{}")
        if code:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class RequestBody:
    """What a client sends, by `Content-Length` or in chunks, read as it is needed."""

    def __init__(self, request: BaseHTTPRequestHandler) -> None:
        self._input = request.rfile
        if request.headers.get("Content-Encoding", "identity") not in {"", "identity"}:
            raise BadRequest("send bodies without compression")
        is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "")
        self._pieces = self._chunks() if is_chunked else self._sized(int(request.headers.get("Content-Length", 0)))
        self._left = b""

    def statement(self, most_bytes: int) -> str:
        """Return what is left, as text.

        Raises:
            BadRequest: If it is longer than a statement can be.
        """
        return self.whole(most_bytes).decode()

    def whole(self, most_bytes: int) -> bytes:
        """Return what is left.

        Raises:
            BadRequest: If it is longer than that.
        """
        content = b""
        for piece in self.data():
            content += piece
            if len(content) > most_bytes:
                raise BadRequest("the statement is longer than 1 MB")
        return content

    def first_line(self) -> str:
        """Return its first line, or all of it where it is short; what follows stays."""
        while b"\n" not in self._left and len(self._left) <= _STATEMENT_BYTES:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._left += piece
        line, newline, self._left = self._left.partition(b"\n")
        return (line + newline).decode()

    def data(self) -> Iterator[bytes]:
        """Yield what is left."""
        if self._left:
            yield self._left
            self._left = b""
        yield from self._pieces

    def drain(self) -> bool:
        """Read what is left; return whether the connection can be used again."""
        try:
            for _ in self._pieces:
                pass
        except (OSError, ValueError, BadRequest):
            return False
        return True

    def _sized(self, size: int) -> Iterator[bytes]:
        while size > 0:
            piece = self._input.read(min(size, _PIECE_BYTES))
            if not piece:
                raise BadRequest("the body ends early")
            size -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = int(self._input.readline(100).partition(b";")[0], 16)
            if not size:
                while self._input.readline(1000) not in {b"\r\n", b"\n", b""}:
                    pass
                return
            yield from self._sized(size)
            self._input.readline(10)


def _form_fields(content_type: str, body: RequestBody) -> dict[str, str]:
    """Return the fields of a form (RFC 7578): the statement and its parameters."""
    content = f"Content-Type: {content_type}\r\n\r\n".encode() + body.whole(_STATEMENT_BYTES)
    parts = BytesParser(policy=HTTP).parsebytes(content).iter_parts()
    fields = {part.get_param("name", header="Content-Disposition"): part.get_payload(decode=True) for part in parts}
    return {str(name): value.decode() for name, value in fields.items() if isinstance(value, bytes)}


def _answered(handles: EngineHandles, url: dict[str, str], body: RequestBody) -> tuple[str, bytes]:
    parameters = {name[6:]: value for name, value in url.items() if name.startswith("param_")}
    settings = {name: value for name, value in url.items() if name not in _TRANSPORT and not name.startswith("param_")}
    if unknown := [name for name in settings if not _SETTING.fullmatch(name)]:
        raise BadRequest(f"{unknown[0]!r} is no setting")
    first = url.get("query") or body.first_line()
    if _INSERT.fullmatch(first):
        return _inserted(handles, first, settings, body)
    sql = first + body.statement(_STATEMENT_BYTES - len(first))
    match = _FORMAT.search(sql)
    form = match[1] if match else url.get("default_format", "TabSeparated")
    sql = sql[: match.start()] if match else sql
    words = sql.split(None, 1)
    if not words:
        raise BadRequest("the statement is empty")
    answer = handles.read if words[0].upper().lstrip("(") in _READS else handles.execute
    return form, answer(sql, form, settings, parameters)


def _inserted(handles: EngineHandles, statement: str, settings: dict[str, str], body: RequestBody) -> tuple[str, bytes]:
    match = _FORMAT.search(statement)
    assert match is not None
    handles.insert(statement[: match.start()], match[1], settings, b"".join(body.data()))
    return match[1], b""
