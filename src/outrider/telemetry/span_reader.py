"""A request of OTLP -> spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.model import Span, SpanEvent, SpanLink
from outrider.telemetry.attribute_reader import span_id, trace_id

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1 import trace_pb2

    from outrider.model import Attributes
    from outrider.telemetry.attribute_reader import AttributeReader

_KINDS: Final = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
_STATUSES: Final = ("Unset", "Ok", "Error")
_STATE_CHARACTERS: Final = 512  # as the W3C's Trace Context asks for, 3.3.1.5
_LONGEST_NS: Final = 7 * 86_400 * 1_000_000_000


def read_spans(message: ExportTraceServiceRequest, reader: AttributeReader) -> tuple[list[Span], int]:
    """Return the spans of a request, and how many were refused: those without a valid id of a trace and of a span."""
    spans: list[Span] = []
    refused = 0
    limits, text = reader.limits, reader.scrubber.text
    for group in message.resource_spans:
        resource = reader.attributes(group.resource.attributes)
        service = reader.service(resource)
        own = reader.of(service=service)
        for scoped in group.scope_spans:
            scope = (
                text(scoped.scope.name, limits.name_characters),
                text(scoped.scope.version, limits.name_characters),
            )
            for span in scoped.spans:
                if trace_id(span.trace_id) and span_id(span.span_id):
                    spans.append(_span(span, service, (resource, *scope), own))
                else:
                    refused += 1
                    own.lose("traces refused")
    return spans, refused


def _span(span: trace_pb2.Span, service: str, origin: tuple[Attributes, str, str], reader: AttributeReader) -> Span:
    limits, text = reader.limits, reader.scrubber.text
    begin = reader.moment(span.start_time_unix_nano, span.end_time_unix_nano)
    duration = span.end_time_unix_nano - span.start_time_unix_nano
    parent = span_id(span.parent_span_id)
    resource, scope, version = origin
    if len(span.events) > limits.events or len(span.links) > limits.links:
        reader.lose("events and links left out")
    return Span(
        begin,
        trace_id(span.trace_id),
        span_id(span.span_id),
        parent if parent != span_id(span.span_id) else "",
        text(span.trace_state, _STATE_CHARACTERS),
        text(span.name, limits.name_characters),
        _KINDS[span.kind] if 0 <= span.kind < len(_KINDS) else _KINDS[0],
        service,
        resource,
        scope,
        version,
        reader.attributes(span.attributes),
        min(max(0, duration), _LONGEST_NS) if span.start_time_unix_nano and span.end_time_unix_nano else 0,
        _STATUSES[span.status.code] if 0 <= span.status.code < len(_STATUSES) else _STATUSES[0],
        text(span.status.message, limits.value_characters),
        tuple(_event(event, span, begin, reader) for event in span.events[: limits.events]),
        tuple(_link(link, reader) for link in span.links[: limits.links] if trace_id(link.trace_id)),
        reader.origin(trace_id(span.trace_id), span.trace_state),
    )


def _event(event: trace_pb2.Span.Event, span: trace_pb2.Span, begin: int, reader: AttributeReader) -> SpanEvent:
    """Return an event, whose clock is its span's."""
    at = begin + event.time_unix_nano - span.start_time_unix_nano if event.time_unix_nano else begin
    name = reader.scrubber.text(event.name, reader.limits.name_characters)
    return SpanEvent(reader.moment(at), name, reader.attributes(event.attributes))


def _link(link: trace_pb2.Span.Link, reader: AttributeReader) -> SpanLink:
    state = reader.scrubber.text(link.trace_state, _STATE_CHARACTERS)
    return SpanLink(trace_id(link.trace_id), span_id(link.span_id), state, reader.attributes(link.attributes))
