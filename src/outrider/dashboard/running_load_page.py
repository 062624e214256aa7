"""A load that is under way as a page that renews itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from outrider.charts import draw_lines
from outrider.dashboard.page_templates import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.running_load import RunningLoad
    from outrider.model import LoadSecond

_LISTED = 20
_MOST_POINTS = 300


def running_load_page(load: RunningLoad, context: PageContext) -> str:
    """Return the page."""
    values = {"load": load, "charts": _charts(load.seconds), "listed": load.seconds[: -_LISTED - 1 : -1]}
    return render("running_load.html", context, values)


def _charts(seconds: Sequence[LoadSecond]) -> Mapping[str, str]:
    step = -(-len(seconds) // _MOST_POINTS)
    drawn = [*seconds[::step]]
    at_s = [second.offset_s for second in drawn]
    rates = {
        "succeeded": [second.requests_per_s for second in drawn],
        "failed": [second.failed_per_s for second in drawn],
    }
    times = {
        name: [math.nan if value is None else value for value in values]
        for name, values in (
            ("p50", [second.p50_ms for second in drawn]),
            ("p95", [second.p95_ms for second in drawn]),
            ("p99", [second.p99_ms for second in drawn]),
        )
    }
    users = {"users": [float(second.users) for second in drawn]}
    return {
        "Requests a second": draw_lines("Requests a second", at_s, rates),
        "Response times, ms": draw_lines("Response times", at_s, times),
        "Users": draw_lines("Users", at_s, users),
    }
