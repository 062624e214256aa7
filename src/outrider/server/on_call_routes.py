"""The routes of who is on call, and of what labels would lead to: pages and API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.dashboard import (
    MOST_DAYS_AHEAD,
    USUAL_DAYS_AHEAD,
    OnCallBody,
    RoutingBody,
    api_on_call,
    api_routing,
    on_call_page,
    routing_page,
)
from outrider.model import UsageError
from outrider.server.api_parameters import ROOT, Operation, bad_parameter, whole_number
from outrider.server.openapi_document import Description, Parameter
from outrider.server.page_answer import page_answer
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.server.viewer import Authorise

_SECTION = "/on-call"
_MOST_LABELS, _LABEL_CHARACTERS = 20, 200
_FORM_CHARACTERS = 8_000


def on_call_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of pages."""

    def on_call(request: Request) -> Response:
        return page_answer(request, sources, _SECTION, lambda context: on_call_page(sources, context))

    def routing(request: Request) -> Response:
        labels = request.query_params.get("labels", "")[:_FORM_CHARACTERS]

        def make(context: PageContext) -> str:
            return routing_page(sources, labels, replace(context, refresh_s=0))

        return page_answer(request, sources, _SECTION, make)

    return [
        guarded_route(_SECTION, on_call, authorise),
        guarded_route("/what-would-happen", routing, authorise),
    ]


def _on_call(sources: Sources, request: Request) -> OnCallBody:
    return api_on_call(sources, whole_number(request, "days", USUAL_DAYS_AHEAD, MOST_DAYS_AHEAD))


def _routing(sources: Sources, request: Request) -> RoutingBody:
    labels = request.query_params.getlist("label")
    if len(labels) > _MOST_LABELS or any(len(label) > _LABEL_CHARACTERS for label in labels):
        limits = f"at most {_MOST_LABELS} texts of {_LABEL_CHARACTERS} characters"
        raise bad_parameter("label", f"is given {len(labels)} times, or too long", limits)
    try:
        return api_routing(sources, labels)
    except UsageError as error:
        if error.slug == "bad-argument":
            raise bad_parameter("label", f"cannot be read: {error.what}", "name=value") from None
        raise


ON_CALL_OPERATIONS = (
    Operation(
        Description(f"{ROOT}/on-call", "Who is on call in each rotation, now and in the days ahead.", OnCallBody, (
            Parameter("days", "How far to look ahead.", {
                "type": "integer", "minimum": 1, "maximum": MOST_DAYS_AHEAD, "default": USUAL_DAYS_AHEAD,
            }),
        )),
        _on_call,
    ),
    Operation(
        Description(
            f"{ROOT}/what-would-happen", "Which routes, receivers and escalations an incident would lead to now, and "
            "what mutes it. Those labels of a check are added that `check=ID` names.", RoutingBody, (
                Parameter("label", "name=value; may be given often.", {
                    "type": "array", "maxItems": _MOST_LABELS,
                    "items": {"type": "string", "maxLength": _LABEL_CHARACTERS},
                }),
            ),
        ),
        _routing,
    ),
)  # fmt: skip
