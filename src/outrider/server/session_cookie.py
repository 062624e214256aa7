"""The cookie of a session: opaque, random, and kept as a digest only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_BYTES = 32
_MOST_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """How the cookie is called and where it is sent.

    With TLS and at the root its name begins with `__Host-`: no other host and no page without TLS can set it. Below a
    base path, which that prefix does not allow, it begins with `__Secure-` and is sent below that path only.

    Attributes:
        is_encrypted: Whether the client speaks TLS.
        base: Path below which the pages lie; empty at the root.
    """

    is_encrypted: bool
    base: str
    purpose: str = "session"

    @property
    def name(self) -> str:
        """The name of the cookie."""
        prefix = "" if not self.is_encrypted else "__Secure-" if self.base else "__Host-"
        return f"{prefix}outrider_{self.purpose}"

    def value(self, request: Request) -> str:
        """Return what a browser sent; empty if nothing that could be ours."""
        sent = request.cookies.get(self.name, "")
        return sent if len(sent) <= _MOST_CHARACTERS and sent.isascii() else ""

    def set(self, response: Response, value: str, lifetime_s: float) -> None:
        """Have a browser keep the cookie."""
        response.set_cookie(
            self.name,
            value,
            max_age=round(lifetime_s),
            path=self.base or "/",
            secure=self.is_encrypted,
            httponly=True,
            samesite="lax",
        )

    def remove(self, response: Response) -> None:
        """Have a browser forget the cookie."""
        response.delete_cookie(
            self.name, path=self.base or "/", secure=self.is_encrypted, httponly=True, samesite="lax"
        )


def new_secret() -> str:
    """Return a text that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret that nobody can guess."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def form_token_of(secret: str) -> str:
    """Return the token that forms of a session carry; it tells nothing about the session's cookie."""
    return digest_of(f"form {secret}")
