"""Telemetry that OpenTelemetry's own SDK and exporters send is kept, and clients are answered as they understand it."""

from __future__ import annotations

import gzip
import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from outrider.server.http_server import Background, listen
from outrider.server.ingest_routes import ingest_application
from outrider.telemetry import AttributeReader, Intake, Limits, SignalKind, Spool, read_segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opentelemetry.trace import Tracer
    from starlette.requests import Request

RESOURCE = Resource.create({"service.name": "shop", "service.version": "v2.4"})
ZIPPED = {"content-type": "application/json", "content-encoding": "gzip"}


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 100_000)


@contextmanager
def serving(spool: Spool, *off: SignalKind, limits: Limits | None = None, token: str = "") -> Iterator[httpx.Client]:
    def source_of(request: Request) -> str:
        return "here" if request.headers.get("authorization", "") == token else ""

    intake = Intake(spool, AttributeReader(limits or Limits()), off)
    listener = listen("127.0.0.1", 0)
    server = Background(ingest_application(intake, source_of), listener)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            yield client
    finally:
        server.close()


@pytest.fixture
def address(spool: Spool) -> Iterator[str]:
    with serving(spool) as client:
        yield str(client.base_url).rstrip("/")


def kept(spool: Spool) -> list[Any]:
    return [record for segment in spool.sealed() for record in read_segment(segment)[1]]


def sell(tracer: Tracer) -> None:
    with tracer.start_as_current_span("order"):
        with tracer.start_as_current_span("SELECT products", attributes={"db.system": "sqlite", "rows": 40}):
            pass
        raise ValueError("no stock")


def test_spans_of_the_sdk_are_kept(spool: Spool, address: str) -> None:
    """A trace of two spans, with its exception, its attributes and its service."""
    provider = TracerProvider(resource=RESOURCE)
    exporter = OTLPSpanExporter(f"{address}/v1/traces", compression=Compression.Gzip)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("checkout", "1.0")

    with pytest.raises(ValueError, match="no stock"):
        sell(tracer)
    provider.shutdown()

    inner, order = kept(spool)
    assert (order.name, order.service, order.status) == ("order", "shop", "Error")
    assert order.resource["service.version"] == "v2.4"
    assert (inner.parent_span_id, inner.trace_id) == (order.span_id, order.trace_id)
    assert inner.attributes == {"db.system": "sqlite", "rows": "40"}
    assert inner.duration_ns >= 0
    [event] = order.events
    assert event.attributes["exception.message"] == "no stock"


def test_logs_of_the_sdk_are_kept(spool: Spool, address: str) -> None:
    """A record of Python's `logging`, with its exception and the trace in which it was written."""
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"{address}/v1/logs")))
    logger = logging.Logger("shop.payment")
    with pytest.deprecated_call():  # its successor comes with instrumentation, which this test does not need
        logger.addHandler(LoggingHandler(logger_provider=provider))
    tracer = TracerProvider().get_tracer("t")

    with tracer.start_as_current_span("pay") as span:
        try:
            int("ada@example.org")
        except ValueError:
            logger.exception("payment %s refused", 4711)
    provider.shutdown()

    [record] = kept(spool)
    assert (record.body, record.severity_number, record.service) == ("payment 4711 refused", 17, "shop")
    assert record.trace_id == f"{span.get_span_context().trace_id:032x}"
    assert record.attributes["exception.type"] == "ValueError"
    assert "ada@example.org" not in json.dumps(record)


def test_metrics_of_the_sdk_are_kept(spool: Spool, address: str) -> None:
    """A counter and a histogram, with their unit and attributes."""
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{address}/v1/metrics"))
    provider = MeterProvider([reader], resource=RESOURCE)
    meter = provider.get_meter("shop")
    meter.create_counter("orders", "{order}").add(3, {"kind": "card"})
    meter.create_histogram("duration", "ms").record(12.5)
    provider.shutdown()

    points = {point.name: point for point in kept(spool)}
    assert (points["orders"].value.value, points["orders"].unit) == (3.0, "{order}")
    assert points["orders"].attributes == {"kind": "card"}
    assert points["duration"].value.samples == 1


def test_a_request_without_a_token_is_refused(spool: Spool) -> None:
    """401, in the media type of the request; nothing is kept."""
    with serving(spool, token="Bearer right") as client:
        answer = client.post("/v1/logs", json={})

    assert answer.status_code == 401
    assert "a token for telemetry is missing" in answer.json()["message"]


def test_a_signal_that_is_switched_off_is_answered_politely(spool: Spool) -> None:
    """200 with everything rejected and why, which no client sends again."""
    document: dict[str, Any] = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{}, {}]}]}]}

    with serving(spool, SignalKind.LOGS) as client:
        answer = client.post("/v1/logs", json=document)

    assert answer.status_code == 200
    assert answer.json() == {
        "partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "logs are switched off in this workspace"}
    }
    assert kept(spool) == []


def test_a_full_spool_asks_clients_to_come_again(spool: Spool) -> None:
    """503 with Retry-After, which every exporter takes for "later"."""
    document = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x" * 60_000}}]}]}]}
    with serving(spool) as client:
        answers = [client.post("/v1/logs", json=document) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 503]
    assert answers[1].headers["retry-after"] == "5"
    assert len(kept(spool)) == 1


@pytest.mark.parametrize(
    ("content", "headers", "status", "why"),
    [
        (b"garbage", {"content-type": "application/json"}, 400, "is no logs of OTLP"),
        (b"{}", {"content-type": "text/plain"}, 415, "send application/x-protobuf or application/json"),
        (b"{}", {}, 415, "Content-Type is 'missing'"),
        (b"{}", ZIPPED | {"content-encoding": "br"}, 415, "send gzip, deflate or none"),
        (gzip.compress(b" " * 3_000, mtime=0), ZIPPED, 413, "inflates"),
        (b" " * 2_000, {"content-type": "application/json"}, 413, "more than 1,000 bytes"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(
    spool: Spool, content: bytes, headers: dict[str, str], status: int, why: str
) -> None:
    """With a status that clients take for final, and the reason."""
    limits = Limits(body_bytes=1_000, inflated_bytes=2_000)

    with serving(spool, limits=limits) as client:
        answer = client.post("/v1/logs", content=content, headers=headers)

    assert answer.status_code == status
    assert why in answer.text


def test_only_what_ingest_serves_is_there(address: str) -> None:
    """No pages, no API: other addresses are unknown, and other methods are refused."""
    with httpx.Client(base_url=address) as http:
        statuses = [http.get(path).status_code for path in ("/", "/api/v1/checks", "/v1/logs", "/healthz")]

    assert statuses == [404, 404, 405, 200]
