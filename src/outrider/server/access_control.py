"""Who may see and change what: a session, a token, a proxy that signs people in, or a browser of this machine."""

from __future__ import annotations

import hmac
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from secrets import token_bytes
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog
from starlette.responses import RedirectResponse

from outrider.model import AccessToken, CheckId, Role, SignInSession, StoreError, TokenKind, is_reserved
from outrider.server.attempt_limit import AttemptLimit
from outrider.server.base_path import base_of, path_below
from outrider.server.client_origin import networks_of, origin_of
from outrider.server.issued_token import prefix_of
from outrider.server.openid_client import OpenIdClient
from outrider.server.refusal import is_of_api, problem, refusal
from outrider.server.session_cookie import SessionCookie, digest_of, form_token_of
from outrider.server.sign_in_turns import SignInTurns
from outrider.server.viewer import Viewer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.model import AccessRecords
    from outrider.server.client_origin import ClientOrigin
    from outrider.workspace import IdentitySettings, ServerSettings

log = structlog.get_logger("outrider.access")

HOW_TO_OPEN = (
    "Give somebody a password: outrider users add NAME --role admin. Or let a provider or a proxy sign people in: "
    "[server.oidc] or [server.identity] in outrider.toml. docs/dashboard.md tells more."
)
_SCHEME = "bearer "
_OWN_TOKEN = f"{_SCHEME}outrider_"
_NOTE_US = 300_000_000  # how exactly it is noted when a session or token was used
_MOST_NAME_CHARACTERS = 200
_RETRY = {"Retry-After": "10"}


@dataclass(frozen=True, slots=True)
class AccessRules:
    """What decides, apart from what is stored.

    Attributes:
        is_loopback: Whether the server listens at a loopback address only.
        oidc_secret: Of our client at the provider of OpenID Connect.
        key: Signs forms of who has no session, and sign-ins that have begun: that of all services on a store.
    """

    settings: ServerSettings
    is_loopback: bool = True
    oidc_secret: str = field(default="", repr=False)
    key: bytes = field(default_factory=partial(token_bytes, 32), repr=False)


class Access:
    """Decides who may see pages and the API; lives as long as the server, while applications come and go.

    Args:
        records: Users, sessions, tokens and the audit log; None where there are none, so that only browsers of this
            machine are let in.
        rules: What decides besides; replaced by `use`.
        now_us: The time, microseconds UTC.
    """

    def __init__(self, records: AccessRecords | None, rules: AccessRules, now_us: Callable[[], int]) -> None:
        self.records = records
        self.rules = rules
        self.now_us = now_us
        self.limit = AttemptLimit()
        self.turns = SignInTurns()
        self.openid: OpenIdClient | None = None
        self.use(rules)

    def use(self, rules: AccessRules) -> None:
        """Replace what decides; sign-ins that have begun go on. May be called from any thread."""
        self.rules, self._trusted = rules, networks_of(rules.settings.trusted_proxies)
        settings, client = rules.settings.oidc, self.openid
        if settings is None:
            self.openid = None
        elif client is None or (client.settings, client.secret, client.key) != (settings, rules.oidc_secret, rules.key):
            self.openid = OpenIdClient(settings, rules.oidc_secret, rules.key, self.now_us)

    def authorise(self, request: Request) -> Viewer | Response:
        """Return who asks, or what is answered instead."""
        try:
            return self.viewer(request) or self._closed(request)
        except BadToken as error:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return problem(401, "the token is not valid", slug="invalid-token", detail=str(error), headers=headers)
        except StoreError as error:
            log.warning("access.store", why=error.what)
            return refusal(
                request, 503, "the store cannot be read now", slug=error.slug, detail=error.what, headers=_RETRY
            )

    def viewer(self, request: Request) -> Viewer | None:
        """Return who asks; None if nobody knows.

        Raises:
            BadToken: If a token was sent that is not valid.
            StoreError: If it cannot be looked up.
        """
        origin, sent = self.origin(request), request.headers.get("authorization", "")
        if sent.lower().startswith(_OWN_TOKEN):
            return self._of_token(sent, origin)
        identity = self.rules.settings.identity
        if identity is not None and origin.is_trusted_proxy and (known := self._of_proxy(request, identity, origin)):
            return known
        if (known := self._of_session(request, origin)) is not None:
            return known
        if sent and is_of_api(request):  # to pages, a proxy may hand on what it was sent itself
            return self._of_token(sent, origin)
        if origin.is_local and self.rules.settings.open_on_loopback:
            return Viewer("local", Role.ADMIN, "local", origin.address, self._form_token("local"))
        return None

    def origin(self, request: Request) -> ClientOrigin:
        """Return where a request comes from."""
        return origin_of(request, self._trusted, is_loopback=self.rules.is_loopback)

    def cookie(self, request: Request) -> SessionCookie:
        """Return how the cookie of a session is called for this client."""
        return SessionCookie(self.origin(request).is_encrypted, base_of(request.scope))

    def can_sign_in(self) -> bool:
        """Return whether there is a way to sign in by a page."""
        return self.records is not None and (self.openid is not None or self.has_users())

    def has_users(self) -> bool:
        """Return whether anybody has a password."""
        return self.records is not None and self.records.users.exist()

    def is_configured(self) -> bool:
        """Return whether anybody but a browser of this machine may come in by a page."""
        return self.rules.settings.identity is not None or self.can_sign_in()

    def warn_if_closed(self) -> None:
        """Log that pages are closed, and how to open them, where the server can be reached and nobody may come in."""
        if not self.rules.is_loopback and not self.is_configured():
            log.warning("pages.closed", why="nobody can sign in yet", fix=HOW_TO_OPEN)

    def _closed(self, request: Request) -> Response:
        if is_of_api(request):
            detail = "send Authorization: Bearer TOKEN; outrider tokens create NAME makes one"
            headers = {"WWW-Authenticate": "Bearer"}
            return problem(401, "sign in first", slug="not-signed-in", detail=detail, headers=headers)
        if self.can_sign_in():
            query = f"?{request.url.query}" if request.url.query else ""
            wanted = quote(path_below(request.scope) + query, safe="/")
            return RedirectResponse(
                f"{base_of(request.scope)}/sign-in?next={wanted}", 303, {"Cache-Control": "no-store"}
            )
        if self.is_configured():
            title, detail = "sign in at the proxy in front of this page", "It has not said who you are."
            return refusal(request, 403, title, slug="not-signed-in", detail=detail)
        title = "nobody can see these pages from here yet"
        return refusal(request, 403, title, slug="pages-closed", detail=HOW_TO_OPEN)

    def _of_token(self, header: str, origin: ClientOrigin) -> Viewer:
        if self.records is None or not header.lower().startswith(_SCHEME):
            raise BadToken("write it as Authorization: Bearer TOKEN")
        token = self.token(header[len(_SCHEME) :].strip(), TokenKind.API)
        return Viewer(token.name, token.role, "token", origin.address)

    def token(self, secret: str, kind: TokenKind) -> AccessToken:
        """Return the token that a machine sent.

        Raises:
            BadToken: If it is unknown, of another kind, expired or revoked.
            StoreError: If it cannot be looked up.
        """
        digest, at_us = digest_of(secret), self.now_us()
        token = self.records.tokens.get(digest) if self.records is not None else None
        if self.records is None or token is None or token.kind is not kind:
            raise BadToken(f"there is no such token of kind {kind}")
        if not token.is_valid(at_us):
            raise BadToken("it was revoked" if token.revoked_us is not None else "it has expired")
        if token.used_us is None or at_us - token.used_us >= _NOTE_US:
            with suppress(StoreError):  # it is a note only
                self.records.tokens.touch(digest, at_us)
        return token

    def check_of_heartbeat(self, secret: str) -> CheckId | None:
        """Return the check that a token of a heartbeat is for; None if it is no valid one.

        Raises:
            StoreError: If it cannot be looked up.
        """
        if not secret.startswith(prefix_of(TokenKind.HEARTBEAT)):
            return None
        try:
            return CheckId(self.token(secret, TokenKind.HEARTBEAT).scope)
        except BadToken:
            return None

    def _of_proxy(self, request: Request, identity: IdentitySettings, origin: ClientOrigin) -> Viewer | None:
        names = request.headers.getlist(identity.header)
        groups = request.headers.getlist(identity.groups_header) if identity.groups_header else []
        if len(names) != 1 or len(groups) > 1:  # a proxy that adds its header leaves that of the client beside it
            return None
        name = _as_utf8(names[0]).strip()
        if not name or len(name) > _MOST_NAME_CHARACTERS or not name.isprintable() or is_reserved(name):
            return None
        role = identity.access.role_of(tuple(group.strip() for group in _as_utf8("".join(groups)).split(",")))
        if role is None:
            return None
        return Viewer(name, role, "proxy", origin.address, self._form_token(f"proxy {name}"))

    def _of_session(self, request: Request, origin: ClientOrigin) -> Viewer | None:
        secret = self.cookie(request).value(request)
        if not secret or self.records is None:
            return None
        session = self.records.sessions.get(digest_of(secret))
        if session is None or not self._is_going_on(session) or (session.method == "oidc" and self.openid is None):
            return None
        at_us = self.now_us()
        if at_us - session.seen_us >= _NOTE_US:
            with suppress(StoreError):  # a store that cannot be written can be read all the same
                self.records.sessions.touch(session.digest, at_us)
        return Viewer(session.user, session.role, session.method, origin.address, form_token_of(secret), session.digest)

    def _is_going_on(self, session: SignInSession) -> bool:
        at_us = self.now_us()
        return at_us < min(session.expires_us, session.seen_us + round(self.rules.settings.session_idle_s * 1e6))

    def _form_token(self, of: str) -> str:
        """Return the token of forms of who has no session."""
        return hmac.new(self.rules.key, f"form {of}".encode("utf-8", "surrogatepass"), "sha256").hexdigest()


class BadToken(Exception):
    """A token that was sent is not valid."""


def _as_utf8(header: str) -> str:
    """Return a header as most proxies mean it; Starlette reads it as Latin-1."""
    return header.encode("latin-1", "replace").decode("utf-8", "replace")
