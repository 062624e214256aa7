"""A load begins a trace with one request in so many, in a real Locust, and names none to other origins."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from tests.load.conftest import CALM, CHECK

from outrider.load import LoadMeasure, Profile, Surroundings
from outrider.load.catalogue import time_limit_s
from outrider.load.timeline import MOST_TRACES, LoadTimeline
from outrider.load.wire import Counted, read, write
from outrider.model import Check, Kind, Order, Origin, TraceGrant, grant_traces, new_run_id, origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import Measurement

KEY = b"k" * 32
FILE = """
from locust import FastHttpUser, HttpUser, constant, task
class Visitor({client}):
    wait_time = constant(0.01)
    @task
    def look(self):
        {lines}
"""
CLIENTS = pytest.mark.parametrize("client", ["HttpUser", "FastHttpUser"])


class Echo(BaseHTTPRequestHandler):
    """Keeps path and trace headers of every request; `/away` leads to the other origin, `/back` to this one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        host = self.headers["Host"]
        self.server.seen.append((host, self.path, {n.lower(): v for n, v in self.headers.items()}))  # type: ignore[attr-defined]
        port = int(host.rpartition(":")[2])
        to = {"/away": f"http://localhost:{port}/landed", "/back": f"http://127.0.0.1:{port}/landed"}.get(self.path)
        self.send_response(302 if to else 200)
        if to:
            self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def echoing() -> Iterator[tuple[str, list[tuple[str, str, dict[str, str]]]]]:
    """Serve, and keep what is asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        seen: list[tuple[str, str, dict[str, str]]] = []
        server.seen = seen  # type: ignore[attr-defined]
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join()


def grant(order: Order) -> TraceGrant:
    return grant_traces(KEY, Origin.LOAD, order.run, attempt=order.attempt, until_s=9_999_999_999)


def load(root: Path, host: str, text: str, *, every: int = 3, processes: int = 1) -> Measurement:
    """Return a second of load by a locustfile."""
    (root / "locustfile.py").write_text(text)
    settings = type(CALM)(busy_above=1e9, late_s=1e9, trace_every=every)
    profile = Profile(file="locustfile.py", host=host, users=2, spawn_rate=100.0, duration_s=1.0, processes=processes)
    measure = LoadMeasure({CHECK: profile}, Surroundings(root, os.environ, settings, grant_traces=grant))
    scratch = root / "scratch"
    scratch.mkdir()
    check = Check(CHECK, Kind.LOAD, profile.file, "test", "test")
    return measure.measure(Order(new_run_id(time.time_ns() // 1000), check, 1, time_limit_s(profile), scratch))


@pytest.mark.slow
@CLIENTS
def test_one_request_in_so_many_names_a_trace(tmp_path: Path, client: str) -> None:
    """All headers, a trace of its own each, signed as a load's; the run is linked with them by endpoint."""
    with echoing() as (host, seen):
        measured = load(tmp_path, host, FILE.format(client=client, lines="self.client.get('/a', name='look')"))

    traced = [headers for _, _, headers in seen if "traceparent" in headers]
    ids = {headers["traceparent"].split("-")[1] for headers in traced}
    assert len(traced) == len(ids) > 0, measured.reason
    assert abs(len(traced) - len(seen) / 3) <= 1
    for headers in traced:
        trace_id = headers["traceparent"].split("-")[1]
        assert origin_of(KEY, trace_id, headers["tracestate"], 1.0) is Origin.LOAD
        assert headers["sentry-trace"].startswith(trace_id)
        assert trace_id in headers["baggage"]
    unsent = {trace.trace_id for trace in measured.traces} - ids
    assert len(unsent) <= 2, "one a user at most: the load ended before its request was sent"
    assert {(trace.step, trace.kind) for trace in measured.traces} == {("GET look", Origin.LOAD)}


@pytest.mark.slow
@CLIENTS
def test_a_redirect_to_another_origin_carries_no_trace(tmp_path: Path, client: str) -> None:
    """Within its origin the trace goes on."""
    with echoing() as (host, seen):
        lines = "self.client.get('/away'); self.client.get('/back')"
        load(tmp_path, host, FILE.format(client=client, lines=lines), every=1)

    landed = {host.partition(":")[0]: headers for host, path, headers in seen if path == "/landed"}
    assert "traceparent" in landed["127.0.0.1"]
    assert not {"traceparent", "tracestate", "sentry-trace", "baggage"} & set(landed["localhost"])


@pytest.mark.slow
@CLIENTS
def test_headers_of_a_locustfile_stay_and_zero_sends_none(tmp_path: Path, client: str) -> None:
    """Who sends a trace of their own knows why; the switch takes ours away."""
    own = f"00-{'1' * 32}-{'2' * 16}-01"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with echoing() as (host, seen):
        lines = f"self.client.get('/', headers={{'Traceparent': '{own}', 'X-Own': 'yes'}})"
        kept = load(tmp_path / "a", host, FILE.format(client=client, lines=lines), every=1)
        count = len(seen)
        off = load(tmp_path / "b", host, FILE.format(client=client, lines="self.client.get('/')"), every=0)

    assert {headers["traceparent"] for _, _, headers in seen[:count]} == {own}
    assert {headers.get("tracestate") for _, _, headers in seen[:count]} == {None}
    assert not any("traceparent" in headers for _, _, headers in seen[count:])
    assert (kept.traces, off.traces, len(seen) > count) == ((), (), True)


def test_the_traces_of_a_long_load_are_spread_over_it() -> None:
    """However many requests name one, a bounded number is kept, of the beginning and of the end."""
    timeline = LoadTimeline()
    for second in range(5_000):
        traces = tuple((f"{second * 20 + number + 1:032x}", "GET /") for number in range(20))
        timeline.receive(read(write(Counted("one", traces=traces))))

    kept = [int(trace.trace_id, 16) for trace in timeline.traces()]
    assert MOST_TRACES // 2 <= len(kept) <= MOST_TRACES
    assert kept == sorted(kept)
    assert kept[0] < 2_000
    assert kept[-1] > 98_000
