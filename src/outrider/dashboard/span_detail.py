"""What one span says, below its row: attributes, events, errors, links and log records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.charts import milliseconds
from outrider.dashboard.attribute_tree import attribute_tree, cut
from outrider.dashboard.log_view import AttributeView, record_views
from outrider.dashboard.page_addresses import traces_path
from outrider.dashboard.page_templates import render
from outrider.telemetry_store import QueryText

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.causes import SpanNode
    from outrider.dashboard.page_templates import PageContext
    from outrider.model import LogRecord

_MOST_EVENTS: Final = 50
_MOST_ATTRIBUTES: Final = 80
_LONGEST_VALUE: Final = 200
_STACKS: Final = frozenset({"exception.stacktrace", "exception.message"})


def draw_span_detail(node: SpanNode, logs: Sequence[LogRecord], context: PageContext) -> str:
    """Return the details of a span as HTML."""
    span = node.span
    events = [
        {
            "time_ns": event.time_ns, "after": milliseconds((event.time_ns - span.time_ns) / 1e6), "name": event.name,
            "stack": cut(event.attributes.get("exception.stacktrace", ""), 8_000),
            "message": cut(event.attributes.get("exception.message", ""), 4_000),
            "attributes": _views({k: v for k, v in event.attributes.items() if k not in _STACKS}),
        }
        for event in span.events[:_MOST_EVENTS]
    ]  # fmt: skip
    values = {
        "node": node, "span": span, "events": events, "more_events": max(len(span.events) - _MOST_EVENTS, 0),
        "attributes": _views(span.attributes), "resource": _views(span.resource),
        "records": record_views(logs, QueryText("")),
    }  # fmt: skip
    return render("span_detail.html", context, values)


def _views(attributes: Mapping[str, str]) -> tuple[AttributeView, ...]:
    query = QueryText("")

    def view(name: str, value: str) -> AttributeView:
        narrowed = query.also(name, value) if 0 < len(value) <= _LONGEST_VALUE else ""
        excluded = query.also(name, value, excluded=True)
        paths = (traces_path(narrowed), traces_path(excluded)) if narrowed else ("", "")
        return AttributeView(name, attribute_tree(value), *paths)

    return tuple(view(name, value) for name, value in sorted(attributes.items())[:_MOST_ATTRIBUTES])
