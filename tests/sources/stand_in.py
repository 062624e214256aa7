"""One HTTP server that answers as Jaeger and Loki do, by the form of their public sources, or misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

START_US = 1_790_000_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"
SECRET = "Bearer for-the-sources"

Answer = tuple[int, Any]
Parameters = Mapping[str, list[str]]


def tag(key: str, value: object) -> dict[str, object]:
    kind = {bool: "bool", int: "int64", float: "float64"}.get(type(value), "string")
    return {"key": key, "type": kind, "value": value}


def jaeger_trace(trace_id: str, *, took_us: int = 40_000, query_us: int = 30_000) -> dict[str, Any]:
    """Return a request of a shop and the query that it waits for, which fails, as `/api/traces/ID` gives them."""
    root = {
        "traceID": trace_id, "spanID": "00f067aa0ba902b7", "operationName": "GET /pay", "references": [],
        "startTime": START_US, "duration": took_us, "processID": "p1", "warnings": None, "flags": 1, "logs": [],
        "tags": [tag("span.kind", "server"), tag("http.response.status_code", 500), tag("otel.scope.name", "flask")],
    }  # fmt: skip
    parent = {"refType": "CHILD_OF", "traceID": trace_id, "spanID": root["spanID"]}
    cause = {"refType": "FOLLOWS_FROM", "traceID": "f" * 32, "spanID": "1" * 16}
    query = {
        **root, "spanID": "53995c3f42cd8ad8", "operationName": "SELECT products", "references": [cause, parent],
        "startTime": START_US + 5_000, "duration": query_us, "processID": "p2",
        "tags": [tag("span.kind", "client"), tag("error", True), tag("otel.status_description", "lock timeout")],
        "logs": [{"timestamp": START_US + 9_000, "fields": [tag("event", "exception"), tag("exception.type", "Lock")]}],
    }  # fmt: skip
    processes = {
        "p1": {"serviceName": "shop", "tags": [tag("service.version", "2.4.0")]},
        "p2": {"serviceName": "catalogue", "tags": []},
    }
    return {"traceID": trace_id, "spans": [query, root], "processes": processes, "warnings": None}


@dataclass
class StandIn:
    """What is kept, and how often what was asked.

    Attributes:
        url: Its origin.
        traces: What Jaeger has, by id.
        asked: Targets of requests, in order.
        released: Set to let requests go that wait.
    """

    url: str = ""
    traces: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, asked: Parameters, headers: Mapping[str, str]) -> Answer:
        """Return status and body for a path."""
        room, _, rest = path.strip("/").partition("/")
        return _ROOMS[room](self, f"/{rest}", asked, headers)

    def jaeger(self, path: str, asked: Parameters, _: Mapping[str, str]) -> Answer:
        """Answer as Jaeger's query service."""
        if path == "/api/services":
            return 200, {"data": ["catalogue", "shop"], "total": 2, "limit": 0, "offset": 0, "errors": None}
        wanted = asked.get("traceID", []) or [path.rpartition("/")[2]]
        known = [self.traces[own] for own in wanted if own in self.traces]
        if not known and "traceID" not in asked:
            return 404, {"data": None, "errors": [{"code": 404, "msg": "trace not found"}]}
        return 200, {"data": known, "total": 0, "limit": 0, "offset": 0, "errors": None}

    def loki(self, path: str, asked: Parameters, _: Mapping[str, str]) -> Answer:
        """Answer as Loki, which has a line of each trace that it is asked for by the text of its lines."""
        if path != "/loki/api/v1/query_range":
            return (
                (200, {"status": "success", "data": ["app"]}) if path.endswith("labels") else (200, {"version": "3.4"})
            )
        query, at_ns = asked["query"][0], str(START_US * 1000)
        stream = {"stream": {"app": "shop", "level": "error"}, "values": [[at_ns, "pool is empty"]]}
        rows = [stream] if query.startswith('{app="shop"} |= "') else []
        return 200, {"status": "success", "data": {"resultType": "streams", "result": rows, "stats": {}}}

    def odd(self, path: str, _: Parameters, headers: Mapping[str, str]) -> Answer:
        """Misbehave as the first part of the path says."""
        how = path.split("/")[1]
        if how == "waits":
            self.released.wait(60)
        if how == "signs":
            return (200, {"data": []}) if headers.get("Authorization") == SECRET else (401, {"message": "no"})
        return {
            "waits": (200, {}), "refuses": (403, {}), "breaks": (503, {"error": "no shards"}), "html": (200, b"<html>"),
            "other": (200, {"status": "success"}), "list": (200, [1]), "deep": (200, b"[" * 100_000),
            "moves": (302, {}), "large": (200, b" " * (33 << 20)), "numbers": (200, {"data": 12}),
        }[how]  # fmt: skip


_ROOMS: dict[str, Callable[[StandIn, str, Parameters, Mapping[str, str]], Answer]] = {
    "jaeger": StandIn.jaeger, "loki": StandIn.loki, "odd": StandIn.odd,
}  # fmt: skip


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """Serve until the end of the block."""
    kept = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked.append(self.path)
            parts = urlsplit(self.path)
            status, body = kept.answer(parts.path, parse_qs(parts.query), dict(self.headers.items()))
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if status == 302:
                self.send_header("Location", f"{kept.url}/jaeger/api/services")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of a client that hung up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield kept
        kept.released.set()
        server.shutdown()
        thread.join()
