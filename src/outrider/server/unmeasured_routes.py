"""The routes of checks without data: page and API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard import WHYS, UnmeasuredPage, api_unmeasured, unmeasured_page
from outrider.server.api_parameters import AFTER, LIMIT, ROOT, TEXT_CHARACTERS, Operation, choice_of, limit_of, text_of
from outrider.server.openapi_document import Description, Parameter
from outrider.server.page_answer import page_answer
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import Sources
    from outrider.server.viewer import Authorise

_PATH = "/without-data"


def unmeasured_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the route of the page."""

    def listed(request: Request) -> Response:
        why = request.query_params.get("why", "")
        after = request.query_params.get("after", "")[:TEXT_CHARACTERS]
        known = why if why in WHYS else ""
        return page_answer(request, sources, _PATH, lambda context: unmeasured_page(sources, known, after, context))

    return [guarded_route(_PATH, listed, authorise)]


def _unmeasured(sources: Sources, request: Request) -> UnmeasuredPage:
    why = choice_of(request, "why", {"": "", **{word: word for word in WHYS}})
    return api_unmeasured(sources, why, text_of(request, "after"), limit_of(request))


UNMEASURED_OPERATIONS = (
    Operation(
        Description(f"{ROOT}/without-data", "Checks of which nothing is known, and why, by id.", UnmeasuredPage, (
            Parameter("why", "For this reason only.", {"type": "string", "enum": list(WHYS)}), AFTER, LIMIT,
        )),
        _unmeasured,
    ),
)  # fmt: skip
