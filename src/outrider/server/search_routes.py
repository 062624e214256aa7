"""The routes of the search: a page and the API, which the palette asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.dashboard import SearchBody, search_everything, search_page
from outrider.server.api_parameters import LIMIT, ROOT, Operation, bad_parameter, limit_of, text_of
from outrider.server.openapi_document import Description, Parameter
from outrider.server.page_answer import page_answer
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.server.viewer import Authorise, Viewer

_SECTION = "/search"
_TEXT_CHARACTERS = 200


def search_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the route of the page."""

    def search(request: Request) -> Response:
        text = request.query_params.get("q", "")[:_TEXT_CHARACTERS]
        viewer: Viewer = request.state.viewer

        def make(context: PageContext) -> str:
            body = search_everything(sources, text, role=viewer.role)
            return search_page(body, text, replace(context, refresh_s=0))

        return page_answer(request, sources, _SECTION, make)

    return [guarded_route(_SECTION, search, authorise)]


def _search(sources: Sources, request: Request) -> SearchBody:
    viewer: Viewer = request.state.viewer
    text = text_of(request, "q")
    if len(text) > _TEXT_CHARACTERS:
        raise bad_parameter("q", f"has {len(text)} characters", f"at most {_TEXT_CHARACTERS}")
    return search_everything(sources, text, role=viewer.role, limit=limit_of(request))


SEARCH_OPERATIONS = (
    Operation(
        Description(f"{ROOT}/search", "Checks, runs, incidents, releases and pages that a text finds.", SearchBody, (
            Parameter("q", "Words, all of which occur; of a run, the beginning or the end of its id.", {
                "type": "string", "maxLength": _TEXT_CHARACTERS,
            }),
            LIMIT,
        )),
        _search,
    ),
)  # fmt: skip
