"""The routes of pages, and the files that these load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from outrider.dashboard import (
    Filter,
    PageContext,
    ReaderClock,
    overview,
    overview_page,
    page_assets,
    problem_page,
    wall_page,
)
from outrider.model import OutriderError, StoreError
from outrider.server.viewer import everybody, guarded_route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from outrider.dashboard import Sources
    from outrider.server.viewer import Authorise

log = structlog.get_logger("outrider.pages")

_TEXT_CHARACTERS = 200
_YEAR_S = 31_536_000
_RETRY_S = 10


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

    def _page(self, request: Request, section: str, make: Callable[[PageContext], str]) -> Response:
        context = self._context(request, section)
        try:
            return HTMLResponse(make(context), headers={"Cache-Control": "no-store"})
        except StoreError as error:
            log.warning("pages.store", why=error.what)
            page = problem_page(context, "The store cannot be read now.", str(error))
            return HTMLResponse(page, 503, headers={"Retry-After": str(_RETRY_S)})
        except OutriderError as error:
            return HTMLResponse(problem_page(context, "This cannot be shown.", str(error)), 404)

    def _context(self, request: Request, section: str) -> PageContext:
        timezone = self._sources.service().timezone
        base = str(request.scope.get("root_path", "")).rstrip("/")
        return PageContext(ReaderClock(timezone, self._sources.now_us()), self._sources.title, base, section)


def dashboard_routes(sources: Sources, authorise: Authorise = everybody) -> list[Route]:
    """Return the routes of all pages.

    Args:
        sources: What pages are made from.
        authorise: Decides who sees them.
    """
    pages = Pages(sources)
    return [
        guarded_route("/", pages.overview, authorise),
        Route("/static/{name}", _asset, methods=["GET"]),
    ]


def _overview(sources: Sources, wanted: Filter, context: PageContext, *, is_wall: bool) -> str:
    view = overview(sources, wanted)
    return wall_page(view, context) if is_wall else overview_page(view, context)


def _filter(request: Request) -> Filter:
    text = {
        name: request.query_params.get(name, "")[:_TEXT_CHARACTERS].strip()
        for name in ("q", "tag", "environment", "location", "state", "page")
    }
    page = text["page"]
    number = int(page) if page.isascii() and page.isdigit() else 1
    return Filter(text["q"], text["tag"], text["environment"], text["location"], text["state"], number)


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
