"""Incidents, releases and the service as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard.overview_page import service_line
from outrider.dashboard.page_templates import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.dashboard.incident_view import IncidentDetail, IncidentList
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.release_view import ReleaseList
    from outrider.model import ServiceView, UndeliveredCount


def incidents_page(view: IncidentList, context: PageContext) -> str:
    """Return a page of incidents."""
    query = "state=open&" if view.only_lasting else ""
    values = {"view": view, "page_address": lambda page: f"{context.base}/incidents?{query}page={page}"}
    return render("incidents.html", context, values)


def incident_page(detail: IncidentDetail, context: PageContext) -> str:
    """Return an incident as a page."""
    return render("incident.html", context, {"view": detail, "incident": detail.incident})


def releases_page(view: ReleaseList, context: PageContext) -> str:
    """Return the releases as a page."""
    return render("releases.html", context, {"view": view})


def service_page(service: ServiceView, undelivered: Sequence[UndeliveredCount], context: PageContext) -> str:
    """Return how the service does as a page."""
    values = {
        "service": service,
        "service_line": service_line(service),
        "undelivered": undelivered,
        "lags": _lags(service),
    }
    return render("service.html", context, values)


def _lags(service: ServiceView) -> list[tuple[str, int]]:
    """Return how many runs began within which time after they were due."""
    bounds = [f"within {bound:g} s" if bound is not None else "later" for bound, _ in service.lags]
    return [(bound, count) for bound, (_, count) in zip(bounds, service.lags, strict=True) if count]
