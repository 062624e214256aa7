"""Who may do what: users, their sessions, tokens of machines, and the record of what was changed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do; each role may do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Return whether this role may do what another may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def user_key(name: str) -> str:
    """Return what two spellings of one user's name have in common: case and Unicode form do not count."""
    return unicodedata.normalize("NFKC", name).casefold()


def is_reserved(name: str) -> bool:
    """Return whether a name is one that the audit log gives to somebody without a user."""
    key = user_key(name).strip()
    return key == "local" or key.startswith("token ")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in with a password; times in microseconds UTC."""

    name: str
    role: Role
    password_hash: str = field(repr=False)
    created_us: int
    changed_us: int


@dataclass(frozen=True, slots=True)
class SignInSession:
    """A browser that is signed in.

    Attributes:
        digest: SHA-256 of its cookie, in hexadecimal; the cookie itself is not kept.
        user: Name of who signed in.
        method: How: "password" or "oidc".
        seen_us: When it asked last, to some minutes.
        expires_us: When it ends, however often it asks.
        address: From where it signed in.
        agent: What the browser calls itself.
    """

    digest: str = field(repr=False)
    user: str
    role: Role
    method: str
    created_us: int
    seen_us: int
    expires_us: int
    address: str = ""
    agent: str = ""

    @property
    def id(self) -> str:
        """What lists call it; nobody can sign in with it."""
        return self.digest[:12]


class TokenKind(StrEnum):
    """What a token is for."""

    API = "api"
    HEARTBEAT = "heartbeat"
    WORKER = "worker"
    INGEST = "ingest"
    ACKNOWLEDGE = "acknowledge"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token of a machine.

    Attributes:
        digest: SHA-256 of the token, in hexadecimal; the token itself is not kept.
        role: What a token of the API may do.
        scope: What it is limited to, such as the id of a check; empty for no limit.
        author: Who created it.
        expires_us: When it ends; None for never.
        revoked_us: When it was revoked; None if it was not.
        used_us: When it was used last, to some minutes; None if never.
    """

    id: str
    name: str
    kind: TokenKind
    role: Role
    digest: str = field(repr=False)
    created_us: int
    author: str
    scope: str = ""
    expires_us: int | None = None
    revoked_us: int | None = None
    used_us: int | None = None

    def is_valid(self, at_us: int) -> bool:
        """Return whether it is neither revoked nor expired."""
        return self.revoked_us is None and (self.expires_us is None or at_us < self.expires_us)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change that somebody made.

    Attributes:
        actor: Who: a user, a token, or a user of the system at the command line.
        action: What was done, such as "user.add".
        subject: To what.
        detail: What else there is to know of it.
        origin: From where: an address, or "command line".
        key: Given by the store, in the order of writing.
    """

    at_us: int
    actor: str
    action: str
    subject: str
    detail: str = ""
    origin: str = ""
    key: int = 0
