"""Traces, logs and metrics of a service by OpenTelemetry's own SDK, sent to `OTEL_EXPORTER_OTLP_ENDPOINT`."""

import logging
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import propagate
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.host_measures import HOST, measure_host, measure_process
from demo.instruments import Instruments

VERSION: Final = "2.3"
_SPARED: Final = ("/static/", "/admin/")
_SEND_EVERY_MS: Final = 1000
_MEASURE_EVERY_MS: Final = 10_000
_FAILS: Final = 500
_TELLS_OF_HOST: Final = "front"
"""All services run on one host, of which one tells."""


class OpenTelemetry(Instruments):
    """Tells a receiver of OTLP over HTTP; one that is away is no worry of the shop."""

    def __init__(self, service: str) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        resource = Resource.create(
            {
                "service.name": service,
                "service.version": VERSION,
                "deployment.environment.name": "demo",
                "host.name": HOST,
            }
        )
        self._traces = TracerProvider(resource=resource)
        self._traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=_SEND_EVERY_MS))
        self._logs = LoggerProvider(resource=resource)
        self._logs.add_log_record_processor(
            BatchLogRecordProcessor(OTLPLogExporter(), schedule_delay_millis=_SEND_EVERY_MS)
        )
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=_MEASURE_EVERY_MS)
        self._metrics = MeterProvider([reader], resource=resource)
        self._tracer = self._traces.get_tracer("milepost")
        self._logger = self._logs.get_logger("milepost")
        meter = self._metrics.get_meter("milepost")
        self._durations = meter.create_histogram("http.server.request.duration", "s")
        measure_process(meter)
        if service == _TELLS_OF_HOST:
            measure_host(meter)

    def served(self, app: ASGIApp) -> ASGIApp:
        """Return an application whose requests are spans of their callers' traces, which their answers name."""

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith(_SPARED):
                return await app(scope, receive, send)
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            asked = {"http.request.method": scope["method"], "url.path": scope["path"]}
            began_s, status = time.perf_counter(), 0
            with self._tracer.start_as_current_span(
                scope["method"], propagate.extract(headers), SpanKind.SERVER, asked
            ) as span:

                async def answer(message: Message) -> None:
                    nonlocal status
                    if message["type"] == "http.response.start":
                        status = message["status"]
                        message = {**message, "headers": [*message.get("headers", ()), _server_timing(span)]}
                    await send(message)

                try:
                    await app(scope, receive, answer)
                except Exception as error:
                    span.record_exception(error)
                name = f"{scope['method']} {_template(scope)}"
                span.update_name(name)
                span.set_attribute("http.response.status_code", status)
                if status >= _FAILS:
                    span.set_status(StatusCode.ERROR, f"answered {status}")
                    self._log(SeverityNumber.ERROR, f"{name} answered {status}", asked)
            self._durations.record(time.perf_counter() - began_s, {"http.response.status_code": status})
            return None

        return traced

    @contextmanager
    def calling(self, service: str, name: str, headers: MutableMapping[str, str]) -> Iterator[None]:
        """Be a client's span, which the other service goes on with."""
        with self._tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes={"peer.service": service}):
            propagate.inject(headers)
            yield

    @contextmanager
    def querying(self, statement: str) -> Iterator[None]:
        """Be a client's span of the database."""
        attributes = {"db.system.name": "sqlite", "db.namespace": "shop", "db.query.text": statement}
        words = statement.split()
        table = words[words.index("FROM") + 1] if "FROM" in words else words[2]
        with self._tracer.start_as_current_span(f"{words[0]} {table}", kind=SpanKind.CLIENT, attributes=attributes):
            yield

    def say(self, text: str, **attributes: str | int) -> None:
        """Log it with the trace that it is part of."""
        self._log(SeverityNumber.INFO, text, attributes)

    def warn(self, text: str) -> None:
        """Log it as a warning with the trace that it is part of."""
        self._log(SeverityNumber.WARN, text, {})

    def close(self) -> None:
        """Send what was not sent yet, for a moment."""
        self._traces.shutdown()
        self._logs.shutdown()
        self._metrics.shutdown(timeout_millis=_SEND_EVERY_MS)

    def _log(self, severity: SeverityNumber, text: str, attributes: MutableMapping[str, str | int]) -> None:
        self._logger.emit(
            timestamp=time.time_ns(),
            severity_number=severity,
            severity_text=severity.name,
            body=text,
            attributes=attributes,
        )


def _server_timing(span: Span) -> tuple[bytes, bytes]:
    """Return the header by which a browser's journey learns the trace of a document."""
    context = span.get_span_context()
    value = f'traceparent;desc="00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"'
    return b"server-timing", value.encode()


def _template(scope: Scope) -> str:
    """Return a path with the names of its parameters in place of their values."""
    path: str = scope["path"]
    for name, value in scope.get("path_params", {}).items():
        path = path.replace(str(value), f"{{{name}}}")
    return path
