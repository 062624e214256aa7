"""Pages of log records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.charts import StackedBar, draw_stacked_bars
from outrider.dashboard.log_view import TONES, record_views
from outrider.dashboard.page_addresses import logs_export_path, logs_path, logs_tail_path, surrounding_logs_path
from outrider.dashboard.page_templates import PageContext, render
from outrider.dashboard.query_view import time_choices
from outrider.model import counted
from outrider.telemetry_store import QueryText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.dashboard.log_view import LevelSlot, LogView
    from outrider.dashboard.notable_view import NotableView
    from outrider.dashboard.pattern_view import PatternsView
    from outrider.dashboard.query_view import QueryProblem
    from outrider.dashboard.reader_clock import ReaderClock
    from outrider.dashboard.saved_view_list import ViewChoices
    from outrider.model import LogRecord, TelemetryReader

_SURROUNDING: Final = 25


def logs_page(
    view: LogView,
    context: PageContext,
    views: ViewChoices,
    *,
    is_first: bool,
    is_wrapped: bool,
    is_live: bool,
    patterns: PatternsView | None = None,
    notable: Sequence[NotableView] = (),
) -> str:
    """Return the page of what a query finds.

    Args:
        view: What it finds.
        context: What every page shows.
        views: The query as it was written, and those that are saved.
        is_first: Whether the newest records are shown.
        is_wrapped: Whether lines are shown in full.
        is_live: Whether records are added as they come in.
        patterns: What is shown in the place of records, if anything is.
        notable: Patterns that are shown above these.
    """
    text = views.query
    values = {
        "view": view, "text": text, "views": views, "is_first": is_first, "is_wrapped": is_wrapped, "problem": None,
        "bars": _bars(view.slots, context), "times": time_choices(view.query, logs_path),
        "latest": logs_path(text), "wrap": logs_path(text, wrap="" if is_wrapped else "1"),
        "is_live": is_live, "live_path": logs_path(text, live="" if is_live else "1"), "tail": logs_tail_path(text),
        "patterns": patterns, "notable": notable, "patterns_path": logs_path(text, patterns="" if patterns else "1"),
        "exports": [(name, logs_export_path(text, form)) for name, form in (("NDJSON", "ndjson"), ("CSV", "csv"))],
    }  # fmt: skip
    return render("logs.html", context, values)


def logs_problem_page(problem: QueryProblem, context: PageContext, views: ViewChoices) -> str:
    """Return the page of a query that has no answer."""
    values = {
        "view": None, "text": views.query, "views": views, "problem": problem,
        "times": time_choices(QueryText(""), logs_path), "is_wrapped": False, "is_first": True,
    }  # fmt: skip
    return render("logs.html", context, values)


def record_rows(records: Sequence[LogRecord], query: QueryText, clock: ReaderClock, base: str) -> str:
    """Return records as items of the list that a page shows."""
    context = PageContext(clock, base=base)
    return render("log_records.html", context, {"records": record_views(records, query)})


def surrounding_logs_page(reader: TelemetryReader, service: str, time_ns: int, context: PageContext) -> str:
    """Return the page of what a service logged around a time.

    Raises:
        TelemetryError: If the telemetry cannot be read.
    """
    until, later = reader.surrounding_logs(service, time_ns, limit=_SURROUNDING)
    query = QueryText(QueryText("").also("service", service))
    values = {
        "later": record_views(later, query), "until": record_views(until, query), "service": service,
        "time_ns": time_ns, "all": logs_path(str(query)),
        "later_path": _around(later[:1], service), "earlier_path": _around(until[-1:], service),
    }  # fmt: skip
    return render("surrounding_logs.html", context, values)


def _around(records: tuple[LogRecord, ...], service: str) -> str:
    return "".join(surrounding_logs_path(service, record.time_ns) for record in records)


def _bars(slots: tuple[LevelSlot, ...], context: PageContext) -> str:
    bars = [
        StackedBar(
            tuple((TONES[level], count) for level, count in slot.counts), _slot_title(slot, context.clock),
            f"{context.base}{slot.path}",
        )
        for slot in slots
    ]  # fmt: skip
    return draw_stacked_bars(bars, "Records by time and level")


def _slot_title(slot: LevelSlot, clock: ReaderClock) -> str:
    total = counted(sum(count for _, count in slot.counts), "record")
    levels = ", ".join(f"{count:,} {level}" for level, count in slot.counts)
    return f"{clock.brief(slot.since_ns // 1000)}: {total}{f' ({levels})' if levels else ''}"
