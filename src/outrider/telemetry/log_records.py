"""A request of OTLP -> log records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.model import LogRecord
from outrider.telemetry.attribute_reader import LogOrder, span_id, trace_id

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    from outrider.telemetry.attribute_reader import AttributeReader

_MOST_SEVERITY: Final = 24
_FLAGS: Final = 0xFF
_SEVERITY_CHARACTERS: Final = 64


def read_logs(message: ExportLogsServiceRequest, reader: AttributeReader) -> list[LogRecord]:
    """Return the log records of a request."""
    records: list[LogRecord] = []
    limits, text = reader.limits, reader.scrubber.text
    for group in message.resource_logs:
        resource = reader.attributes(group.resource.attributes)
        service = reader.service(resource)
        own, order = reader.of(service=service), LogOrder()
        for scoped in group.scope_logs:
            scope = text(scoped.scope.name, limits.name_characters)
            version = text(scoped.scope.version, limits.name_characters)
            for record in scoped.log_records:
                severity = record.severity_number
                records.append(
                    LogRecord(
                        order.moment(own.moment(record.time_unix_nano, record.observed_time_unix_nano)),
                        trace_id(record.trace_id),
                        span_id(record.span_id),
                        record.flags & _FLAGS,
                        text(record.severity_text, _SEVERITY_CHARACTERS),
                        severity if 0 <= severity <= _MOST_SEVERITY else 0,
                        service,
                        own.text(record.body, limits.text_characters),
                        resource,
                        scope,
                        version,
                        own.attributes(record.attributes),
                        text(record.event_name, limits.name_characters),
                    )
                )
    return records
