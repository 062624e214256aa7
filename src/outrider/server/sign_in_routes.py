"""The routes by which somebody signs in with a password, and signs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from outrider.dashboard import SignInForm, SignInWays, sign_in_page
from outrider.model import SignInSession, StoreError
from outrider.server.base_path import base_of
from outrider.server.cross_site_check import is_from_own_site
from outrider.server.passwords import is_password
from outrider.server.refusal import refusal
from outrider.server.refused_sign_ins import RefusedSignIns
from outrider.server.request_body import BadBody, read_body
from outrider.server.session_cookie import digest_of, new_secret
from outrider.server.sign_in_turns import RETRY_S, TooManySignIns
from outrider.server.viewer import Viewer, guarded_route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.model import Role, User
    from outrider.server.access_control import Access

log = structlog.get_logger("outrider.access")

_MOST_NAME_CHARACTERS = 200
_MOST_PATH_CHARACTERS = 2_000
_WRONG = "Name or password is wrong."
_STORE_AWAY = "The store cannot be read or written now: try again soon."
_BUSY = "Many sign in at this moment: try again in some seconds."
_SIGN_IN_HERE = (
    "Sign in here. If this is the page of Outrider, the proxy in front of it does not hand on the Host header."
)


class SignIn:
    """Answers to those who sign in and out.

    Args:
        access: Decides who may, and keeps who did.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._refused = RefusedSignIns()

    def form(self, request: Request) -> Response:
        """Answer with the form, or send on who is signed in."""
        wanted = inner_path(request.query_params.get("next", ""))
        viewer = self._access.authorise(request)
        if isinstance(viewer, Viewer) and viewer.session:
            return self._sent_on(request, wanted)
        try:
            can_sign_in = self._access.can_sign_in()
        except StoreError as error:
            return refusal(request, 503, "the store cannot be read now", slug=error.slug, detail=error.what)
        if can_sign_in:
            return self._form(request, SignInForm(wanted))
        return self._sent_on(request, wanted) if isinstance(viewer, Viewer) else viewer

    async def submit(self, request: Request) -> Response:
        """Sign somebody in."""
        try:
            body = await read_body(request)
        except BadBody as error:
            return refusal(request, error.status, "this cannot be read", slug="bad-body", detail=str(error))
        if not is_from_own_site(request):
            return refusal(request, 403, "this was sent by another site", slug="cross-site", detail=_SIGN_IN_HERE)
        return await self.in_turn(self._submitted, request, body.fields)

    async def in_turn(self, answer: Callable[..., Response], request: Request, *arguments: object) -> Response:
        """Answer as one of the few who sign in at a time; refuse where many wait already."""
        try:
            return await self._access.turns.run(answer, request, *arguments)
        except TooManySignIns:
            log.warning("access.busy", address=self._access.origin(request).address)
            return self._form(request, SignInForm(), _BUSY, 503, {"Retry-After": str(RETRY_S)})

    def sign_out(self, request: Request) -> Response:
        """End the session of who asks."""
        access, viewer = self._access, request.state.viewer
        if viewer.session and access.records is not None:
            try:
                with access.records.audit.alongside(viewer.change(access.now_us(), "session.end", viewer.name)):
                    access.records.sessions.end(viewer.session)
            except StoreError as error:  # the browser must not forget the cookie of a session that goes on
                return refusal(request, 503, "the store cannot be written now", slug=error.slug, detail=error.what)
        answer = RedirectResponse(f"{base_of(request.scope)}/sign-in", 303, {"Cache-Control": "no-store"})
        access.cookie(request).remove(answer)
        return answer

    def begin(self, request: Request, name: str, role: Role, method: str, user: User | None = None) -> str:
        """Begin a session, and return its secret; empty if the user has changed since they were authenticated."""
        access = self._access
        assert access.records is not None
        secret, at_us, origin = new_secret(), access.now_us(), access.origin(request)
        session = SignInSession(
            digest_of(secret), name, role, method, at_us, at_us,
            at_us + round(access.rules.settings.session_s * 1e6), origin.address, request.headers.get("user-agent", ""),
        )  # fmt: skip
        viewer = Viewer(name, role, method, origin.address)
        with access.records.audit.alongside(viewer.change(at_us, "session.begin", name, method)):
            begun = access.records.sessions.begin(session, user)
        return secret if begun else ""

    def signed_in(self, request: Request, secret: str, wanted: str) -> Response:
        """Send on who has signed in, with the cookie of the new session in the place of an old one."""
        access = self._access
        answer = self._sent_on(request, wanted)
        cookie = access.cookie(request)
        if (old := cookie.value(request)) and access.records is not None:
            access.records.sessions.end(digest_of(old))
        cookie.set(answer, secret, access.rules.settings.session_s)
        return answer

    def failed(self, request: Request, problem: str, status: int) -> Response:
        """Answer with the form, and why a sign-in by other means did not succeed."""
        return self._form(request, SignInForm(), problem, status)

    def _submitted(self, request: Request, fields: Mapping[str, str]) -> Response:
        name, password = fields.get("name", "").strip(), fields.get("password", "")
        form = SignInForm(inner_path(fields.get("next", "")), name[:_MOST_NAME_CHARACTERS])
        if len(name) > _MOST_NAME_CHARACTERS or not name or not password:
            return self._form(request, form, _WRONG, 401)
        try:
            return self._tried(request, form, password)
        except StoreError as error:
            log.warning("access.store", why=error.what)
            return self._form(request, form, _STORE_AWAY, 503, {"Retry-After": str(RETRY_S)})

    def _tried(self, request: Request, form: SignInForm, password: str) -> Response:
        access, address = self._access, self._access.origin(request).address
        if wait_s := access.limit.begin(form.name, address, access.now_us()):
            log.warning("access.limited", address=address)
            self._note_refusal(None, address, "too many tries")
            text = f"Too many tries. The next one is possible in {-(-wait_s // 60)} min."
            return self._form(request, form, text, 429, {"Retry-After": str(wait_s)})
        user = access.records.users.get(form.name) if access.records is not None else None
        is_right = is_password(password, None if user is None else user.password_hash)
        secret = self.begin(request, user.name, user.role, "password", user) if user and is_right else ""
        if not secret:
            log.warning("access.refused", address=address)
            self._note_refusal(user, address, "wrong password" if user else "")
            return self._form(request, form, _WRONG, 401)
        access.limit.succeeded(form.name, address)
        return self.signed_in(request, secret, form.wanted)

    def _note_refusal(self, user: User | None, address: str, why: str) -> None:
        """Keep a refusal in the audit log; the answer is the same where that is impossible."""
        access = self._access
        if access.records is None:
            return
        try:
            for entry in self._refused.entries(user.name if user else "", address, access.now_us(), why=why):
                access.records.audit.record(entry)
        except StoreError as error:
            log.warning("access.store", why=error.what)

    def _form(
        self, request: Request, form: SignInForm, problem: str = "", status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        openid = self._access.openid
        ways = SignInWays(self._has_users(), "" if openid is None else openid.settings.label)
        page = sign_in_page(base_of(request.scope), form, ways, problem)
        return HTMLResponse(page, status, headers={"Cache-Control": "no-store", **(headers or {})})

    def _has_users(self) -> bool:
        try:
            return self._access.has_users()
        except StoreError:  # whoever asks for the page is told
            return True

    def _sent_on(self, request: Request, wanted: str) -> Response:
        return RedirectResponse(f"{base_of(request.scope)}{wanted}", 303, {"Cache-Control": "no-store"})


def sign_in_routes(access: Access) -> list[Route]:
    """Return the routes."""
    sign_in = SignIn(access)
    return [
        Route("/sign-in", sign_in.form, methods=["GET"]),
        Route("/sign-in", sign_in.submit, methods=["POST"]),
        guarded_route("/sign-out", sign_in.sign_out, access.authorise, methods=["POST"]),
    ]


def inner_path(text: str) -> str:
    """Return a path of this server that somebody is sent on to; the overview in the place of any other address.

    Browsers read a backslash as a slash, and leave out tabs and line breaks, so that either may hide a foreign host.
    """
    is_path = text.startswith("/") and not text.startswith("//") and len(text) <= _MOST_PATH_CHARACTERS
    if not is_path or "\\" in text or not text.isprintable():
        return "/"
    return text
