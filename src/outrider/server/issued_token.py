"""Tokens: issued once, kept as a digest."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import AccessToken, Role, TokenKind, UsageError
from outrider.server.session_cookie import digest_of, new_secret

if TYPE_CHECKING:
    from outrider.model import AccessRecords, AuditEntry

_ID_BYTES = 4
_MOST_NAME_CHARACTERS = 100
_LONGEST_S = 3_660 * 86_400.0


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a token is to be.

    Attributes:
        lifetime_s: After which it expires; None for never.
        scope: The check that a token of a heartbeat is for, or the location of a worker's.
    """

    name: str
    kind: TokenKind = TokenKind.API
    role: Role = Role.VIEWER
    lifetime_s: float | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, and its secret, which nobody can read again."""

    token: AccessToken
    secret: str


def prefix_of(kind: TokenKind) -> str:
    """Return how every token of a kind begins, by which a leaked one is recognised."""
    return f"outrider_{kind}_"


def issue_token(records: AccessRecords, request: TokenRequest, entry: AuditEntry) -> IssuedToken:
    """Create a token.

    Args:
        records: Where it is kept.
        request: What it is to be.
        entry: Of the audit log: who creates it, and when.

    Raises:
        UsageError: bad-token-request.
    """
    _check(request)
    secret = prefix_of(request.kind) + new_secret()
    expires_us = None if request.lifetime_s is None else entry.at_us + round(request.lifetime_s * 1e6)
    token = AccessToken(
        secrets.token_hex(_ID_BYTES), request.name.strip(), request.kind, request.role, digest_of(secret),
        entry.at_us, entry.actor, request.scope, expires_us,
    )  # fmt: skip
    with records.audit.alongside(entry):
        records.tokens.add(token)
    return IssuedToken(token, secret)


def _check(request: TokenRequest) -> None:
    name = request.name.strip()
    if not name or len(name) > _MOST_NAME_CHARACTERS or not name.isprintable():
        raise _refused("its name is not usable", f"write 1 to {_MOST_NAME_CHARACTERS} printable characters")
    if request.kind is TokenKind.ACKNOWLEDGE:
        raise _refused("mails bring those that acknowledge by themselves", "name another kind")
    if request.kind is TokenKind.WORKER and not request.scope:
        raise _refused("one of a worker is for a location", "outrider location add NAME creates it")
    if (request.kind in {TokenKind.HEARTBEAT, TokenKind.WORKER}) != bool(request.scope):
        raise _refused("a token of a heartbeat, and no other, is for one check", "name the check, or another kind")
    if request.lifetime_s is not None and not 0 < request.lifetime_s <= _LONGEST_S:
        raise _refused("its lifetime is out of range", "write a duration up to ten years")


def _refused(what: str, fix: str) -> UsageError:
    return UsageError(f"the token cannot be created: {what}", slug="bad-token-request", fix=fix)
