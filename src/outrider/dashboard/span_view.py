"""Spans that a query finds, with how long they took and facets, as pages show them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.charts import StackedBar, draw_stacked_bars, milliseconds
from outrider.dashboard.page_addresses import trace_path, traces_path, write_row_position
from outrider.dashboard.page_templates import render
from outrider.dashboard.query_view import FacetView, FilterChip, facet_views, filter_chips, time_choices
from outrider.model import RATIO, RecordKind, counted
from outrider.telemetry_store import QueryText

if TYPE_CHECKING:
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.query_view import QueryProblem
    from outrider.dashboard.saved_view_list import ViewChoices
    from outrider.model import Histogram, RowPosition, Span, TelemetryReader

USUAL_SPANS: Final = 50
_MOST_SLOTS: Final = 48
_QUANTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


@dataclass(frozen=True, slots=True)
class SpanLine:
    """A span in a list.

    Attributes:
        share: Of the longest in the list.
        path: Of its trace, where its details are shown.
    """

    time_ns: int
    service: str
    name: str
    kind: str
    duration_ms: float
    share: float
    is_failed: bool
    message: str
    origin: str
    path: str


@dataclass(frozen=True, slots=True)
class DurationSlot:
    """How many spans took a time."""

    least_ms: float
    below_ms: float
    count: int
    failed: int
    path: str


@dataclass(frozen=True, slots=True)
class SpansView:
    """What a query finds; see `LogView`."""

    query: QueryText
    lines: tuple[SpanLine, ...]
    since_ns: int
    until_ns: int
    durations: Histogram
    failed: int
    slots: tuple[DurationSlot, ...]
    facets: tuple[FacetView, ...]
    filters: tuple[FilterChip, ...]
    following: str
    sampled: int


def spans_view(
    reader: TelemetryReader, text: str, *, before: RowPosition | None = None, limit: int = USUAL_SPANS
) -> SpansView:
    """Return what a query finds.

    Raises:
        QueryError: If it cannot be understood.
        TelemetryError: If the telemetry cannot be read.
    """
    query = QueryText(text)
    matches = reader.search_spans(text, limit=limit, before=before)
    durations, failed = reader.span_durations(text)
    time_ns = (matches.since_ns, matches.until_ns)
    facets, sampled = facet_views(
        reader, RecordKind.SPANS, query, time_ns=time_ns, total=durations.total, address=traces_path
    )
    following = traces_path(text, before=write_row_position(matches.following)) if matches.following else ""
    longest_ns = max((span.duration_ns for span in matches.rows), default=1) or 1
    return SpansView(
        query, tuple(_line(span, longest_ns) for span in matches.rows), *time_ns, durations, failed.total,
        _slots(durations, failed, query), facets, filter_chips(query, traces_path), following, sampled,
    )  # fmt: skip


def spans_page(view: SpansView, context: PageContext, views: ViewChoices, *, is_first: bool) -> str:
    """Return the page of what a query finds."""
    query, text = view.query, views.query
    values = {
        "view": view, "text": text, "is_first": is_first, "problem": None, "bars": _bars(view.slots, context),
        "times": time_choices(query, traces_path), "latest": traces_path(text), "views": views,
        "quantiles": [(name, view.durations.quantile(share)) for name, share in _QUANTILES],
        "narrower": _narrower(query),
    }  # fmt: skip
    return render("traces.html", context, values)


def spans_problem_page(problem: QueryProblem, context: PageContext, views: ViewChoices) -> str:
    """Return the page of a query that has no answer."""
    values = {
        "view": None, "text": views.query, "views": views, "problem": problem,
        "times": time_choices(QueryText(""), traces_path), "is_first": True, "narrower": (),
    }  # fmt: skip
    return render("traces.html", context, values)


def _narrower(query: QueryText) -> tuple[tuple[str, str], ...]:
    """Return queries that people often want, by name."""
    roots, failed = query.also("has", "parent", excluded=True), query.also("status", "error")
    return (("beginnings of traces", traces_path(roots)), ("errors", traces_path(failed)))


def _line(span: Span, longest_ns: int) -> SpanLine:
    return SpanLine(
        span.time_ns, span.service, span.name, span.kind, span.duration_ns / 1e6, span.duration_ns / longest_ns,
        span.status == "Error", span.status_message, span.origin,
        f"{trace_path(span.trace_id)}?span={span.span_id}#s-{span.span_id}",
    )  # fmt: skip


def _slots(durations: Histogram, failed: Histogram, query: QueryText) -> tuple[DurationSlot, ...]:
    """Return buckets put together into slots of one width on a logarithmic axis."""
    if not durations.counts:
        return ()
    first, last = min(durations.counts), max(durations.counts)
    width = math.ceil((last - first + 1) / _MOST_SLOTS)
    ranges = (range(begin, begin + width) for begin in range(first, last + 1, width))
    return tuple(_slot(buckets, durations, failed, query) for buckets in ranges)


def _slot(buckets: range, durations: Histogram, failed: Histogram, query: QueryText) -> DurationSlot:
    least_ms, below_ms = RATIO ** (buckets.start - 1), RATIO ** (buckets.stop - 1)
    count, wrong = (sum(of.counts.get(bucket, 0) for bucket in buckets) for of in (durations, failed))
    path = traces_path(query.between("duration", f"{least_ms:.4f}ms", f"{below_ms:.4f}ms"))
    return DurationSlot(least_ms, below_ms, count, wrong, path)


def _bars(slots: tuple[DurationSlot, ...], context: PageContext) -> str:
    bars = [
        StackedBar(
            (("bad", slot.failed), ("blue", slot.count - slot.failed)),
            f"{milliseconds(slot.least_ms)} to {milliseconds(slot.below_ms)}: {counted(slot.count, 'span')}"
            f"{f', {slot.failed} failed' if slot.failed else ''}",
            f"{context.base}{slot.path}",
        )
        for slot in slots
    ]  # fmt: skip
    return draw_stacked_bars(bars, "Spans by duration")
