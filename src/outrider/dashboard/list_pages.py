"""Incidents and releases as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard.page_addresses import errors_path, issue_path, session_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.suffered_page import draw_suffered
from outrider.model import share_text

if TYPE_CHECKING:
    from outrider.dashboard.incident_view import IncidentDetail, IncidentList
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.release_view import ReleaseList


def incidents_page(view: IncidentList, context: PageContext) -> str:
    """Return a page of incidents."""
    return render("incidents.html", context, {"view": view})


def incident_page(detail: IncidentDetail, context: PageContext) -> str:
    """Return an incident as a page."""
    trend = draw_suffered(detail.suffered.trend, context.clock.timezone) if detail.suffered else ""
    values = {"view": detail, "incident": detail.incident, "session_path": session_path, "trend": trend}
    return render("incident.html", context, values)


def releases_page(view: ReleaseList, context: PageContext) -> str:
    """Return the releases as a page."""
    return render(
        "releases.html",
        context,
        {"view": view, "issue_path_of": issue_path, "share": share_text, "list_path": errors_path},
    )
