"""Tokens of programs: created, listed, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from outrider.app.access.audit_trail import command_line_change
from outrider.app.access.selection import one_check
from outrider.app.access.workspace_access import now_us
from outrider.model import AccessRecords, CheckRecords, UsageError

if TYPE_CHECKING:
    from outrider.model import AccessToken, Role, TokenKind
    from outrider.server import IssuedToken


class TokenRecords(AccessRecords, CheckRecords, Protocol):
    """Tokens, and the checks that some are for."""


def create_token(
    records: TokenRecords,
    name: str,
    kind: TokenKind,
    *,
    role: Role,
    lifetime_s: float | None = None,
    check: str = "",
) -> IssuedToken:
    """Create a token.

    Args:
        records: Where it is kept.
        name: What lists call it.
        kind: What it is for.
        role: What one of the API may do.
        lifetime_s: After which it expires; None for never.
        check: Pattern of the one check that a token of a heartbeat is for.

    Raises:
        UsageError: bad-token-request, unknown-check.
    """
    from outrider.server import TokenRequest, issue_token  # noqa: PLC0415 - lists issue nothing

    request = TokenRequest(name, kind, role, lifetime_s, _scope(records, check))
    return issue_token(records, request, command_line_change("token.create", name, f"{kind}, {role}"))


def list_tokens(records: AccessRecords) -> tuple[AccessToken, ...]:
    """Return all tokens, the latest first."""
    return records.tokens.all()


def revoke_token(records: AccessRecords, token_id: str) -> None:
    """Revoke a token.

    Raises:
        UsageError: unknown-token.
    """
    with records.audit.alongside(command_line_change("token.revoke", token_id)):
        is_revoked = records.tokens.revoke(token_id, now_us())
    if not is_revoked:
        ids = ", ".join(token.id for token in records.tokens.all() if token.revoked_us is None) or "none"
        what = f'"{token_id}" is not the id of a token that is not revoked'
        raise UsageError(what, slug="unknown-token", fix=f"there are: {ids}")


def _scope(records: TokenRecords, check: str) -> str:
    if not check:
        return ""
    return one_check(records.checks, check)
