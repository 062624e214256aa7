"""Sign-in by a provider of OpenID Connect: the code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636).

The provider's answer is believed only with the state of the browser that began, once, and an ID token that names our
client and nonce, signed with a key of the provider's by an asymmetric algorithm.
"""

from __future__ import annotations

import hmac
import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outrider.model import OutriderError, is_reserved
from outrider.server.openid_provider import OpenIdProvider
from outrider.server.session_cookie import digest_of, new_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.workspace import OidcSettings

LIFETIME_S = 600
_MOST_TAKEN = 5_000
_LEEWAY_S = 60
_MOST_GROUPS = 1_000
_MOST_NAME_CHARACTERS = 200
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")


class OpenIdError(OutriderError):
    """A provider's answer cannot be believed, or it does not answer."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider knows."""

    name: str
    groups: tuple[str, ...]


class OpenIdClient:
    """Our part of the flow; for any thread, and for any service that has the same key.

    What has begun is kept nowhere: the state says where it leads and is signed together with the browser's secret, from
    which nonce and verifier follow. A service takes a state once, and the provider a code, whichever service asks.

    Args:
        settings: Of the provider and of our client.
        secret: Of our client; empty for a public one.
        key: Signs what has begun.
        now_us: The time, microseconds UTC.
    """

    def __init__(self, settings: OidcSettings, secret: str, key: bytes, now_us: Callable[[], int]) -> None:
        self.settings = settings
        self.secret = secret
        self.key = key
        self._now_us = now_us
        self._provider = OpenIdProvider(settings.issuer, now_us)
        self._lock = threading.Lock()
        self._taken: OrderedDict[str, None] = OrderedDict()

    def begin(self, redirect: str, wanted: str) -> tuple[str, str]:
        """Begin a sign-in.

        Args:
            redirect: Our address that the provider sends the browser back to.
            wanted: Path that it is sent on to.

        Returns:
            The address at the provider, and a secret that the browser has to bring back as a cookie.

        Raises:
            OpenIdError: oidc-unreachable or oidc-refused.
        """
        browser, ends_us = new_secret(), self._now_us() + LIFETIME_S * 1_000_000
        payload = urlsafe_b64encode(json.dumps([wanted, redirect, ends_us]).encode()).decode()
        state = f"{payload}.{self._signed('state', payload, browser)}"
        with self._session(redirect) as session:
            address, _ = session.create_authorization_url(
                self._provider.endpoint("authorization_endpoint"), state=state,
                code_verifier=self._signed("verifier", state, browser), nonce=self._signed("nonce", state, browser),
            )  # fmt: skip
        return str(address), browser

    def finish(self, query: Mapping[str, str], browser: str) -> tuple[Identity, str]:
        """Return who has signed in, and the path that they wanted.

        Args:
            query: Of the address that the provider sent the browser back to.
            browser: The secret of its cookie.

        Raises:
            OpenIdError: oidc-unreachable or oidc-refused.
        """
        state = query.get("state", "")
        wanted, redirect = self._begun(state, browser)
        if query.get("iss", self.settings.issuer) != self.settings.issuer:  # RFC 9207
            raise refused("the answer is of another provider")
        if "error" in query or not query.get("code"):
            raise refused(f"the provider says: {query.get('error', 'no code')[:100]}")
        token = self._id_token(query["code"], redirect, self._signed("verifier", state, browser))
        return self._identity(self._claims(token, self._signed("nonce", state, browser))), wanted

    def _begun(self, state: str, browser: str) -> tuple[str, str]:
        """Return where a sign-in leads, and our address that it came back to; it is taken once.

        Raises:
            OpenIdError: oidc-refused.
        """
        payload, _, signature = state.partition(".")
        if browser and hmac.compare_digest(signature.encode(), self._signed("state", payload, browser).encode()):
            wanted, redirect, ends_us = json.loads(urlsafe_b64decode(payload))
            if self._now_us() < ends_us and self._is_first(digest_of(state)):
                return str(wanted), str(redirect)
        raise refused("this sign-in was not begun in this browser, was used already, or took too long")

    def _is_first(self, digest: str) -> bool:
        with self._lock:
            is_first = digest not in self._taken
            self._taken[digest] = None
            while len(self._taken) > _MOST_TAKEN:
                self._taken.popitem(last=False)
        return is_first

    def _signed(self, purpose: str, payload: str, browser: str) -> str:
        """Return what only who has our key can make of a text and a browser's secret; 43 characters, as PKCE wants."""
        whose = (self.settings.issuer, self.settings.client_id)
        message = "\0".join(("oidc", purpose, *whose, payload, browser)).encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(hmac.digest(self.key, message, "sha256")).decode().rstrip("=")

    def _id_token(self, code: str, redirect: str, verifier: str) -> str:
        """Exchange a code for an ID token."""
        import requests  # noqa: PLC0415 - as `_session`
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415

        try:
            with self._session(redirect) as session:
                token = session.fetch_token(
                    self._provider.endpoint("token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    allow_redirects=False,
                )
        except (AuthlibBaseError, requests.RequestException, ValueError, TypeError, KeyError) as error:
            raise refused(f"the code was not taken: {type(error).__name__}: {str(error)[:200]}") from None
        if not isinstance(token.get("id_token"), str):
            raise refused("there is no ID token in the answer")
        return str(token["id_token"])

    def _claims(self, text: str, nonce: str) -> Mapping[str, Any]:
        """Return the claims of an ID token, once all that must hold of them does."""
        from joserfc import jwt  # noqa: PLC0415 - as `_session`
        from joserfc.errors import JoseError  # noqa: PLC0415

        registry = jwt.JWTClaimsRegistry(
            now=self._now_us() // 1_000_000,
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            claims: dict[str, Any] = jwt.decode(text, self._provider.keys(text), algorithms=_ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise refused(f"the ID token is not valid: {type(error).__name__}: {str(error)[:200]}") from None
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != self.settings.client_id:
            raise refused("the ID token is for another client, too")
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        name = claims.get(self.settings.name_claim)
        if self.settings.name_claim == "email" and claims.get("email_verified") is False:
            name = None
        name = (name if isinstance(name, str) and name.strip() else str(claims["sub"])).strip()
        if not name or len(name) > _MOST_NAME_CHARACTERS or not name.isprintable() or is_reserved(name):
            raise refused("the name in the ID token cannot be shown")
        groups = claims.get(self.settings.groups_claim, ())
        groups = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        return Identity(name, tuple(group for group in groups[:_MOST_GROUPS] if isinstance(group, str)))

    def _session(self, redirect: str) -> Any:
        """Return a session of Authlib's for one step."""
        try:
            from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415 - in the extra `auth`
        except ModuleNotFoundError:
            what, fix = "sign-in by OIDC needs Authlib", "pip install 'outrider[auth]'"
            raise OpenIdError(what, slug="missing-extra", fix=fix) from None
        return OAuth2Session(
            self.settings.client_id,
            self.secret or None,
            token_endpoint_auth_method="client_secret_basic" if self.secret else "none",
            scope=" ".join(self.settings.scopes),
            redirect_uri=redirect,
            code_challenge_method="S256",
            default_timeout=10,
        )


def refused(why: str) -> OpenIdError:
    """Return the error of an answer that is not believed."""
    return OpenIdError(why, slug="oidc-refused", fix="sign in again; if it stays so, ask whoever runs the provider")
