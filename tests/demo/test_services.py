"""The shop's services, as they tell of themselves to a receiver of OTLP."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from demo.accounts import DEFAULT_PASSWORD
from demo.shop_process import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytest.importorskip("opentelemetry.sdk")
pytest.importorskip("opentelemetry.proto")

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE = "5eed" * 8


class _Heard:
    """What a receiver was sent: spans and records, each with its service."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Any]] = []
        self.logs: list[tuple[str, Any]] = []
        self.metrics: set[tuple[str, str]] = set()

    def take(self, path: str, body: bytes) -> None:
        if path == "/v1/traces":
            for part in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.spans += [(_service(part), span) for scope in part.scope_spans for span in scope.spans]
        elif path == "/v1/logs":
            for part in ExportLogsServiceRequest.FromString(body).resource_logs:
                self.logs += [(_service(part), record) for scope in part.scope_logs for record in scope.log_records]
        elif path == "/v1/metrics":
            for part in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics |= {
                    (_service(part), metric.name) for scope in part.scope_metrics for metric in scope.metrics
                }


def _service(part: Any) -> str:
    return str(next(pair.value.string_value for pair in part.resource.attributes if pair.key == "service.name"))


@contextmanager
def _receiver() -> Iterator[tuple[str, _Heard]]:
    heard = _Heard()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


def _wait(until: Callable[[], object]) -> None:
    end_s = time.monotonic() + 60
    while not until() and time.monotonic() < end_s:
        time.sleep(0.1)


@pytest.mark.slow
def test_one_trace_leads_through_the_services_and_answers_name_it(tmp_path: Path) -> None:
    """From the caller's header to the statement of the database, and back by `Server-Timing`."""
    headers = {"traceparent": f"00-{TRACE}-{'ab' * 8}-01"}
    with _receiver() as (address, heard), opened(tmp_path, address) as shop:
        answer = httpx.get(f"{shop['SHOP_URL']}/products/enamel-mug", headers=headers, trust_env=False, timeout=30)
        _wait(lambda: any(span.parent_span_id.hex() == "ab" * 8 for _, span in heard.spans))

    own = {(service, span.name): span for service, span in heard.spans if span.trace_id.hex() == TRACE}
    front, call = own["front", "GET /products/{product_id}"], own["front", "GET /products/enamel-mug"]
    read, query = own["catalogue", "GET /products/{product_id}"], own["catalogue", "SELECT products"]
    assert front.parent_span_id.hex() == "ab" * 8
    parents = [span.parent_span_id for span in (call, read, query)]
    assert parents == [span.span_id for span in (front, call, read)]
    runtime = {"process.cpu.time", "process.memory.usage", "cpython.gc.collections"}
    assert {(service, name) for service in ("front", "catalogue", "payment") for name in runtime} <= heard.metrics
    host = {service for service, name in heard.metrics if name.startswith("system.")}
    assert host == {"front"}
    assert answer.headers["server-timing"] == f'traceparent;desc="00-{TRACE}-{front.span_id.hex()}-01"'


@pytest.mark.slow
def test_failures_are_errors_with_a_record_in_their_trace(tmp_path: Path) -> None:
    """The fault `errors` is seen in spans and logs; an exception of the payment in its span, with the stack."""
    with _receiver() as (address, heard), opened(tmp_path, address) as shop:
        httpx.put(f"{shop['SHOP_URL']}/admin/faults/errors", json={"size": 1}, trust_env=False, timeout=30)
        failed = httpx.get(f"{shop['SHOP_URL']}/cart", trust_env=False, timeout=30)
        _wait(lambda: heard.spans and heard.logs)
        httpx.delete(f"{shop['SHOP_URL']}/admin/faults", trust_env=False, timeout=30)
        httpx.put(f"{shop['SHOP_URL']}/admin/faults/payment-error", trust_env=False, timeout=30)
        with httpx.Client(base_url=shop["SHOP_URL"], trust_env=False, timeout=30, follow_redirects=True) as ada:
            ada.post("/sign-in", data={"email": "ada@example.com", "password": DEFAULT_PASSWORD})
            ada.post("/cart", data={"product": "enamel-mug", "quantity": "1"})
            refused = ada.post("/checkout", data={"recipient": "Ada", "street": "1 Post Road", "city": "Milepost"})
        _wait(lambda: any(own == "payment" and span.events for own, span in heard.spans))

    (service, span), (_, record) = heard.spans[0], heard.logs[0]
    assert failed.status_code == 500
    assert (service, span.name, span.status.code) == ("front", "GET /cart", 2)
    assert (record.body.string_value, record.trace_id) == ("GET /cart answered 500", span.trace_id)
    (raised,) = (event for own, span in heard.spans if own == "payment" for event in span.events)
    told = {pair.key: pair.value.string_value for pair in raised.attributes}
    assert refused.status_code == 502
    assert (told["exception.type"], "in take_payment" in told["exception.stacktrace"]) == ("KeyError", True)
