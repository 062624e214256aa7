"""The routes by which somebody signs in at a provider of OpenID Connect, and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from starlette.responses import RedirectResponse
from starlette.routing import Route

from outrider.model import OutriderError, StoreError
from outrider.server.base_path import base_of
from outrider.server.openid_client import LIFETIME_S, OpenIdClient, refused
from outrider.server.session_cookie import SessionCookie
from outrider.server.sign_in_routes import SignIn, inner_path

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.server.access_control import Access

log = structlog.get_logger("outrider.access")

PATH = "/sign-in/oidc"
_CALLBACK = f"{PATH}/callback"


class OpenIdSignIn:
    """Answers to those who sign in at a provider.

    Args:
        access: Knows the provider.
        sign_in: Begins sessions.
    """

    def __init__(self, access: Access, sign_in: SignIn) -> None:
        self._access = access
        self._sign_in = sign_in

    async def begin(self, request: Request) -> Response:
        """Send a browser to the provider."""
        return await self._sign_in.in_turn(self._begun, request)

    async def finish(self, request: Request) -> Response:
        """Sign in a browser that the provider sent back."""
        return await self._sign_in.in_turn(self._ended, request)

    def _begun(self, request: Request) -> Response:
        client = self._access.openid
        if client is None:
            return RedirectResponse(f"{base_of(request.scope)}/sign-in", 303)
        wanted = inner_path(request.query_params.get("next", ""))
        try:
            address, secret = client.begin(self._redirect(request), wanted)
        except OutriderError as error:
            return self._failed(request, error)
        answer = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
        self._cookie(request).set(answer, secret, LIFETIME_S)
        return answer

    def _ended(self, request: Request) -> Response:
        client = self._access.openid
        if client is None:
            return RedirectResponse(f"{base_of(request.scope)}/sign-in", 303)
        try:
            answer = self._finished(request, client)
        except OutriderError as error:
            answer = self._failed(request, error)
        self._cookie(request).remove(answer)
        return answer

    def _finished(self, request: Request, client: OpenIdClient) -> Response:
        identity, wanted = client.finish(request.query_params, self._cookie(request).value(request))
        role = client.settings.access.role_of(identity.groups)
        if role is None:
            raise refused(f"{identity.name} is in no group that may see these pages")
        if self._access.records is not None and self._access.records.users.get(identity.name) is not None:
            raise refused(f"{identity.name} is the name of a user with a password here")
        secret = self._sign_in.begin(request, identity.name, role, "oidc")
        return self._sign_in.signed_in(request, secret, wanted)

    def _failed(self, request: Request, error: OutriderError) -> Response:
        log.warning("access.oidc", slug=error.slug, why=error.what)
        status = 503 if isinstance(error, StoreError) else 403 if error.slug == "oidc-refused" else 502
        return self._sign_in.failed(request, f"{error.what}.", status)

    def _redirect(self, request: Request) -> str:
        scheme = "https" if self._access.origin(request).is_encrypted else "http"
        return f"{scheme}://{request.headers.get('host', '')}{base_of(request.scope)}{_CALLBACK}"

    def _cookie(self, request: Request) -> SessionCookie:
        return SessionCookie(self._access.origin(request).is_encrypted, base_of(request.scope), "oidc")


def openid_routes(access: Access) -> list[Route]:
    """Return the routes."""
    sign_in = OpenIdSignIn(access, SignIn(access))
    return [Route(PATH, sign_in.begin, methods=["GET"]), Route(_CALLBACK, sign_in.finish, methods=["GET"])]
