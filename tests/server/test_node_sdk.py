"""Telemetry that OpenTelemetry's own SDK for Node sends is kept as that of Python's is."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from outrider.model import LogRecord, MetricPoint, Span
from outrider.server.http_server import Background, listen
from outrider.server.ingest_routes import ingest_application
from outrider.telemetry import AttributeReader, Intake, Spool, read_segment

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = (
    "api@1", "resources@2", "sdk-trace-base@2", "sdk-metrics@2", "sdk-logs@0.223", "exporter-trace-otlp-proto@0.223",
    "exporter-logs-otlp-http@0.223", "exporter-metrics-otlp-proto@0.223",
)  # fmt: skip
PROGRAM = """
const { context, trace } = require("@opentelemetry/api");
const { SeverityNumber } = require("@opentelemetry/api-logs");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BasicTracerProvider, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-base");
const { LoggerProvider, BatchLogRecordProcessor } = require("@opentelemetry/sdk-logs");
const { MeterProvider, PeriodicExportingMetricReader } = require("@opentelemetry/sdk-metrics");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-proto");
const { OTLPLogExporter } = require("@opentelemetry/exporter-logs-otlp-http");
const { OTLPMetricExporter } = require("@opentelemetry/exporter-metrics-otlp-proto");

const resource = resourceFromAttributes({ "service.name": "cart" });
const spans = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter())] });
const logs = new LoggerProvider({
  resource, processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
});
const meters = new MeterProvider({
  resource, readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
});
const tracer = spans.getTracer("cart");
const order = tracer.startSpan("order", { attributes: { items: 3, paid: true } });
const inside = trace.setSpan(context.active(), order);
tracer.startSpan("price", {}, inside).end();
order.recordException(new Error("no stock"));
order.end();
logs.getLogger("cart").emit({ severityNumber: SeverityNumber.ERROR, body: "order 4711 refused", context: inside });
meters.getMeter("cart").createHistogram("duration", { unit: "ms" }).record(12.5);
Promise.all([spans.shutdown(), logs.shutdown(), meters.shutdown()]).then(
  () => console.log(order.spanContext().traceId), (error) => { console.error(error); process.exit(1); });
"""


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDK, by npm."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text('{"private": true}')
    install = [npm, "install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"]
    packages = [f"@opentelemetry/{name}" for name in PACKAGES]
    try:
        done = subprocess.run(
            [*install, *packages], check=False, cwd=folder, capture_output=True, text=True, timeout=60
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not bring the SDK within a minute")
    if done.returncode:
        pytest.skip(f"npm cannot bring the SDK: {done.stderr.strip().splitlines()[-1:]}")
    return folder


@pytest.mark.slow
def test_what_nodes_sdk_sends_is_kept(tmp_path: Path, node_folder: Path) -> None:
    """A trace with its exception, a log record within it, and a histogram; in protobuf and, logs, in JSON."""
    spool, listener = Spool(tmp_path / "spool", 100_000), listen("127.0.0.1", 0)
    server = Background(ingest_application(Intake(spool, AttributeReader()), lambda _: "here"), listener)
    try:
        where = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        node = subprocess.run(
            [str(shutil.which("node")), "-e", PROGRAM], check=False, cwd=node_folder, env=where, capture_output=True,
            text=True, timeout=60,
        )  # fmt: skip
    finally:
        server.close()

    assert node.returncode == 0, node.stderr
    kept: dict[type, list[Any]] = defaultdict(list)
    for segment in spool.sealed():
        for record in read_segment(segment)[1]:
            kept[type(record)].append(record)
    order, price = sorted(kept[Span], key=lambda span: str(span.name))
    assert (order.name, order.service, order.attributes) == ("order", "cart", {"items": "3", "paid": "true"})
    assert order.events[0].attributes["exception.message"] == "no stock"
    assert (price.trace_id, price.parent_span_id) == (node.stdout.strip(), order.span_id)
    [record] = kept[LogRecord]
    assert (record.body, record.severity_number, record.service) == ("order 4711 refused", 17, "cart")
    assert (record.trace_id, record.span_id) == (order.trace_id, order.span_id)
    [point] = kept[MetricPoint]
    assert (point.name, point.unit, point.service, point.value.samples) == ("duration", "ms", "cart", 1)
