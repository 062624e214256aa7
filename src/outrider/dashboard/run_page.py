"""A run as a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.charts import Waterfall, draw_waterfall
from outrider.dashboard.outside_links import OutsideLink, outside_links, times
from outrider.dashboard.page_templates import render
from outrider.dashboard.run_detail import LISTED_TRACES
from outrider.dashboard.run_files import run_files

if TYPE_CHECKING:
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.run_detail import RunDetail
    from outrider.model import AttemptTrace, Run

_DRAWN_REQUESTS = 40


@dataclass(frozen=True, slots=True)
class LinkedTrace:
    """A trace of a run, and where other tools show it."""

    attempt: int
    trace: AttemptTrace
    links: tuple[OutsideLink, ...]


def run_page(detail: RunDetail, context: PageContext) -> str:
    """Return a run as a page."""
    bars = [
        Waterfall(
            f"{request.method} {request.url.partition('?')[0].rpartition('//')[2].partition('/')[2] or '/'}"[-60:],
            request.start_ms,
            request.duration_ms,
            str(request.status if request.status > 0 else request.failure or "no answer") if request.is_failed else "",
        )
        for request in detail.requests[:_DRAWN_REQUESTS]
    ]
    files = run_files(detail.artifacts, context.files)
    good_pictures = run_files(detail.good.artifacts, context.files) if detail.good else ()
    values = {
        "view": detail,
        "files_of_run": files,
        "good_pictures": [file for file in good_pictures if file.picture][-1:],
        "report": detail.report,
        "run": detail.run,
        "traces": _traces(detail, context),
        "links_out": (*outside_links(context.links_out, _places(detail.run)), *detail.elsewhere),
        "request_waterfall": draw_waterfall(bars),
        "drawn_requests": _DRAWN_REQUESTS,
    }
    return render("run.html", context, values)


def _traces(detail: RunDetail, context: PageContext) -> list[LinkedTrace]:
    """Return the first traces of a run, where they can be looked at."""
    places = _places(detail.run)
    if not (context.has_telemetry or context.links_out):
        return []
    return [
        LinkedTrace(
            number, trace, outside_links(context.links_out, {**places, "trace": trace.trace_id}, needed="trace")
        )
        for number, trace in detail.traces[:LISTED_TRACES]
    ]


def _places(run: Run) -> dict[str, str]:
    """Return what other tools may be asked for of a run."""
    return {
        "run": str(run.id),
        "check": str(run.check),
        "environment": run.environment,
        "release": run.circumstances.release,
        **times(run.started_us // 1_000, run.finished_us // 1_000),
    }
