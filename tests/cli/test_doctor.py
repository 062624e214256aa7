"""`outrider doctor trace` says where the id of a trace is lost, with the real SDK and the real ingest."""

from __future__ import annotations

import http.client
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from outrider.app import find_workspace, open_store, open_telemetry
from outrider.app.lookup.trace_walk import walk_trace
from outrider.app.telemetry.telemetry_ingest import TelemetryIngest
from outrider.model import UsageError

from .test_telemetry_commands import new_desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Desk

pytestmark = pytest.mark.skipif(find_spec("chdb") is None, reason="the extra `telemetry` is not installed")
NAMES = ("traceparent", "tracestate", "sentry-trace", "baggage")
PAGES = "https://shop.example"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    """A workspace that takes telemetry, and where."""
    desk = new_desk(tmp_path_factory.mktemp("doctor"), '[telemetry]\nlisten = "127.0.0.1:0"\n')
    workspace = find_workspace(desk.root)
    with (
        open_telemetry(workspace) as telemetry,
        open_store(workspace) as store,
        TelemetryIngest(workspace, store, telemetry) as ingest,
    ):
        yield desk, ingest.address


@dataclass(frozen=True)
class Shop:
    """How a service is instrumented.

    Attributes:
        endpoint: Where its spans go; empty for a service that is not instrumented.
        sdk: What it calls its SDK; OpenTelemetry's own name if empty.
        ahead_ns: By how much its clock is ahead.
        leads_to: Where it redirects to.
        tells_path: Whether its spans tell what was asked, and by whom.
    """

    endpoint: str
    sdk: str = ""
    reads: bool = True
    samples: bool = True
    names: bool = False
    allows: bool = True
    ahead_ns: int = 0
    leads_to: str = ""
    tells_path: bool = True


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def shop(how: Shop) -> Iterator[str]:
    """Serve with OpenTelemetry's SDK, which exports each span as it ends."""
    from opentelemetry import propagate
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
    from opentelemetry.trace import SpanKind

    resource = Resource.create({"service.name": "shop", **({"telemetry.sdk.name": how.sdk} if how.sdk else {})})
    provider = TracerProvider(resource=resource, sampler=ALWAYS_ON if how.samples else ALWAYS_OFF)
    if how.endpoint:
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{how.endpoint}/v1/traces")))
    tracer = provider.get_tracer("shop")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            now_ns = time.time_ns() + how.ahead_ns
            parent = propagate.extract(dict(self.headers)) if how.reads else None
            seen = {"url.path": self.path, "user_agent.original": self.headers["User-Agent"]}
            attributes = seen if how.tells_path else None
            span = tracer.start_span("GET", parent, SpanKind.SERVER, attributes, start_time=now_ns)
            own = span.get_span_context()
            self.send_response(301 if how.leads_to else 200)
            if how.leads_to:
                self.send_header("Location", how.leads_to)
            if how.names:
                value = f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"
                self.send_header("Server-Timing", f'db;dur=3, traceparent;desc="{value}"')
            self.send_header("Content-Length", "0")
            span.end(now_ns + 1_000_000)
            self.end_headers()

        def do_OPTIONS(self) -> None:
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", PAGES)
            self.send_header("Access-Control-Allow-Headers", ", ".join(NAMES if how.allows else NAMES[:1]))
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    with serving(Handler) as address:
        yield address
    provider.shutdown()


@contextmanager
def behind_proxy(address: str) -> Iterator[str]:
    """Serve what a proxy does that hands on only the headers that it knows."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connection = http.client.HTTPConnection(address.removeprefix("http://"))
            connection.request("GET", self.path, headers={"User-Agent": self.headers["User-Agent"]})
            answer = connection.getresponse()
            self.send_response(answer.status)
            self.send_header("Via", "1.1 edge")
            self.send_header("Content-Length", "0")
            self.end_headers()
            connection.close()

        def log_message(self, *words: object) -> None:
            pass

    with serving(Proxy) as own:
        yield own


@pytest.mark.parametrize(
    ("changes", "join", "why"),
    [
        ({}, "joined", "1 span of shop"),
        ({"allows": False}, "refused by CORS", f"those of pages of {PAGES} are not allowed"),
        ({"ahead_ns": 300 * 10**9}, "clock apart", "the clock of shop is 300 s ahead"),
        ({"sdk": "homemade", "reads": False}, "header ignored", "its SDK (homemade) reads none of our headers"),
        ({"samples": False, "names": True}, "sampled out", "says that it does not record it"),
        ({"endpoint": "", "names": True}, "spans not sent here", "the service continued the trace"),
        ({"endpoint": "", "names": True, "reads": False}, "spans not sent here", "names another trace"),
        ({"names": True, "reads": False, "tells_path": False}, "header removed on the way", "a trace of its own"),
        ({"endpoint": "", "leads_to": "/list/"}, "redirected", "no span came of a redirect"),
        ({"endpoint": ""}, "nothing came yet", "no span of any service that began since the request came within 1 s"),
    ],
)
def test_each_way_of_breaking_the_join_is_named(
    desk: tuple[Desk, str], changes: dict[str, object], join: str, why: str
) -> None:
    """By what the service did with a request that named a trace."""
    own, endpoint = desk
    is_joined = join in {"joined", "clock apart", "refused by CORS"}
    with shop(Shop(**{"endpoint": endpoint, **changes})) as address:  # type: ignore[arg-type]
        asked = ("doctor", "trace", f"{address}/list", "--from", PAGES, "--wait", "60" if is_joined else "1", "--json")
        verdict = own.json(*asked)

    assert (verdict["join"], why in verdict["why"]) == (join, True), verdict
    assert bool(verdict["spans"]) is is_joined


def test_a_service_that_sends_nothing_while_others_do_is_not_instrumented(desk: tuple[Desk, str]) -> None:
    """Spans of other requests that began since have come, so its own would have."""
    own, endpoint = desk
    ends = Event()

    def visit(address: str) -> None:
        while not ends.wait(0.2):
            urlopen(f"{address}/other").close()

    with shop(Shop(endpoint)) as other, shop(Shop("")) as silent:
        visitor = Thread(target=visit, args=(other,))
        visitor.start()
        try:
            verdict = own.json("doctor", "trace", f"{silent}/list", "--wait", "30", "--json")
        finally:
            ends.set()
            visitor.join()

    why = "no span of the request came within 30 s; shop sends some"
    assert (verdict["join"], verdict["why"]) == ("not instrumented", why), verdict


def test_a_proxy_that_removes_the_header_is_named(desk: tuple[Desk, str]) -> None:
    """Since the SDK behind it reads it; the command fails, and says what to do."""
    own, endpoint = desk
    with shop(Shop(endpoint)) as address, behind_proxy(address) as edge:
        finished = own.outrider("doctor", "trace", f"{edge}/list", "--wait", "2")

    assert finished.returncode == 1
    assert "result    header removed on the way: shop recorded the request in a trace of its own" in finished.stdout
    assert "(1.1 edge) removes the header" in finished.stdout
    assert "to do     let proxies pass traceparent" in finished.stdout


def test_what_cannot_be_asked_is_said(desk: tuple[Desk, str]) -> None:
    """A closed port, to which an address is sent as browsers write it, and what is no address."""
    own, _ = desk
    closed = own.outrider("doctor", "trace", "http://127.0.0.1:9/a ü?q=%20 b")

    assert (closed.returncode, "not answered: ConnectionRefusedError" in closed.stdout) == (1, True)
    for wrong in ("shop.example", "http://[::1", "http://shop.example:http/", "http://shop.example:70000/"):
        with pytest.raises(UsageError, match="is no address of http or https"):
            walk_trace(find_workspace(own.root), wrong)
