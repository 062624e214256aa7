"""Log lines out of Elasticsearch and OpenSearch, by `POST /INDICES/_search`: fields of ECS or of OpenTelemetry."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from outrider.model import LogRecord, SourceError
from outrider.sources.answer_values import as_ns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.sources.source_address import SourceAddress

_OF_TRACE: Final = ("trace.id", "trace_id", "traceId", "TraceId", "trace.id.keyword", "trace_id.keyword")
_OF_SPAN: Final = ("span.id", "span_id", "spanId", "SpanId")
_BODIES: Final = ("message", "body.text", "body_text", "body", "Body", "log.original")
_LEVELS: Final = ("log.level", "severity_text", "SeverityText", "level", "severity")
_NUMBERS: Final = ("severity_number", "SeverityNumber")
_SERVICES: Final = (
    "service.name", "resource.attributes.service.name", "Resource.service.name", "kubernetes.labels.app", "host.name",
)  # fmt: skip
_RESOURCES: Final = ("resource.attributes.", "Resource.", "service.", "host.", "kubernetes.", "container.")
_OF_LEVEL: Final = {
    "trace": 1, "debug": 5, "info": 9, "notice": 9, "warn": 13, "err": 17, "fatal": 21, "crit": 21, "alert": 21,
    "emerg": 21,
}  # fmt: skip
_STRUCTURED: Final = ("body.", "body_structured.")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ElasticsearchSource:
    """Elasticsearch at an address.

    Args:
        address: Its base.
        indices: Names and patterns of data streams and indices, with commas between them.
    """

    def __init__(self, address: SourceAddress, indices: str) -> None:
        self._address = address
        self._path = f"/{quote(indices, safe=',*-_.:')}/_search?ignore_unavailable=true&allow_no_indices=true"

    def version(self) -> str:
        """Search for nothing, and ask for the version, which fewer may."""
        answer = self._address.ask(self._path, body={"size": 0, "terminate_after": 1})
        if not isinstance(answer["hits"], dict):
            raise TypeError
        with suppress(SourceError):
            about = self._address.ask("/")
            return str(about["version"]["number"])
        return ""

    def logs(self, since_ns: int, until_ns: int, *, trace_id: str, limit: int) -> list[LogRecord]:
        """Return the newest documents of a time; of a trace, those that name it in a field of ECS or OpenTelemetry."""
        times = {"gte": since_ns // 10**6, "lte": -(-until_ns // 10**6), "format": "epoch_millis"}
        must: list[dict[str, Any]] = [{"range": {"@timestamp": times}}]
        if trace_id:
            names = [{"term": {name: trace_id}} for name in _OF_TRACE]
            must.append({"bool": {"should": names, "minimum_should_match": 1}})
        newest = [{"@timestamp": {"order": "desc", "unmapped_type": "date"}}]
        body = {"size": limit, "sort": newest, "query": {"bool": {"filter": must}}}
        answer = self._address.ask(self._path, body=body)
        return [_record(hit["_source"], trace_id) for hit in answer["hits"]["hits"]]


def _record(document: Mapping[str, Any], trace_id: str) -> LogRecord:
    fields = dict(_flat(document, ""))
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}

    def first(names: tuple[str, ...]) -> str:
        return next((texts[name] for name in names if texts.get(name)), "")

    level, service = first(_LEVELS), first(_SERVICES)
    number = first(_NUMBERS) or next((n for word, n in _OF_LEVEL.items() if level.lower().startswith(word)), 0)
    resource = {name.removeprefix("resource.attributes.").removeprefix("Resource."): value
                for name, value in texts.items() if name.startswith(_RESOURCES)}  # fmt: skip
    used = {"@timestamp", *_BODIES}
    structured = {name: value for name, value in fields.items() if name.startswith(_STRUCTURED)}
    return LogRecord(
        _time_ns(fields["@timestamp"]), trace_id or first(_OF_TRACE), first(_OF_SPAN), 0, level, int(number), service,
        first(_BODIES) or (json.dumps(structured) if structured else ""), {"service.name": service, **resource}, "", "",
        {name.removeprefix("attributes.").removeprefix("Attributes."): value
         for name, value in texts.items() if name not in used and not name.startswith(_RESOURCES)},
    )  # fmt: skip


def _flat(value: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a document by their whole names, however it writes them: nested, or with dots."""
    for key, content in value.items():
        if isinstance(content, dict):
            yield from _flat(content, f"{prefix}{key}.")
        elif content is not None:
            yield f"{prefix}{key}", content


def _time_ns(value: str | float) -> int:
    """Return the nanoseconds since 1970 of a date of Elasticsearch: ISO 8601, or milliseconds."""
    if isinstance(value, int | float) or value.replace(".", "", 1).isdigit():
        return as_ns(round(float(value) * 10**6))
    at = datetime.fromisoformat(value)
    elapsed = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - _EPOCH
    return as_ns(((elapsed.days * 86_400 + elapsed.seconds) * 10**6 + elapsed.microseconds) * 1000)
