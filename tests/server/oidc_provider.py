"""A provider of OpenID Connect: discovery, keys, the code flow with PKCE; and whatever a hostile one does instead."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from outrider.server import Background, listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

CLIENT, SECRET = "outrider", "client secret of outrider"


@dataclass
class Provider:
    """Serves on loopback; a test changes what it says.

    Attributes:
        claims: Of every ID token, in the place of the right ones.
        missing: Claims that are left out.
        sign: Signs an ID token in another way.
        answer: Of the token endpoint, in the place of the right one.
        metadata: In the place of the right one.
        codes: Handed out and not used: challenge, nonce and address to return to.
    """

    now_s: Callable[[], int]
    claims: dict[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    sign: Callable[[dict[str, Any]], str] | None = None
    answer: Callable[[], Response] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k1"})
        routes = [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ]
        listener = listen("127.0.0.1", 0)
        self.issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = Background(Starlette(routes=routes), listener)

    def close(self) -> None:
        self._server.close()

    def renew_key(self) -> None:
        """Sign with another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": "k2"})

    def signed(self, claims: dict[str, Any]) -> str:
        """Return an ID token."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def with_public_key_as_secret(self, claims: dict[str, Any]) -> str:
        """Return a token that is signed with the public key as if it were a secret: algorithm confusion."""
        secret = OctKey.import_key(self.key.as_pem(private=False))
        return jwt.encode({"alg": "HS256", "kid": self.key.kid}, claims, secret)

    def with_foreign_key(self, claims: dict[str, Any]) -> str:
        """Return a token that somebody else signed, under the name of the right key."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, RSAKey.generate_key(2048))

    async def _discovery(self, _: Request) -> Response:
        self.reads.append("discovery")
        endpoints = {
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return JSONResponse({"issuer": self.issuer, **endpoints, **self.metadata})

    async def _keys(self, _: Request) -> Response:
        self.reads.append("keys")
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        assert asked["client_id"] == CLIENT
        code = f"code{len(self.codes)}"
        self.codes[code] = (asked["code_challenge"], asked["nonce"], asked["redirect_uri"])
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 303)

    async def _token(self, request: Request) -> Response:
        if self.answer is not None:
            return self.answer()
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return JSONResponse({"error": "invalid_client"}, 401)
        sent = dict(parse_qsl((await request.body()).decode()))
        challenge, nonce, redirect = self.codes.pop(sent["code"], ("", "", ""))
        verified = base64.urlsafe_b64encode(sha256(sent["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if (challenge, redirect) != (verified, sent["redirect_uri"]):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now_s = self.now_s()
        right = {"iss": self.issuer, "aud": CLIENT, "sub": "s-1", "email": "ada@example.org", "groups": ["dev", "sre"],
                 "nonce": nonce, "iat": now_s, "exp": now_s + 300}  # fmt: skip
        claims = {name: value for name, value in {**right, **self.claims}.items() if name not in self.missing}
        token = (self.sign or self.signed)(claims)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": token})


def unsigned(claims: dict[str, Any]) -> str:
    """Return a token without a signature, whose algorithm is `none`."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."
