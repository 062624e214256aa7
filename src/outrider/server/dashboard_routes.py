"""The routes of pages, and the files that these load."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from outrider.dashboard import (
    LOAD_TOPIC,
    SPANS,
    USUAL_DAYS,
    CheckQuery,
    Filter,
    check_detail,
    check_page,
    incident_detail,
    incident_list,
    incident_page,
    incidents_page,
    lab_field_of_check,
    overview,
    overview_page,
    page_assets,
    read_moment,
    read_position,
    release_list,
    releases_page,
    run_detail,
    run_page,
    runbook_page,
    running_load,
    running_load_page,
    service_page,
    wall_page,
)
from outrider.model import Kind, Outcome, OutriderError, UsageError, identity
from outrider.server.live_stream import LiveStream
from outrider.server.page_answer import leading_to, page_answer
from outrider.server.rendered_pages import RenderedPages
from outrider.server.telemetry_turns import asked_real_users
from outrider.server.viewer import guarded_route, may_still_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from outrider.dashboard import CheckDetail, LabFields, PageContext, Sources
    from outrider.server.artifact_origin import ArtifactOrigin
    from outrider.server.viewer import Authorise

_TEXT_CHARACTERS = 200
_YEAR_S = 31_536_000
_LOAD_REFRESH_S = 10
_MOST_DIGITS = 18


class Pages:
    """Answers with pages, each made anew from the store; what the store refuses is said, with 503.

    Args:
        sources: What pages are made from.
        artifacts: Where their files are served; None for nowhere.
        authorise: Decides who sees them; asked again while a stream lasts.
    """

    def __init__(self, sources: Sources, artifacts: ArtifactOrigin | None, authorise: Authorise) -> None:
        self._sources = sources
        self._artifacts = artifacts
        self.live = LiveStream(sources.store.history, lambda request: may_still_read(authorise(request)))
        self._rendered = RenderedPages(self.live.present_mark)

    def overview(self, request: Request) -> Response:
        """Answer with the overview, or with the wall."""
        wanted, is_wall = _filter(request), bool(request.query_params.get("wall"))
        return self._page(request, "/", lambda context: _overview(self._sources, wanted, context, is_wall=is_wall))

    def check(self, request: Request) -> Response:
        """Answer with a check, by its id or a former one."""
        name, query = request.path_params["check"], _check_query(request)

        def make(context: PageContext) -> str:
            detail = check_detail(self._sources, name, query)
            live = "" if query.before else identity(detail.check.id)  # older runs do not change
            return check_page(detail, replace(context, refresh_s=0, live=live), *self._lab_field(detail))

        return self._page(request, "", make)

    def _lab_field(self, detail: CheckDetail) -> tuple[LabFields | None, str]:
        """Return a journey's pages beside those of real users, or why these are not known."""
        if detail.check.kind is not Kind.JOURNEY or not self._sources.telemetry.is_on:
            return None, ""
        try:
            with asked_real_users(self._sources) as reader:
                return lab_field_of_check(self._sources.store, reader, detail), ""
        except OutriderError as error:
            return None, error.what

    def run(self, request: Request) -> Response:
        """Answer with a run."""
        name = request.path_params["run"]

        def make(context: PageContext) -> str:
            try:
                detail = run_detail(self._sources, name)
            except UsageError:
                if (load := running_load(self._sources, name)) is None:
                    raise
                return running_load_page(
                    load, replace(context, refresh_s=_LOAD_REFRESH_S, live=LOAD_TOPIC + load.check)
                )
            return run_page(detail, replace(context, refresh_s=0))

        return page_answer(request, self._sources, "", make, artifacts=self._artifacts)

    def incidents(self, request: Request) -> Response:
        """Answer with a page of incidents."""
        only_lasting = request.query_params.get("state") == "open"
        before = read_moment(request.query_params.get("before", ""))

        def make(context: PageContext) -> str:
            return incidents_page(incident_list(self._sources, only_lasting=only_lasting, before=before), context)

        return self._page(request, "/incidents", make)

    def incident(self, request: Request) -> Response:
        """Answer with an incident."""
        name = request.path_params["incident"]
        return self._page(
            request, "/incidents", lambda context: incident_page(incident_detail(self._sources, name), context)
        )

    def releases(self, request: Request) -> Response:
        """Answer with the releases."""
        text = request.query_params.get("q", "")[:_TEXT_CHARACTERS]
        before = read_moment(request.query_params.get("before", ""))

        def make(context: PageContext) -> str:
            return releases_page(release_list(self._sources, text, before=before), context)

        return self._page(request, "/releases", make)

    def service(self, request: Request) -> Response:
        """Answer with how the service does."""

        def make(context: PageContext) -> str:
            return service_page(self._sources, context)

        return self._page(request, "/service", make)

    def runbook(self, request: Request) -> Response:
        """Answer with a runbook."""
        name, incident = request.path_params["runbook"], request.query_params.get("incident", "")

        def make(context: PageContext) -> str:
            return runbook_page(self._sources, name, incident, replace(context, refresh_s=0))

        return self._page(request, "", make)

    def _page(self, request: Request, section: str, make: Callable[[PageContext], str]) -> Response:
        return page_answer(request, self._sources, section, make, self._rendered)


def dashboard_routes(sources: Sources, authorise: Authorise, artifacts: ArtifactOrigin | None = None) -> list[Route]:
    """Return the routes of all pages.

    Args:
        sources: What pages are made from.
        authorise: Decides who sees them.
        artifacts: Where their files are served; None for nowhere.
    """
    pages = Pages(sources, artifacts, authorise)
    return [
        guarded_route("/", pages.overview, authorise),
        guarded_route("/checks", leading_to("/"), authorise),
        guarded_route("/runs", leading_to("/"), authorise),
        guarded_route("/checks/{check:path}", pages.check, authorise),
        guarded_route("/runs/{run}", pages.run, authorise),
        guarded_route("/incidents", pages.incidents, authorise),
        guarded_route("/incidents/{incident}", pages.incident, authorise),
        guarded_route("/releases", pages.releases, authorise),
        guarded_route("/runbooks/{runbook:path}", pages.runbook, authorise),
        guarded_route("/service", pages.service, authorise),
        guarded_route("/live", pages.live.answer, authorise),
        Route("/static/{name}", _asset, methods=["GET"]),
    ]


def _overview(sources: Sources, wanted: Filter, context: PageContext, *, is_wall: bool) -> str:
    view = overview(sources, wanted)
    return wall_page(view, context) if is_wall else overview_page(view, context)


def _filter(request: Request) -> Filter:
    text = {
        name: request.query_params.get(name, "")[:_TEXT_CHARACTERS].strip()
        for name in ("q", "tag", "environment", "location", "state")
    }
    page = _page_number(request)
    return Filter(text["q"], text["tag"], text["environment"], text["location"], text["state"], page)


def _page_number(request: Request) -> int:
    """Return the page that is asked for, the first one where that is no number."""
    page = request.query_params.get("page", "")
    return int(page) if page.isascii() and page.isdigit() and len(page) <= _MOST_DIGITS else 1


def _check_query(request: Request) -> CheckQuery:
    """Return what an address asks of a check; what cannot be read counts as not asked for."""
    asked = request.query_params
    days = next((days for days in SPANS if asked.get("days") == str(days)), USUAL_DAYS)
    outcome = next((outcome for outcome in Outcome if asked.get("outcome") == outcome.value), None)
    location = asked.get("location", "")[:_TEXT_CHARACTERS]
    return CheckQuery(location, days, outcome, read_position(asked.get("before", "")))


async def _asset(request: Request) -> Response:
    asset = page_assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    is_current = request.query_params.get("v") == asset.version
    lasting = f"public, max-age={_YEAR_S}, immutable" if is_current else "no-cache"
    headers = {"Cache-Control": lasting, "ETag": f'"{asset.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)
