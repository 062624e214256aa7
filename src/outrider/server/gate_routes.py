"""The routes of the gate's history: pages and API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.dashboard import (
    VERDICTS,
    GateBody,
    GatePage,
    GateQuery,
    api_gate,
    api_gates,
    gate_decision,
    gate_page,
    gates_page,
    read_moment,
)
from outrider.server.api_parameters import (
    LIMIT,
    MOMENT_BEFORE,
    ROOT,
    TEXT,
    Operation,
    choice_of,
    in_path,
    limit_of,
    moment_in,
    text_of,
)
from outrider.server.openapi_document import Description, Parameter
from outrider.server.page_answer import page_answer
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.server.viewer import Authorise

_SECTION = "/gates"
_COMMIT_CHARACTERS = 64


def gate_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of pages."""

    def history(request: Request) -> Response:
        query = _query(request)
        return page_answer(request, sources, _SECTION, lambda context: gates_page(sources, query, context))

    def decision(request: Request) -> Response:
        name = request.path_params["gate"]

        def make(context: PageContext) -> str:
            return gate_page(gate_decision(sources, name), replace(context, refresh_s=0))

        return page_answer(request, sources, _SECTION, make)

    return [guarded_route(_SECTION, history, authorise), guarded_route(f"{_SECTION}/{{gate}}", decision, authorise)]


def _query(request: Request) -> GateQuery:
    """Return what an address asks for; what cannot be read counts as not asked for."""
    asked = request.query_params
    verdict = asked.get("verdict", "")
    commit = asked.get("commit", "").strip()[:_COMMIT_CHARACTERS]
    return GateQuery(verdict if verdict in VERDICTS else "", commit, read_moment(asked.get("before", "")))


def _gates(sources: Sources, request: Request) -> GatePage:
    verdict = choice_of(request, "verdict", {"": "", **{word: word for word in VERDICTS}})
    return api_gates(
        sources, GateQuery(verdict, text_of(request, "commit"), moment_in(request, "before")), limit_of(request)
    )


GATE_OPERATIONS = (
    Operation(
        Description(f"{ROOT}/gates", "Decisions of the gate, the latest first.", GatePage, (
            Parameter("verdict", "Of this one only.", {"type": "string", "enum": list(VERDICTS)}),
            Parameter("commit", "Of commits that begin so only.", TEXT),
            MOMENT_BEFORE, LIMIT,
        )),
        _gates,
    ),
    Operation(
        Description(f"{ROOT}/gates/{{gate}}", "One decision of the gate, with its comparisons.", GateBody, (
            in_path("gate", "Its id."),
        )),
        lambda sources, request: api_gate(sources, request.path_params["gate"]),
    ),
)  # fmt: skip
