"""A trace as its page shows it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from outrider.causes import flame_frames, span_tree
from outrider.charts import FlameBar, SpanRow, draw_flame_graph, draw_span_rows, milliseconds
from outrider.dashboard.log_view import instant_text, record_views
from outrider.dashboard.outside_links import outside_links, times
from outrider.dashboard.page_addresses import trace_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.session_links import session_links
from outrider.dashboard.span_detail import draw_span_detail
from outrider.model import UsageError, counted, is_trace_id
from outrider.telemetry_store import QueryText

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.causes import FlameFrame, SpanNode, SpanTree
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import LogRecord, Span, TelemetryReader, TraceLink

LEVELS: Final = {"": "usual", "2": "two levels", "critical": "critical path", "all": "all levels"}
"""What is unfolded, and how it is called."""

_MOST_SPANS: Final = 10_000
_MOST_LOGS: Final = 500
_UNFOLDED: Final = 300
"""Spans up to which all levels are unfolded at first."""
_LISTED: Final = 8
_AROUND_S: Final = 86_400  # a record's clock may be hours from the spans': one without a time zone


@dataclass(frozen=True, slots=True)
class ServiceShare:
    """How much of a trace a service accounts for.

    Attributes:
        critical_ns: How long the trace waited for it and for nothing that it called.
    """

    service: str
    spans: int
    failed: int
    critical_ns: int


@dataclass(frozen=True, slots=True)
class TraceView:
    """A trace.

    Attributes:
        links: Runs that it belongs to.
        logs_query: What finds the log records.
        logs_are_complete: Whether there are no more log records than these.
    """

    id: str
    tree: SpanTree
    shares: tuple[ServiceShare, ...]
    logs: tuple[LogRecord, ...]
    logs_query: str
    logs_are_complete: bool
    links: tuple[TraceLink, ...]
    is_complete: bool


def trace_view(sources: Sources, reader: TelemetryReader, trace_id: str) -> TraceView:
    """Return a trace, its log records, and the runs that it belongs to.

    Raises:
        UsageError: unknown-trace.
        TelemetryError: If the telemetry cannot be read.
    """
    spans = reader.trace(trace_id, limit=_MOST_SPANS) if is_trace_id(trace_id) else ()
    if not spans:
        raise UsageError(f"no span of a trace {trace_id[:40]!r} is kept", slug="unknown-trace", fix="see /traces")
    tree = span_tree(spans)
    since_s = max(min(tree.start_ns // 10**9, sources.now_us() // 1_000_000) - _AROUND_S, 0)
    until_s = tree.end_ns // 10**9 + _AROUND_S
    logs_query = f"trace:{trace_id} since:{instant_text(since_s)} until:{instant_text(until_s)}"
    logs = reader.search_logs(logs_query, limit=_MOST_LOGS)
    links = tuple({link.run: link for link in sources.store.trace_links.of_traces([trace_id])}.values())
    return TraceView(
        trace_id, tree, _shares(tree), logs.rows[::-1], logs_query, logs.is_complete, links, len(spans) < _MOST_SPANS
    )  # fmt: skip


def trace_page(view: TraceView, context: PageContext, *, chosen: str, levels: str) -> str:
    """Return the page of a trace.

    Args:
        view: The trace.
        context: What every page shows.
        chosen: The id of the span whose details are shown; empty for none.
        levels: What is unfolded, of `LEVELS`.
    """
    query = QueryText(view.logs_query)
    path = f"{context.base}{trace_path(view.id)}"
    failed = [node for node in view.tree.nodes if node.span.status == "Error"]
    values = {
        "view": view, "root": view.tree.roots[0].span, "query": str(query), "path": path, "levels": levels,
        "names": LEVELS, "chosen": chosen, "rows": _rows(view, context, path, chosen=chosen, levels=levels),
        "flames": draw_flame_graph([_flame(frame, path) for frame in flame_frames(view.tree)], "Flame graph"),
        "failed": failed[:_LISTED],
        "failed_count": len(failed), "records": record_views(view.logs, query),
        "links_out": (*outside_links(context.links_out, _places(view)), *session_links(_texts(view))),
        "total_ns": view.tree.end_ns - view.tree.start_ns,
    }  # fmt: skip
    return render("trace.html", context, values)


def _texts(view: TraceView) -> Iterator[str]:
    """Yield the values of attributes of spans and log records."""
    for attributes in (*(node.span.attributes for node in view.tree.nodes), *(log.attributes for log in view.logs)):
        yield from attributes.values()


def _places(view: TraceView) -> dict[str, str]:
    """Return what other tools may be asked for of a trace."""
    spans = [node.span for node in view.tree.nodes]
    linked = view.links[0] if view.links else None
    return {
        "trace": view.id,
        "service": view.tree.roots[0].span.service,
        "session": _attribute(spans, "session.id"),
        "user": _attribute(spans, "user.id", "enduser.id"),
        "run": str(linked.run) if linked else "",
        "check": str(linked.check) if linked else "",
        "environment": _attribute(spans, "deployment.environment.name", "deployment.environment"),
        "release": _attribute(spans, "service.version"),
        **times(view.tree.start_ns // 10**6, view.tree.end_ns // 10**6),
    }


def _attribute(spans: Sequence[Span], *names: str) -> str:
    """Return the first value that one of several attributes has in any span, or in its resource."""
    values = (fields.get(name) for span in spans for fields in (span.attributes, span.resource) for name in names)
    return next((value for value in values if value), "")


def _shares(tree: SpanTree) -> tuple[ServiceShare, ...]:
    spans = Counter(node.span.service for node in tree.nodes)
    failed = Counter(node.span.service for node in tree.nodes if node.span.status == "Error")
    critical: Counter[str] = Counter()
    for node in tree.nodes:
        critical[node.span.service] += node.critical_ns
    shares = (ServiceShare(name, count, failed[name], critical[name]) for name, count in spans.items())
    return tuple(sorted(shares, key=lambda share: (-share.critical_ns, share.service)))


def _rows(view: TraceView, context: PageContext, path: str, *, chosen: str, levels: str) -> str:
    tree, total_ns = view.tree, max(view.tree.end_ns - view.tree.start_ns, 1)
    logs: dict[str, list[LogRecord]] = {}
    for record in view.logs:
        logs.setdefault(record.span_id, []).append(record)
    unfolded = _unfolded(tree, chosen, levels)
    asked = f"&levels={levels}" if levels else ""

    def share(time_ns: int) -> float:
        return (time_ns - tree.start_ns) / total_ns

    def row(node: SpanNode) -> SpanRow:
        span = node.span
        detail = draw_span_detail(node, logs.get(span.span_id, []), context) if span.span_id == chosen else ""
        return SpanRow(
            node.depth, " · ".join(filter(None, (span.service, node.note))), span.name or "(no name)",
            share(span.time_ns), span.duration_ns / total_ns,
            tuple((share(start), share(end)) for start, end in node.critical), _words(node, logs),
            f"{path}?span={span.span_id}{asked}#s-{span.span_id}", f"s-{span.span_id}" if detail else "",
            span.status == "Error", id(node) in unfolded, detail,
        )  # fmt: skip

    return draw_span_rows([row(node) for node in tree.nodes], "Spans")


def _flame(frame: FlameFrame, path: str) -> FlameBar:
    name = frame.name or "(no name)"
    ran = f" in {counted(frame.spans, 'span')}" if frame.spans > 1 else ""
    failed = f", {frame.failed} failed" if frame.failed else ""
    total, own = milliseconds(frame.total_ns / 1e6), milliseconds(frame.own_ns / 1e6)
    words = f"{name} · {frame.service}: {total}{ran}, {own} of its own{failed}"
    href = f"{path}?span={quote(frame.span_id)}#s-{quote(frame.span_id)}"
    return FlameBar(frame.depth, frame.start, frame.width, name, words, href, bool(frame.failed))


def _words(node: SpanNode, logs: Mapping[str, Sequence[LogRecord]]) -> str:
    count = len(logs.get(node.span.span_id, ()))
    logged = f" · {counted(count, 'log')}" if count else ""
    return f"{milliseconds(node.span.duration_ns / 1e6)}{logged}"


def _unfolded(tree: SpanTree, chosen: str, levels: str) -> set[int]:
    """Return which nodes show their children: those that lead to what matters, where not all do."""
    nodes = tree.nodes
    if levels == "all" or (not levels and len(nodes) <= _UNFOLDED):
        return {id(node) for node in nodes}
    shown = {id(node) for node in nodes if node.depth < 1} if levels != "critical" else set()
    for node in reversed(nodes):  # children before their parents
        if any(id(child) in shown or _matters(child, chosen, levels) for child in node.children):
            shown.add(id(node))
    return shown


def _matters(node: SpanNode, chosen: str, levels: str) -> bool:
    if node.span.span_id == chosen and chosen:
        return True
    is_critical = levels in {"", "critical"} and bool(node.critical)
    return is_critical or (not levels and node.span.status == "Error")
