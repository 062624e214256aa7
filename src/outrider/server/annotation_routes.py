"""The routes of annotations: their page, and the API to read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.dashboard import AnnotationBody, annotations_page, api_annotations
from outrider.server.api_parameters import ROOT, Operation
from outrider.server.openapi_document import Description
from outrider.server.page_answer import page_answer
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import Sources
    from outrider.server.viewer import Authorise

_PATH = "/annotations"
_MATCHER_CHARACTERS = 1_000


def annotation_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of the page."""

    def listed(request: Request) -> Response:
        matchers = request.query_params.get("matchers", "")[:_MATCHER_CHARACTERS]
        return page_answer(
            request, sources, "/releases",
            lambda context: annotations_page(sources, matchers, replace(context, refresh_s=0)),
        )  # fmt: skip

    return [guarded_route(_PATH, listed, authorise)]


ANNOTATION_OPERATIONS = (
    Operation(
        Description(f"{ROOT}{_PATH}", "What people noted at a time, the latest first.", AnnotationBody, ()),
        lambda sources, _: api_annotations(sources),
    ),
)
