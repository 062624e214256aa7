"""The routes of pages, and the files that these load."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from outrider.dashboard import (
    SPANS,
    USUAL_DAYS,
    CheckQuery,
    Filter,
    PageContext,
    ReaderClock,
    check_detail,
    check_page,
    incident_detail,
    incident_list,
    incident_page,
    incidents_page,
    overview,
    overview_page,
    page_assets,
    problem_page,
    read_position,
    release_list,
    releases_page,
    run_detail,
    run_page,
    service_page,
    wall_page,
)
from outrider.model import Outcome, OutriderError, StoreError
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from outrider.dashboard import Sources
    from outrider.server.viewer import Authorise

log = structlog.get_logger("outrider.pages")

_TEXT_CHARACTERS = 200
_YEAR_S = 31_536_000
_RETRY_S = 10
_MOST_DIGITS = 18


class Pages:
    """Answers with pages, each made anew from the store; what the store refuses is said, with 503.

    Args:
        sources: What pages are made from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def overview(self, request: Request) -> Response:
        """Answer with the overview, or with the wall."""
        wanted, is_wall = _filter(request), bool(request.query_params.get("wall"))
        return self._page(request, "/", lambda context: _overview(self._sources, wanted, context, is_wall=is_wall))

    def check(self, request: Request) -> Response:
        """Answer with a check, by its id or a former one."""
        name, query = request.path_params["check"], _check_query(request)

        def make(context: PageContext) -> str:
            return check_page(check_detail(self._sources, name, query), replace(context, refresh_s=0))

        return self._page(request, "", make)

    def run(self, request: Request) -> Response:
        """Answer with a run."""
        name = request.path_params["run"]

        def make(context: PageContext) -> str:
            return run_page(run_detail(self._sources, name), replace(context, refresh_s=0))

        return self._page(request, "", make)

    def incidents(self, request: Request) -> Response:
        """Answer with a page of incidents."""
        only_lasting, page = request.query_params.get("state") == "open", _page_number(request)

        def make(context: PageContext) -> str:
            return incidents_page(incident_list(self._sources, only_lasting=only_lasting, page=page), context)

        return self._page(request, "/incidents", make)

    def incident(self, request: Request) -> Response:
        """Answer with an incident."""
        name = request.path_params["incident"]
        return self._page(
            request, "/incidents", lambda context: incident_page(incident_detail(self._sources, name), context)
        )

    def releases(self, request: Request) -> Response:
        """Answer with the releases."""
        return self._page(request, "/releases", lambda context: releases_page(release_list(self._sources), context))

    def service(self, request: Request) -> Response:
        """Answer with how the service does."""

        def make(context: PageContext) -> str:
            return service_page(self._sources.service(), self._sources.store.outbox.undelivered(), context)

        return self._page(request, "/service", make)

    def _page(self, request: Request, section: str, make: Callable[[PageContext], str]) -> Response:
        context = self._context(request, section)
        try:
            return HTMLResponse(make(context), headers={"Cache-Control": "no-store"})
        except StoreError as error:
            log.warning("pages.store", why=error.what)
            page = problem_page(context, "The store cannot be read now.", str(error))
            return HTMLResponse(page, 503, headers={"Retry-After": str(_RETRY_S)})
        except OutriderError as error:
            return HTMLResponse(problem_page(context, "There is no such page.", str(error)), 404)
        except Exception as error:  # a page that cannot be made is no reason for the others
            log.exception("pages.failed", path=request.url.path, error=str(error))
            plain = replace(context, clock=replace(context.clock, timezone="UTC"))
            page = problem_page(plain, "This page cannot be shown.", "The log of Outrider says why.")
            return HTMLResponse(page, 500)

    def _context(self, request: Request, section: str) -> PageContext:
        timezone = self._sources.service().timezone
        base = str(request.scope.get("root_path", "")).rstrip("/")
        return PageContext(ReaderClock(timezone, self._sources.now_us()), self._sources.title, base, section)


def dashboard_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of all pages.

    Args:
        sources: What pages are made from.
        authorise: Decides who sees them.
    """
    pages = Pages(sources)
    return [
        guarded_route("/", pages.overview, authorise),
        guarded_route("/checks/{check:path}", pages.check, authorise),
        guarded_route("/runs/{run}", pages.run, authorise),
        guarded_route("/incidents", pages.incidents, authorise),
        guarded_route("/incidents/{incident}", pages.incident, authorise),
        guarded_route("/releases", pages.releases, authorise),
        guarded_route("/service", pages.service, authorise),
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
        return Response("there is no such file\n", 404, media_type="text/plain")
    is_current = request.query_params.get("v") == asset.version
    lasting = f"public, max-age={_YEAR_S}, immutable" if is_current else "no-cache"
    headers = {"Cache-Control": lasting, "ETag": f'"{asset.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)
