"""The routes of dashboards that the workspace writes: pages and the API."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from outrider.dashboard import (
    DashboardBody,
    DashboardList,
    DashboardShelf,
    ServicesSpan,
    api_dashboard,
    api_dashboards,
    dashboard_page,
    dashboard_view,
    dashboards_page,
)
from outrider.model import UsageError
from outrider.server.api_parameters import ROOT, TEXT, Operation, in_path
from outrider.server.openapi_document import Description, Parameter
from outrider.server.page_answer import page_answer
from outrider.server.rendered_pages import RenderedPages
from outrider.server.telemetry_turns import asked_telemetry
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import DashboardView, PageContext, Sources
    from outrider.server.viewer import Authorise

_SECTION: Final = "/dashboards"
_VALUE_CHARACTERS: Final = 200
_REFRESH_S: Final = 60


def dashboards_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of the list, and of a dashboard; viewers who ask at the same time see one rendering."""
    rendered = RenderedPages(lambda: "")

    def listed(request: Request) -> Response:
        return page_answer(request, sources, _SECTION, lambda context: dashboards_page(_shelf(sources).all(), context))

    def shown(request: Request) -> Response:
        def make(context: PageContext) -> str:
            return dashboard_page(_view(sources, request), replace(context, refresh_s=_REFRESH_S))

        return page_answer(request, sources, _SECTION, make, rendered)

    return [guarded_route(_SECTION, listed, authorise), guarded_route(f"{_SECTION}/{{dashboard}}", shown, authorise)]


def _shelf(sources: Sources) -> DashboardShelf:
    if sources.dashboards is None:
        raise UsageError("no workspace is served here", slug="unknown-dashboard", fix="start outrider up in one")
    return sources.dashboards


def _view(sources: Sources, request: Request) -> DashboardView:
    file = _shelf(sources).read(request.path_params["dashboard"])
    span = ServicesSpan.of(request.query_params.get("since", "") or file.since, sources.now_us())
    asked = {
        variable.name: request.query_params[variable.name][:_VALUE_CHARACTERS]
        for variable in file.variables
        if variable.name in request.query_params
    }
    if file.problems:
        file = replace(file, panels=(), variables=())
    return dashboard_view(sources, partial(asked_telemetry, sources), file, span, asked)


DASHBOARD_OPERATIONS = (
    Operation(
        Description(f"{ROOT}/dashboards", "Dashboards of the workspace, by name.", DashboardList, ()),
        lambda sources, _: api_dashboards(_shelf(sources).all()),
    ),
    Operation(
        Description(
            f"{ROOT}/dashboards/{{dashboard}}",
            "What a dashboard shows; values of its variables are further parameters, by their names.",
            DashboardBody,
            (
                in_path("dashboard", "Its name: that of its file."),
                Parameter("since", "The time that is shown: 1h, 6h, 1d, 7d or 30d.", TEXT),
            ),
        ),
        lambda sources, request: api_dashboard(_view(sources, request)),
    ),
)
