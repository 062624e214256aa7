"""Runs are sent as traces by OpenTelemetry's own SDK, and no endpoint can do harm to a run."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.builders import run_of
from tests.waiting import until

from outrider.app.service.run_sender import RunSender
from outrider.model import (
    AttemptTrace,
    ConfigErrors,
    ErrorRecord,
    ErrorSource,
    Measurement,
    Outcome,
    Sample,
    Step,
    StepKind,
)
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import Run
    from outrider.workspace import Workspace

AT_US = 1_795_900_000_000_000
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Collector(HTTPServer):
    """Takes OTLP over HTTP, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, str, bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        assert isinstance(self.server, Collector)
        self.server.requests.append((self.path, self.headers.get("authorization", ""), data))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def workspace_of(root: Path, otel: str) -> Workspace:
    (root / "token.txt").write_text("Bearer correct-horse", "utf-8")
    secrets = '[secrets]\nOTEL = {file = "token.txt"}\n'
    (root / "outrider.toml").write_text(f"{secrets}{otel}", "utf-8")
    return load(root)


def failed_run() -> Run:
    steps = (
        Step("buy", "Buy", StepKind.NAMED, 100.0, 700.0),
        Step("pay", "Pay", StepKind.AUTOMATIC, 200.0, None, parent="buy", error="no card"),
    )
    error = ErrorRecord(ErrorSource.CONSOLE, "TypeError: x")
    samples = (Sample("", "lcp_ms", 900.0), Sample("buy", "duration_ms", 700.0))
    measurement = Measurement(
        Outcome.FAILED, "no card", AT_US, 1_000.0, steps, samples, (error,), traces=(AttemptTrace(TRACE),)
    )
    return run_of(measurement, "journey:journeys/shop.py::buy")


def test_a_run_is_a_trace_with_its_steps(tmp_path: Path, collector: Collector) -> None:
    """Run, attempt and steps within each other, at their times; its vitals as gauges; the header from a secret."""
    address = f"http://127.0.0.1:{collector.server_port}/"
    sender = RunSender(
        workspace_of(tmp_path, f'[otel]\nendpoint = "{address}"\nheaders = {{authorization = "OTEL"}}\n')
    )
    sender.run_finished(failed_run(), [])
    sender.close()

    bodies = {path: data for path, _, data in collector.requests}
    group = ExportTraceServiceRequest.FromString(bodies["/v1/traces"]).resource_spans[0]
    spans = {span.name: span for span in group.scope_spans[0].spans}
    run, attempt, buy, pay = (spans[name] for name in ("journey:journeys/shop.py::buy", "attempt 1", "Buy", "Pay"))
    assert len(group.scope_spans[0].spans) == 4
    assert [span.parent_span_id for span in (run, attempt, buy, pay)] == [
        b"", run.span_id, attempt.span_id, buy.span_id,
    ]  # fmt: skip
    assert len({span.trace_id for span in (run, attempt, buy, pay)}) == 1
    assert (buy.start_time_unix_nano, buy.end_time_unix_nano) == (AT_US * 1_000 + 10**8, AT_US * 1_000 + 8 * 10**8)
    assert pay.end_time_unix_nano == AT_US * 1_000 + 10**9
    assert [span.status.code for span in (run, attempt, buy, pay)] == [2, 2, 0, 2]
    facts = {pair.key: pair.value.string_value for pair in attempt.attributes}
    assert (facts["outrider.traces"], attempt.events[0].name) == (TRACE, "exception")
    metrics = ExportMetricsServiceRequest.FromString(bodies["/v1/metrics"]).resource_metrics[0].scope_metrics[0].metrics
    assert [(metric.name, metric.gauge.data_points[0].as_double) for metric in metrics] == [("outrider.lcp_ms", 900.0)]
    assert {authorization for _, authorization, _ in collector.requests} == {"Bearer correct-horse"}


def roots(collector: Collector) -> int:
    """Return how many runs were received."""
    messages = [ExportTraceServiceRequest.FromString(data) for path, _, data in collector.requests if "traces" in path]
    groups = [group for message in messages for group in message.resource_spans]
    return sum(not span.parent_span_id for group in groups for scope in group.scope_spans for span in scope.spans)


def test_runs_are_sent_only_while_an_endpoint_is_named(tmp_path: Path, collector: Collector) -> None:
    """Not by default, and no more once the section is gone; what was handed over until then arrives."""
    sender = RunSender(workspace_of(tmp_path, ""))
    sender.run_finished(failed_run(), [])
    sender.use(workspace_of(tmp_path, f'[otel]\nendpoint = "http://127.0.0.1:{collector.server_port}"\n'))
    sender.run_finished(failed_run(), [])
    sender.use(workspace_of(tmp_path, ""))
    sender.run_finished(failed_run(), [])

    until(lambda: roots(collector) == 1)


def test_an_endpoint_that_is_away_harms_no_run(tmp_path: Path, collector: Collector) -> None:
    """A thousand runs are handed over although nobody listens; those after them go where somebody does."""
    sender = RunSender(workspace_of(tmp_path, '[otel]\nendpoint = "http://127.0.0.1:9"\n'))
    for _ in range(1_000):
        sender.run_finished(failed_run(), [])
    sender.use(workspace_of(tmp_path, f'[otel]\nendpoint = "http://127.0.0.1:{collector.server_port}"\n'))
    sender.run_finished(failed_run(), [])
    sender.close()

    assert roots(collector) == 1


@pytest.mark.parametrize(
    ("section", "slug"),
    [
        ('endpoint = "collector:4318"', "bad-url"),
        ('endpoint = "http://user:pass@host"', "bad-url"),
        ('endpoint = "http://host"\nheaders = {authorization = "Bearer x"}', "unknown-secret"),
    ],
)
def test_a_wrong_section_is_told(tmp_path: Path, section: str, slug: str) -> None:
    """A header is a secret by its name, so that no file of the workspace holds it."""
    with pytest.raises(ConfigErrors) as refusal:
        workspace_of(tmp_path, f"[otel]\n{section}\n")

    assert [problem.slug for problem in refusal.value.problems] == [slug]
