"""Runs -> traces and gauges of OpenTelemetry, sent by its SDK to any OTLP endpoint over HTTP.

A run is a trace: run, attempts and steps are its spans, and numbers of the whole run (vitals among them) are gauges.
The SDK sends from threads of its own, out of bounded queues: an endpoint that is away, slow or wrong costs what it
would have received, and nothing else.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from outrider.model import VENDOR, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.sdk.trace.sampling import Sampler

    from outrider.model import Attempt, Run

_RUN: Final = "outrider.run.id"
_TIMEOUT_S: Final = 10
_CLOSE_S: Final = 2.0
_QUEUE: Final = 4_096
_METRICS_EVERY_MS: Final = 30_000
_US: Final = 1_000
_MS: Final = 1_000_000
_FAILED: Final = frozenset({"failed", "setup error"})


class RunExport:
    """Sends runs until it is closed.

    Args:
        endpoint: Base address, to which `/v1/traces` and `/v1/metrics` are added.
        headers: Of each request.
        attributes: Of the resource, beside `service.name`.
        state: Returns what `tracestate` says of us, for the ids of a run and of its trace: whoever receives both this
            and the system under test takes our own spans for no service of users.

    Raises:
        UsageError: missing-extra if the extra `otel` is not installed.
    """

    def __init__(
        self, endpoint: str, headers: Mapping[str, str], attributes: Mapping[str, str], state: Callable[[str, str], str]
    ) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
            from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ImportError:
            fix = "pip install 'outrider[otel]', or remove [otel]"
            raise UsageError("runs are sent by OTLP with opentelemetry-sdk", slug="missing-extra", fix=fix) from None
        base, sent = endpoint.rstrip("/"), dict(headers)
        resource = Resource.create({"service.name": "outrider", **attributes})
        spans = OTLPSpanExporter(f"{base}/v1/traces", headers=sent, timeout=_TIMEOUT_S)
        self._spans = TracerProvider(sampler=_signing_sampler(state), resource=resource, shutdown_on_exit=False)
        self._spans.add_span_processor(BatchSpanProcessor(spans, max_queue_size=_QUEUE))
        numbers = OTLPMetricExporter(f"{base}/v1/metrics", headers=sent, timeout=_TIMEOUT_S)
        reader = PeriodicExportingMetricReader(numbers, _METRICS_EVERY_MS)
        self._numbers = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._tracer = self._spans.get_tracer("outrider")
        self._meter = self._numbers.get_meter("outrider")
        self._gauges: dict[str, Any] = {}

    def send(self, run: Run) -> None:
        """Hand a run to the SDK; returns at once."""
        from opentelemetry.context import Context  # noqa: PLC0415  with the SDK

        facts = {
            _RUN: str(run.id),
            "outrider.check": str(run.check),
            "outrider.location": run.location,
            "deployment.environment.name": run.environment,
        }
        more = {"outrider.outcome": run.outcome.value, "outrider.release": run.circumstances.release}
        span = self._tracer.start_span(
            str(run.check), Context(), start_time=run.started_us * _US, attributes={**facts, **_filled(more)}
        )
        self._end(span, run.outcome.value, run.reason, run.finished_us * _US)
        for attempt in run.attempts:
            self._attempt(attempt, span)
            if attempt.measured:
                self._count(attempt, {key: facts[key] for key in facts if key != _RUN})

    def close(self) -> None:
        """Send what waits, for a few seconds at most: an endpoint that does not answer keeps nobody waiting."""
        ends = [
            threading.Thread(target=provider.shutdown, name="otel export", daemon=True)
            for provider in (self._spans, self._numbers)
        ]
        for end in ends:
            end.start()
        for end in ends:
            end.join(_CLOSE_S)

    def _attempt(self, attempt: Attempt, of_run: Any) -> None:
        measurement = attempt.measurement
        begin = measurement.started_us * _US
        attributes = {"outrider.attempt": attempt.number, "outrider.outcome": measurement.outcome.value}
        if measurement.trace_ids:
            attributes["outrider.traces"] = ",".join(measurement.trace_ids[:20])
        span = self._child(f"attempt {attempt.number}", of_run, begin, attributes)
        for error in measurement.errors:
            event = _filled({"exception.type": error.source.value, "exception.message": error.message})
            span.add_event("exception", event, timestamp=begin)
        self._end(span, measurement.outcome.value, measurement.reason, begin + round(measurement.duration_ms * _MS))
        spans: dict[str, Any] = {}
        for step in measurement.steps:
            at = begin + round(step.offset_ms * _MS)
            above = spans.get(step.parent or "", span)
            own = spans[step.key] = self._child(step.title, above, at, {"outrider.step": step.key})
            duration_ms = step.duration_ms if step.duration_ms is not None else measurement.duration_ms - step.offset_ms
            self._end(own, "failed" if step.error else "", step.error or "", at + round(max(0.0, duration_ms) * _MS))

    def _child(self, name: str, parent: Any, start_ns: int, attributes: dict[str, Any]) -> Any:
        from opentelemetry.context import Context  # noqa: PLC0415  with the SDK
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415

        within = set_span_in_context(parent, Context())
        return self._tracer.start_span(name, within, start_time=start_ns, attributes=attributes)

    def _end(self, span: Any, outcome: str, reason: str, end_ns: int) -> None:
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415  with the SDK

        if outcome in _FAILED:
            span.set_status(Status(StatusCode.ERROR, reason))
        span.end(end_ns)

    def _count(self, attempt: Attempt, attributes: Mapping[str, str]) -> None:
        for sample in attempt.measurement.samples:
            if not sample.step:
                gauge = self._gauges.get(sample.metric)
                if gauge is None:
                    gauge = self._gauges[sample.metric] = self._meter.create_gauge(f"outrider.{sample.metric}")
                gauge.set(sample.value, attributes)


def _signing_sampler(state: Callable[[str, str], str]) -> Sampler:
    """Return a sampler that keeps every span, and gives each the signed state of its trace."""
    from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult  # noqa: PLC0415  with the SDK
    from opentelemetry.trace import TraceState, get_current_span  # noqa: PLC0415  with the SDK

    class SigningSampler(Sampler):
        def should_sample(self, parent_context: Any, trace_id: int, *args: Any, **kwargs: Any) -> SamplingResult:
            """Keep it."""
            attributes: Any = kwargs.get("attributes", args[2] if len(args) > 2 else None)  # after name and kind
            above = get_current_span(parent_context).get_span_context()
            own = above.trace_state
            if not above.is_valid:
                own = TraceState([(VENDOR, state(attributes[_RUN], f"{trace_id:032x}"))])
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, own)

        def get_description(self) -> str:
            """Name it."""
            return "SigningSampler"

    return SigningSampler()


def _filled(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value}
