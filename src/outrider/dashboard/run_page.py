"""A run as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.charts import Waterfall, draw_waterfall
from outrider.dashboard.page_templates import render
from outrider.dashboard.run_files import run_files

if TYPE_CHECKING:
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.run_detail import RunDetail

_DRAWN_REQUESTS = 40


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
        "request_waterfall": draw_waterfall(bars),
        "drawn_requests": _DRAWN_REQUESTS,
    }
    return render("run.html", context, values)
