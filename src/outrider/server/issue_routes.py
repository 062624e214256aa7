"""The routes of issues: pages, and the API to read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from outrider.dashboard import (
    EventBody,
    IssueBody,
    IssuePage,
    api_event,
    api_issue,
    api_issues,
    issue_detail,
    issue_page,
    issues_page,
)
from outrider.model import UsageError
from outrider.server.api_parameters import LIMIT, ROOT, TEXT, Operation, bad_parameter, in_path, limit_of, whole_number
from outrider.server.openapi_document import Description, Parameter
from outrider.server.page_answer import page_answer
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.server.artifact_origin import ArtifactOrigin
    from outrider.server.viewer import Authorise, Viewer

_PATH: Final = "/errors"
_QUERY_CHARACTERS: Final = 1_000
_MOST_PAGES: Final = 10_000
_PAGE_DIGITS: Final = 5
_NAME_CHARACTERS: Final = 40


def issue_routes(sources: Sources, authorise: Authorise, artifacts: ArtifactOrigin | None) -> list[Route]:
    """Return the routes of pages; attachments come from the origin of artifacts."""

    def listed(request: Request) -> Response:
        text = request.query_params.get("q", "")[:_QUERY_CHARACTERS]
        digits = request.query_params.get("page", "")
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= _PAGE_DIGITS
        page = min(max(int(digits), 1), _MOST_PAGES) if is_number else 1
        return page_answer(
            request, sources, _PATH, lambda context: issues_page(sources, text, page, replace(context, refresh_s=0))
        )

    def shown(request: Request, *, is_personal: bool = False) -> Response:
        name = request.path_params["issue"]
        event = request.query_params.get("event", "")[:_NAME_CHARACTERS]

        def make(context: PageContext) -> str:
            detail = issue_detail(sources, name, event)
            page = issue_page(sources, detail, replace(context, refresh_s=0), is_personal=is_personal)
            if is_personal and detail.place is not None:
                _note_look(sources, request, detail.place.event.id)
            return page

        return page_answer(request, sources, _PATH, make, artifacts=artifacts)

    def opened(request: Request) -> Response:
        return shown(request, is_personal=True)

    return [
        guarded_route(_PATH, listed, authorise),
        guarded_route(f"{_PATH}/{{issue}}", shown, authorise),
        guarded_route(f"{_PATH}/{{issue}}/personal", opened, authorise, role=sources.personal_role),
    ]


def _note_look(sources: Sources, request: Request, event: str) -> None:
    """Note in the audit log that somebody sees whom an event befell."""
    viewer: Viewer = request.state.viewer
    sources.store.audit.record(viewer.change(sources.now_us(), "event.read", event))


def _opened_event(sources: Sources, request: Request) -> EventBody:
    body = api_event(sources, request.path_params["event"], is_personal=True)
    _note_look(sources, request, request.path_params["event"])
    return body


def _issues(sources: Sources, request: Request) -> IssuePage:
    text = request.query_params.get("q", "")[:_QUERY_CHARACTERS]
    page, limit = whole_number(request, "page", 1, _MOST_PAGES), limit_of(request)
    try:
        return api_issues(sources, text, page=page, limit=limit)
    except UsageError as error:
        raise bad_parameter("q", f"cannot be read: {error.what}", error.fix) from None


ISSUE_OPERATIONS = (
    Operation(
        Description(f"{ROOT}{_PATH}", "Issues that a query finds; open ones by default.", IssuePage, (
            Parameter("q", 'What is looked for, such as "is:new release:1.4 checkout".', TEXT),
            Parameter("page", "From 1.", {"type": "integer", "minimum": 1, "maximum": _MOST_PAGES, "default": 1}),
            LIMIT,
        )),
        _issues,
    ),
    Operation(
        Description(f"{ROOT}{_PATH}/{{issue}}", "An issue with its keys, tags and history.", IssueBody, (
            in_path("issue", "Its number."),
        )),
        lambda sources, request: api_issue(sources, request.path_params["issue"]),
    ),
    Operation(
        Description(f"{ROOT}/error-events/{{event}}", "An event that is kept, its user masked.", EventBody, (
            in_path("event", "Its id."),
        )),
        lambda sources, request: api_event(sources, request.path_params["event"]),
    ),
    Operation(
        Description(
            f"{ROOT}/error-events/{{event}}/personal",
            "An event with user and request, for the role of `[server] personal`; each look is audited.",
            EventBody,
            (in_path("event", "Its id."),),
        ),
        _opened_event,
        lambda sources: sources.personal_role,
    ),
)  # fmt: skip
