"""One HTTP server that answers as other servers do, or misbehaves.

Nothing here was recorded: the forms are those of public sources and documents, Jaeger's and Loki's, those of
`cmd/tempo-vulture/testdata` of Tempo, of the mappings of Elasticsearch (`ecs@mappings`, `otel@mappings`) and of the API
reference of Sentry.
"""

from __future__ import annotations

import base64
import json
import math
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
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
    root: dict[str, Any] = {
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


def tempo_trace(trace_id: str, ended_ns: str = f"{START_US + 40_000}000") -> dict[str, Any]:
    """Return the same request as `/api/traces/ID` of Tempo gives it: ids in base64, words of enumerations."""

    def based(text: str) -> str:
        return base64.b64encode(bytes.fromhex(text)).decode()

    def attribute(key: str, **value: object) -> dict[str, Any]:
        return {"key": key, "value": value}

    root: dict[str, Any] = {
        "traceId": based(trace_id), "spanId": based("00f067aa0ba902b7"), "name": "GET /pay", "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": f"{START_US}000", "endTimeUnixNano": ended_ns, "status": {},
        "attributes": [attribute("http.response.status_code", intValue="500")],
    }  # fmt: skip
    thrown = [attribute("exception.type", stringValue="Lock")]
    query = {
        **root, "spanId": based("53995c3f42cd8ad8"), "parentSpanId": root["spanId"], "name": "SELECT products",
        "kind": "SPAN_KIND_CLIENT", "startTimeUnixNano": f"{START_US + 5_000}000",
        "endTimeUnixNano": f"{START_US + 35_000}000",
        "status": {"code": "STATUS_CODE_ERROR", "message": "lock timeout"},
        "events": [{"timeUnixNano": f"{START_US + 9_000}000", "name": "exception", "attributes": thrown}],
        "links": [{"traceId": based("f" * 32), "spanId": based("1" * 16)}], "attributes": [],
    }  # fmt: skip
    shop = [attribute("service.name", stringValue="shop"), attribute("service.version", stringValue="2.4.0")]
    catalogue = [attribute("service.name", stringValue="catalogue")]
    flask = {"scope": {"name": "flask"}, "spans": [root]}
    batches: list[dict[str, Any]] = [
        {"resource": {"attributes": catalogue}, "scopeSpans": [{"scope": {}, "spans": [query]}]},
        {"resource": {"attributes": shop}, "scopeSpans": [flask]},
    ]
    return {"batches": batches}


ECS: dict[str, Any] = {
    "@timestamp": "2026-09-21T14:13:20.123Z", "message": "pool is empty", "log.level": "error", "ecs.version": "8.11.0",
    "service": {"name": "shop"}, "trace": {"id": TRACE}, "span.id": "00f067aa0ba902b7", "http": {"retries": 3},
}  # fmt: skip
OTEL: dict[str, Any] = {
    "@timestamp": "2026-09-21T14:13:20.123456789Z", "body": {"text": "pool is empty"}, "severity_text": "ERROR",
    "severity_number": 17, "trace_id": TRACE, "span_id": "00f067aa0ba902b7", "attributes": {"http.retries": 3},
    "resource": {"attributes": {"service.name": "shop", "host.name": "node-9"}}, "scope": {"name": "flask"},
    "data_stream": {"type": "logs", "dataset": "generic.otel", "namespace": "default"},
}  # fmt: skip


@dataclass
class StandIn:
    """What is kept, and how often what was asked.

    Attributes:
        url: Its origin.
        traces: What Jaeger has, by id.
        events: What Sentry has, beside an error of each trace.
        asked: Targets of requests, in order.
        released: Set to let requests go that wait.
    """

    url: str = ""
    traces: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, asked: Parameters, headers: Mapping[str, str]) -> Answer:
        """Return status and body for a path."""
        room, _, rest = path.removeprefix("/").partition("/")
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

    def tempo(self, path: str, _: Parameters, __: Mapping[str, str]) -> Answer:
        """Answer as Tempo, which has what Jaeger has."""
        if path == "/api/search/tags":
            return 200, {"tagNames": ["service.name"], "metrics": {}}
        if path == "/api/status/buildinfo":
            return 200, {"version": "2.8.1", "revision": "0"}
        trace_id = path.rpartition("/")[2]
        return (200, tempo_trace(trace_id)) if trace_id in self.traces else (404, b"trace not found")

    def elasticsearch(self, path: str, asked: Parameters, headers: Mapping[str, str]) -> Answer:
        """Answer as Elasticsearch, which has a document in each form for a trace."""
        if headers.get("Authorization", "ApiKey none").split()[0] != "ApiKey":
            return 401, {"error": {"reason": "missing authentication credentials"}, "status": 401}
        if path == "/":
            return 200, {"version": {"number": "8.19.4"}, "tagline": "You Know, for Search"}
        body = json.loads(asked["body"][0])
        filters = body.get("query", {}).get("bool", {}).get("filter", [])
        terms = [own["term"] for own in filters[-1]["bool"]["should"]] if len(filters) > 1 else []
        rows = [ECS] if {"trace.id": TRACE} in terms else []
        rows += [OTEL] if {"trace_id": TRACE} in terms else []
        hits = [{"_index": "logs", "_id": "1", "_source": row, "sort": [0]} for row in rows]
        return 200, {"took": 3, "timed_out": False, "_shards": {"failed": 0}, "hits": {"max_score": None, "hits": hits}}

    def sentry(self, path: str, asked: Parameters, headers: Mapping[str, str]) -> Answer:
        """Answer as Sentry, which has an error of each trace that is asked for."""
        if headers.get("Authorization") != SECRET:
            return 401, {"detail": "Invalid token"}
        if path != "/api/0/organizations/acme/events/":
            return 404, {"detail": "The requested resource does not exist"}
        named = asked["query"][0].partition("trace:[")[2].partition("]")[0] if "query" in asked else ""
        rows = [
            {"id": trace, "timestamp": "2026-09-21T14:13:20+00:00", "title": "Lock: lock timeout", "project": "shop",
             "issue": "SHOP-4F", "issue.id": 4711, "trace": trace, "level": "error", "release": None}
            for trace in filter(None, named.split(","))
        ]  # fmt: skip
        if not named and "start" in asked:
            begin, end = (datetime.fromisoformat(f"{asked[key][0]}+00:00") for key in ("start", "end"))
            rows = [row for row in self.events if begin <= datetime.fromisoformat(row["timestamp"]) < end]
        return 200, {"data": rows, "meta": {"fields": {}, "dataset": "errors"}}

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
            "partial": matrix(isPartial=True), "warned": matrix(warnings=["store 2 is gone"]),
            "noted": matrix(warnings=["PromQL info: metric might not be a counter"]),
            "native": (200, {"status": "success", "data": {"resultType": "matrix", "result": [
                {"metric": {}, "histograms": [[1, {"count": "2"}]]}]}}),
            "odd": (200, {"data": [{"id": 4, "timestamp": "now"}], "batches": [{"scopeSpans": [{"spans": [{}]}]}],
                          "hits": {"hits": [{"_id": "1"}]}}),
            "late": (200, {
                "data": [jaeger_trace(TRACE, took_us=10**25)], "batches": tempo_trace(TRACE, "9" * 30)["batches"],
                "hits": {"hits": [{"_source": {**ECS, "@timestamp": 1e30}}]}}),
            "endless": matrix([math.nan, "1"]), "streamed": (200, {"status": "success", "data": {
                "resultType": "streams", "result": [{"stream": {}, "values": [["-5", "line"]]}]}}),
            "moves": (302, {}), "large": (200, b" " * (33 << 20)), "numbers": (200, {"data": 12}),
        }[how]  # fmt: skip


def matrix(*values: list[object], **more: object) -> Answer:
    """Return a series as `/api/v1/query_range` gives it, with two values or those that are named."""
    row = {"metric": {"pod": "a"}, "values": values or ([1, "5"], [2, "NaN"])}
    return 200, {"status": "success", "data": {"resultType": "matrix", "result": [row]}, **more}


_ROOMS: dict[str, Callable[[StandIn, str, Parameters, Mapping[str, str]], Answer]] = {
    "jaeger": StandIn.jaeger, "tempo": StandIn.tempo, "loki": StandIn.loki, "sentry": StandIn.sentry,
    "elasticsearch": StandIn.elasticsearch, "odd": StandIn.odd,
}  # fmt: skip


@contextmanager
def standing_in(own: StandIn | None = None) -> Iterator[StandIn]:
    """Serve until the end of the block."""
    kept = own or StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked.append(self.path)
            parts = urlsplit(self.path)
            asked = parse_qs(parts.query)
            if length := int(self.headers.get("Content-Length", 0)):
                asked["body"] = [self.rfile.read(length).decode()]
            status, body = kept.answer(parts.path, asked, dict(self.headers.items()))
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if status == 302:
                self.send_header("Location", f"{kept.url}/jaeger/api/services")
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

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
