"""Who asks, and whether they may: the one place through which every page and API route goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from outrider.model import AuditEntry, Role
from outrider.server.cross_site_check import has_token, is_from_own_site, is_from_program, is_loaded_by_another_site
from outrider.server.refusal import refusal
from outrider.server.request_body import BadBody, RequestBody, read_body

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    Answer = Callable[[Request], Response]
    Authorise = Callable[[Request], "Viewer | Response"]

_STORE_AWAY = 503
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks.

    Attributes:
        name: A user, a token's name, or "local" for a browser of this machine that did not sign in.
        method: How they are known: "local", "password", "oidc", "proxy" or "token".
        address: From where they ask.
        form_token: What forms of their pages carry; empty for a token, which no browser sends by itself.
        session: Digest of their session; empty without one.
    """

    name: str
    role: Role
    method: str
    address: str = ""
    form_token: str = field(default="", repr=False)
    session: str = field(default="", repr=False)

    def change(self, at_us: int, action: str, subject: str, detail: str = "") -> AuditEntry:
        """Return what the audit log says of a change that they make."""
        actor = f"token {self.name}" if self.method == "token" else self.name
        return AuditEntry(at_us, actor, action, subject, detail, self.address)


class WholePathRoute(Route):
    """A route whose parameters may hold any character: ids are texts of users, in which lines may break."""

    def __init__(self, path: str, endpoint: Callable[..., object], methods: Sequence[str]) -> None:
        super().__init__(path, endpoint, methods=list(methods))
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z", re.DOTALL)


def guarded_route(
    path: str,
    answer: Answer,
    authorise: Authorise,
    *,
    methods: Sequence[str] = ("GET",),
    role: Role = Role.VIEWER,
) -> Route:
    """Return a route whose answer is given only to those who may have it.

    `request.state.viewer` names who asks. Where the method changes something, `request.state.body` holds the form or
    JSON that was sent, and requests that another site's page makes are refused before `answer` is called.

    Args:
        path: As Starlette writes it.
        answer: Makes the answer, in a thread of its own.
        authorise: Returns who asks, or what is answered instead, such as a page to sign in.
        methods: Of HTTP.
        role: That the viewer needs at least.
    """

    def admitted(request: Request) -> Response | None:
        """Return what refuses a request; None if nothing does."""
        viewer = authorise(request)
        if not isinstance(viewer, Viewer):
            return viewer
        request.state.viewer = viewer
        if viewer.method != "token" and is_loaded_by_another_site(request):
            detail = "A page of another site loads it into itself. Open it by its address."
            return refusal(request, 403, "this is shown as a page of its own only", slug="cross-site", detail=detail)
        if viewer.role.covers(role):
            return None
        detail = f"{viewer.name} is {viewer.role.value}; this needs {role.value}"
        return refusal(request, 403, "your role does not allow this", slug="role-too-low", detail=detail)

    @wraps(answer)
    def read(request: Request) -> Response:
        return admitted(request) or answer(request)

    def change(request: Request) -> Response:
        return admitted(request) or _cross_site(request) or answer(request)

    @wraps(answer)
    async def guarded(request: Request) -> Response:
        if request.method in _SAFE:
            return await run_in_threadpool(read, request)
        try:
            request.state.body = await read_body(request)
        except BadBody as error:
            return refusal(request, error.status, "this cannot be read", slug="bad-body", detail=str(error))
        return await run_in_threadpool(change, request)

    return WholePathRoute(path, read if _SAFE.issuperset(methods) else guarded, methods)


def may_still_read(authorised: Viewer | Response) -> bool:
    """Return whether a viewer may go on to read; where the store cannot say, nothing of it can be read either."""
    return isinstance(authorised, Viewer) or authorised.status_code == _STORE_AWAY


def _cross_site(request: Request) -> Response | None:
    """Return a refusal of a change that another site's page asks for; None if it is our own page's."""
    viewer: Viewer = request.state.viewer
    if viewer.method == "token":
        return None
    body: RequestBody = request.state.body
    if is_from_own_site(request) and has_token(request, body, viewer.form_token):
        return None
    detail = "It was asked for by another site, or by a page of before a restart. Open the page again, and repeat it."
    if is_from_program(request):
        detail = (
            "A program changes something with a token: outrider tokens create NAME --role operator makes one, which "
            "is sent as Authorization: Bearer TOKEN."
        )
    return refusal(
        request, 403, "this change was not asked for by a page of Outrider", slug="cross-site", detail=detail
    )
