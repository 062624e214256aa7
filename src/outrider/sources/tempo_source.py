"""Traces out of Tempo, by `GET /api/traces/ID`, which answers with the JSON of OTLP, ids in base64."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from outrider.model import Span, SpanEvent, SpanLink
from outrider.sources.answer_values import as_ns, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.sources.source_address import SourceAddress

_AT_ONCE: Final = 4
_KINDS: Final = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
_STATUSES: Final = ("Unset", "Ok", "Error")
_HEX_LENGTHS: Final = frozenset({16, 32})


class TempoSource:
    """Tempo at an address; ids that it does not know are no error."""

    def __init__(self, address: SourceAddress) -> None:
        self._address = address

    def version(self) -> str:
        """Ask whether it answers, which proxies let everybody ask, and for the version."""
        answer = self._address.ask("/api/search/tags")
        if not isinstance(answer["tagNames"], list | None):
            raise TypeError
        about = self._address.ask("/api/status/buildinfo")
        return str(about.get("version", "")) if about is not None else ""

    def traces(self, trace_ids: Sequence[str]) -> Mapping[str, tuple[Span, ...]]:
        """Return the spans of traces by their ids, a request each, four at a time."""
        ask = partial(self._trace, until_s=self._address.until_s())
        with ThreadPoolExecutor(_AT_ONCE, "source traces") as pool:
            traces = dict(zip(trace_ids, pool.map(ask, trace_ids), strict=True))
        return {trace_id: spans for trace_id, spans in traces.items() if spans}

    def _trace(self, trace_id: str, *, until_s: float) -> tuple[Span, ...]:
        answer = self._address.ask(f"/api/traces/{trace_id}", until_s=until_s)
        if answer is None:
            return ()
        batches = answer["batches"] if "batches" in answer else answer["resourceSpans"]
        return tuple(span for batch in batches or () for span in _spans(batch))


def _spans(batch: Mapping[str, Any]) -> Iterator[Span]:
    resource = _texts((batch.get("resource") or {}).get("attributes"))
    for group in batch.get("scopeSpans") or batch.get("instrumentationLibrarySpans") or ():
        scope = group.get("scope") or group.get("instrumentationLibrary") or {}
        for span in group.get("spans") or ():
            status = span.get("status") or {}
            began_ns = as_ns(int(span["startTimeUnixNano"]))
            yield Span(
                began_ns, _id(span["traceId"]), _id(span["spanId"]), _id(span.get("parentSpanId")),
                as_text(span.get("traceState")), as_text(span.get("name")), _word(span.get("kind"), _KINDS),
                resource.get("service.name", ""), resource, as_text(scope.get("name")), as_text(scope.get("version")),
                _texts(span.get("attributes")), as_ns(max(0, int(span.get("endTimeUnixNano") or began_ns) - began_ns)),
                _word(status.get("code"), _STATUSES), as_text(status.get("message")),
                tuple(_event(event) for event in span.get("events") or ()),
                tuple(_link(link) for link in span.get("links") or ()),
            )  # fmt: skip


def _event(event: Mapping[str, Any]) -> SpanEvent:
    return SpanEvent(as_ns(int(event["timeUnixNano"])), as_text(event.get("name")), _texts(event.get("attributes")))


def _link(link: Mapping[str, Any]) -> SpanLink:
    attributes = _texts(link.get("attributes"))
    return SpanLink(_id(link["traceId"]), _id(link["spanId"]), as_text(link.get("traceState")), attributes)


def _texts(attributes: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    values = ((as_text(entry["key"]), _plain(entry.get("value") or {})) for entry in attributes or ())
    return {
        key: value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
        for key, value in values
    }


def _plain(value: Mapping[str, Any]) -> Any:
    """Return a value of OTLP as the value of JSON that it stands for; integers come as texts."""
    for kind, content in value.items():
        if kind == "arrayValue":
            return [_plain(entry) for entry in content.get("values") or ()]
        if kind == "kvlistValue":
            return {entry["key"]: _plain(entry.get("value") or {}) for entry in content.get("values") or ()}
        return content
    return None


def _word(value: str | int | None, words: Sequence[str]) -> str:
    """Return one of OpenTelemetry's words, for a name such as `SPAN_KIND_SERVER`, or for its number."""
    if isinstance(value, int):
        return words[value] if 0 <= value < len(words) else words[0]
    word = (value or "").rpartition("_")[2].capitalize()
    return word if word in words else words[0]


def _id(text: str | None) -> str:
    """Return an id in hexadecimal: Tempo writes base64, what stands before it may have made OTLP's JSON of it."""
    if not text:
        return ""
    return text.lower() if len(text) in _HEX_LENGTHS else base64.b64decode(text, validate=True).hex()
