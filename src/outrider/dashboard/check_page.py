"""A check as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from outrider.alerts import headline
from outrider.dashboard.check_detail import SPANS
from outrider.dashboard.lab_field import lab_field_values
from outrider.dashboard.page_addresses import check_path
from outrider.dashboard.page_templates import render, short
from outrider.dashboard.step_trends import TrendMarks, draw_step_trend
from outrider.model import Outcome

if TYPE_CHECKING:
    from outrider.dashboard.check_detail import CheckDetail
    from outrider.dashboard.lab_field import LabFields
    from outrider.dashboard.page_templates import PageContext


def check_page(detail: CheckDetail, context: PageContext, lab_field: LabFields | None = None, away: str = "") -> str:
    """Return a check as a page.

    Args:
        detail: What is known of it.
        context: Who looks, and where.
        lab_field: The pages that it opens, beside those of real users.
        away: Why these are not known, if telemetry cannot be asked.
    """
    marks = TrendMarks(
        releases=[(release.at_us, release.name) for release in detail.releases],
        incidents=[(incident.began_us, short(headline(incident))) for incident in detail.incidents],
        annotations=[(mark.at_us, short(mark.text)) for mark in detail.annotations],
    )
    several = len(detail.check.policy.locations) > 1
    charts = []
    for trend in detail.trends:
        title = short(" ".join(filter(None, (trend.step or "whole run", f"in {trend.location}" if several else ""))))
        svg = draw_step_trend(trend, title, context.clock.timezone, marks)
        charts.append((title, trend, svg))
    values = {
        **lab_field_values(lab_field),
        "view": detail,
        "away": away,
        "charts": charts,
        "spans": SPANS,
        "outcomes": tuple(Outcome),
        "address": lambda **changed: _address(detail, context, changed),
    }
    return render("check.html", context, values)


def _address(detail: CheckDetail, context: PageContext, changed: dict[str, object]) -> str:
    query = detail.query
    now = {"location": query.location, "days": query.days, "outcome": query.outcome or ""}
    named = {name: value for name, value in (now | changed).items() if value}
    return f"{context.base}{check_path(detail.check.id)}?{urlencode(named)}"
