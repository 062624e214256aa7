"""Ports: users, sessions, tokens, and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from outrider.model.access import AccessToken, AuditEntry, SignInSession, User
    from outrider.model.excerpt import Excerpt


class UserDirectory(Protocol):
    """Users who sign in with a password. Names that differ in case or Unicode form only are one name."""

    def add(self, user: User) -> bool:
        """Keep a user and end all sessions of its name; return false, having changed nothing, if the name is taken."""
        ...

    def change(self, user: User) -> bool:
        """Replace the user of this name and end all its sessions; return false if there is none."""
        ...

    def remove(self, name: str) -> bool:
        """Remove a user and end all its sessions; return false if there is none."""
        ...

    def get(self, name: str) -> User | None:
        """Return the user of a name; None if there is none."""
        ...

    def all(self) -> tuple[User, ...]:
        """Return all users, by name."""
        ...

    def exist(self) -> bool:
        """Return whether there is any user."""
        ...


class SessionLog(Protocol):
    """Browsers that are signed in."""

    def begin(self, session: SignInSession, user: User | None = None) -> bool:
        """Keep a session, and forget those that have expired by its beginning.

        Args:
            session: The new one.
            user: As whom it was authenticated; if the stored user is another by now, nothing is kept.

        Returns:
            Whether it was kept.
        """
        ...

    def get(self, digest: str) -> SignInSession | None:
        """Return the session with this digest, expired or not; None if there is none."""
        ...

    def touch(self, digest: str, seen_us: int) -> None:
        """Note that a session asked; one that has ended stays so."""
        ...

    def end(self, digest: str) -> bool:
        """End a session; return whether there was one."""
        ...

    def end_all(self, user: str) -> int:
        """End all sessions of a user, and return how many there were."""
        ...

    def search(self, user: str | None = None) -> tuple[SignInSession, ...]:
        """Return the sessions of a user, or of all, the latest first."""
        ...


class TokenLog(Protocol):
    """Tokens of machines; a revoked one stays listed."""

    def add(self, token: AccessToken) -> None:
        """Keep a token."""
        ...

    def get(self, digest: str) -> AccessToken | None:
        """Return the token with this digest, valid or not; None if there is none."""
        ...

    def all(self) -> tuple[AccessToken, ...]:
        """Return all tokens, the latest first; not the links of mails, of which only those that were used are kept."""
        ...

    def revoke(self, token_id: str, at_us: int) -> bool:
        """Revoke a token; return false if there is none that is not revoked."""
        ...

    def touch(self, digest: str, used_us: int) -> None:
        """Note that a token was used."""
        ...


class AuditLog(Protocol):
    """Who changed what, when and from where; entries are never changed."""

    def alongside(self, entry: AuditEntry) -> AbstractContextManager[None]:
        """Return a context: the next change that this thread stores within it is stored together with the entry.

        Change and entry are in one transaction, through whichever port of the same store the change is made. If nothing
        is stored, there is no entry.
        """
        ...

    def record(self, entry: AuditEntry) -> None:
        """Keep an entry of a change that is not made through the store."""
        ...

    def search(self, *, before: int | None = None, limit: int = 100) -> Excerpt[AuditEntry]:
        """Return entries, the latest first.

        Args:
            before: Only those that were written before the entry with this key.
            limit: How many at most.
        """
        ...
