"""The routes of who is signed in: their sessions, those of all to an administrator, and who changed what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from outrider.dashboard import AccountView, account_page, audit_page
from outrider.model import Role, StoreError
from outrider.server.base_path import base_of
from outrider.server.page_answer import leading_to, page_answer
from outrider.server.passwords import WeakPassword, hash_password, is_password
from outrider.server.refusal import refusal
from outrider.server.sign_in_routes import SignIn
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.model import AccessRecords, SignInSession, User
    from outrider.server.access_control import Access
    from outrider.server.viewer import Viewer

PATH, AUDIT_PATH = "/account", "/audit"


class Account:
    """Answers about sessions.

    Args:
        access: Keeps who is signed in.
        records: Where sessions are kept.
        sources: What pages are made from.
    """

    def __init__(self, access: Access, records: AccessRecords, sources: Sources) -> None:
        self._access = access
        self._records = records
        self._sources = sources

    def page(self, request: Request, problem: str = "") -> Response:
        """Answer with the sessions that the viewer may end."""
        viewer: Viewer = request.state.viewer

        def make(context: PageContext) -> str:
            has_password = viewer.method == "password"
            return account_page(context, AccountView(self._sessions(viewer), viewer.session, has_password, problem))

        return page_answer(request, self._sources, PATH, make)

    def change_password(self, request: Request) -> Response:
        """Give the viewer another password; their other sessions end, this one is replaced."""
        viewer, fields = request.state.viewer, request.state.body.fields
        if viewer.method != "password":
            return self.page(request)
        if wait_s := self._access.limit.begin(viewer.name, viewer.address, self._access.now_us()):
            return self.page(request, f"Too many tries. The next one is possible in {-(-wait_s // 60)} min.")
        try:
            user = self._records.users.get(viewer.name)
            if user is None or not is_password(fields.get("current", ""), user.password_hash):
                return self.page(request, "The current password is wrong.")
            self._access.limit.succeeded(viewer.name, viewer.address)
            return self._changed(request, replace(user, password_hash=hash_password(fields.get("new", ""))))
        except WeakPassword as error:
            return self.page(request, f"{error.what}: {error.fix}.")
        except StoreError as error:
            return refusal(request, 503, "the store cannot be written now", slug=error.slug, detail=error.what)

    def _changed(self, request: Request, user: User) -> Response:
        viewer, at_us = request.state.viewer, self._access.now_us()
        changed = replace(user, changed_us=at_us)
        with self._records.audit.alongside(viewer.change(at_us, "user.password", user.name)):
            self._records.users.change(changed)
        sign_in = SignIn(self._access)
        secret = sign_in.begin(request, user.name, user.role, "password", changed)
        return sign_in.signed_in(request, secret, PATH)

    def audit(self, request: Request) -> Response:
        """Answer with who changed what."""
        before = request.query_params.get("before", "")
        log = self._records.audit
        return page_answer(request, self._sources, AUDIT_PATH, lambda context: audit_page(log, context, before))

    def end(self, request: Request) -> Response:
        """End a session."""
        viewer: Viewer = request.state.viewer
        named = request.state.body.fields.get("session", "")
        try:
            session = next((session for session in self._sessions(viewer) if session.id == named), None)
            if session is not None:
                with self._records.audit.alongside(
                    viewer.change(self._access.now_us(), "session.end", session.user, session.address)
                ):
                    self._records.sessions.end(session.digest)
        except StoreError as error:
            return refusal(request, 503, "the store cannot be written now", slug=error.slug, detail=error.what)
        return RedirectResponse(f"{base_of(request.scope)}{PATH}", 303, {"Cache-Control": "no-store"})

    def _sessions(self, viewer: Viewer) -> tuple[SignInSession, ...]:
        """Return the sessions that a viewer may end; a token or a proxy may call somebody by the name of a user."""
        if viewer.role.covers(Role.ADMIN):
            return self._records.sessions.search(None)
        return self._records.sessions.search(viewer.name) if viewer.session else ()


def account_routes(access: Access, records: AccessRecords, sources: Sources) -> list[Route]:
    """Return the routes."""
    account = Account(access, records, sources)
    return [
        guarded_route(PATH, account.page, access.authorise),
        guarded_route(AUDIT_PATH, account.audit, access.authorise, role=Role.OPERATOR),
        guarded_route(f"{PATH}/password", leading_to(PATH), access.authorise),
        guarded_route(f"{PATH}/password", account.change_password, access.authorise, methods=["POST"]),
        guarded_route(f"{PATH}/sessions/end", account.end, access.authorise, methods=["POST"]),
    ]
