"""Traces out of Jaeger's query service, by the JSON of its own page: `GET /api/traces`, of versions 1 and 2."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from outrider.model import Span, SpanEvent, SpanLink
from outrider.sources.answer_values import as_ns, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.sources.source_address import SourceAddress

_AT_ONCE: Final = 20
_KINDS: Final = ("Internal", "Server", "Client", "Producer", "Consumer")
_STATUSES: Final = {"ERROR": "Error", "OK": "Ok"}


class JaegerSource:
    """Jaeger at an address; ids that it does not know are no error."""

    def __init__(self, address: SourceAddress) -> None:
        self._address = address

    def version(self) -> str:
        """Ask for the names of services; Jaeger's API tells no version."""
        answer = self._address.ask("/api/services")
        if not isinstance(answer["data"], list | None):
            raise TypeError
        return ""

    def traces(self, trace_ids: Sequence[str]) -> Mapping[str, tuple[Span, ...]]:
        """Return the spans of traces by their ids, times as the services told them where one alone is asked for.

        Of several, Jaeger's query service adjusts times to each other where clocks differ.
        """
        if len(trace_ids) == 1:
            answers = [self._address.ask(f"/api/traces/{trace_ids[0]}", [("raw", "true")])]
        else:
            pieces = [trace_ids[at : at + _AT_ONCE] for at in range(0, len(trace_ids), _AT_ONCE)]
            until_s = self._address.until_s()
            answers = [
                self._address.ask("/api/traces", [("traceID", own) for own in piece], until_s=until_s)
                for piece in pieces
            ]
        traces = [trace for answer in answers if answer is not None for trace in answer["data"] or ()]
        spans = {_id(trace["traceID"]): tuple(_spans(trace)) for trace in traces}
        return {trace_id: spans[trace_id] for trace_id in trace_ids if spans.get(trace_id)}


def _spans(trace: Mapping[str, Any]) -> Iterator[Span]:
    processes = {
        name: (as_text(own["serviceName"]), _tags(own.get("tags"))) for name, own in trace["processes"].items()
    }
    for span in trace["spans"]:
        service, resource = processes[span["processID"]]
        tags = _tags(span.get("tags"))
        parent, links = _references(span)
        yield Span(
            as_ns(int(span["startTime"]) * 1000), _id(span["traceID"]), as_text(span["spanID"]), parent,
            tags.pop("w3c.tracestate", ""), as_text(span["operationName"]), _kind(tags.pop("span.kind", "")), service,
            {"service.name": service, **resource}, tags.pop("otel.scope.name", ""), tags.pop("otel.scope.version", ""),
            tags, as_ns(max(0, int(span["duration"])) * 1000), _status(tags), tags.get("otel.status_description", ""),
            tuple(_event(log) for log in span.get("logs") or ()), links,
        )  # fmt: skip


def _references(span: Mapping[str, Any]) -> tuple[str, tuple[SpanLink, ...]]:
    """Return the parent's id, and links to all other spans that are referred to."""
    references = span.get("references") or []
    own = [reference for reference in references if _id(reference["traceID"]) == _id(span["traceID"])]
    parent = next((reference for reference in own if reference["refType"] == "CHILD_OF"), own[0] if own else None)
    links = (
        SpanLink(_id(reference["traceID"]), as_text(reference["spanID"]), "", {})
        for reference in references
        if reference is not parent
    )
    return as_text(parent["spanID"]) if parent else "", tuple(links)


def _event(log: Mapping[str, Any]) -> SpanEvent:
    fields = _tags(log.get("fields"))
    return SpanEvent(as_ns(int(log["timestamp"]) * 1000), fields.pop("event", "log"), fields)


def _tags(tags: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    return {as_text(tag["key"]): _text(tag["value"]) for tag in tags or ()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _kind(word: str) -> str:
    kind = word.capitalize()
    return kind if kind in _KINDS else "Unspecified"


def _status(tags: Mapping[str, str]) -> str:
    return "Error" if tags.get("error") == "true" else _STATUSES.get(tags.get("otel.status_code", ""), "Unset")


def _id(text: str) -> str:
    """Return an id of a trace with 32 digits: old clients leave out zeros, or half of it."""
    return text.lower().zfill(32)
