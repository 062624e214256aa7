"""Users who sign in with a password: added, listed, changed, removed."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.app.access.audit_trail import command_line_change
from outrider.app.access.workspace_access import now_us
from outrider.model import Role, UsageError, User, is_reserved

if TYPE_CHECKING:
    from outrider.model import AccessRecords, AuditEntry, SignInSession

_MOST_NAME_CHARACTERS = 100


def add_user(records: AccessRecords, name: str, role: Role, password: str) -> User:
    """Add a user.

    Raises:
        UsageError: bad-user-name, user-exists or weak-password.
    """
    from outrider.server import hash_password  # noqa: PLC0415 - lists hash nothing

    _check_name(name)
    at_us = now_us()
    user = User(name, role, hash_password(password), at_us, at_us)
    with records.audit.alongside(command_line_change("user.add", name, role.value)):
        is_new = records.users.add(user)
    if not is_new:
        raise UsageError(f'there is a user "{name}"', slug="user-exists", fix="choose another name, or change this one")
    return user


def list_users(records: AccessRecords) -> tuple[User, ...]:
    """Return all users, by name."""
    return records.users.all()


def set_password(records: AccessRecords, name: str, password: str) -> User:
    """Give a user another password, which ends all their sessions.

    Raises:
        UsageError: unknown-user or weak-password.
    """
    from outrider.server import hash_password  # noqa: PLC0415 - lists hash nothing

    user = find_user(records, name)
    changed = replace(user, password_hash=hash_password(password), changed_us=now_us())
    return _changed(records, changed, command_line_change("user.password", user.name))


def set_role(records: AccessRecords, name: str, role: Role) -> User:
    """Give a user another role, which ends all their sessions.

    Raises:
        UsageError: unknown-user.
    """
    user = find_user(records, name)
    detail = f"{user.role} to {role}"
    return _changed(
        records, replace(user, role=role, changed_us=now_us()), command_line_change("user.role", user.name, detail)
    )


def remove_user(records: AccessRecords, name: str) -> None:
    """Remove a user, and end all their sessions.

    Raises:
        UsageError: unknown-user.
    """
    with records.audit.alongside(command_line_change("user.remove", name)):
        is_removed = records.users.remove(name)
    if not is_removed:
        raise _unknown(records, name)


def list_sessions(records: AccessRecords, name: str | None = None) -> tuple[SignInSession, ...]:
    """Return the browsers that are signed in, of a user or of all, and have not ended by age; the latest first."""
    at_us = now_us()
    return tuple(session for session in records.sessions.search(name) if session.expires_us > at_us)


def sign_out_user(records: AccessRecords, name: str) -> int:
    """End all sessions of a user, also of one whom an OIDC provider knows, and return how many there were."""
    with records.audit.alongside(command_line_change("session.end", name, "all")):
        return records.sessions.end_all(name)


def find_user(records: AccessRecords, name: str) -> User:
    """Return a user.

    Raises:
        UsageError: unknown-user.
    """
    user = records.users.get(name)
    if user is None:
        raise _unknown(records, name)
    return user


def _changed(records: AccessRecords, user: User, entry: AuditEntry) -> User:
    with records.audit.alongside(entry):
        is_there = records.users.change(user)
    if not is_there:
        raise _unknown(records, user.name)
    return user


def _unknown(records: AccessRecords, name: str) -> UsageError:
    names = ", ".join(user.name for user in records.users.all()) or "nobody yet"
    return UsageError(f'there is no user "{name}"', slug="unknown-user", fix=f"there are: {names}")


def _check_name(name: str) -> None:
    is_usable = name.isprintable() and name == name.strip() and 0 < len(name) <= _MOST_NAME_CHARACTERS
    if not is_usable or os.sep in name or is_reserved(name):
        raise UsageError(
            f"{name[:_MOST_NAME_CHARACTERS]!r} cannot be the name of a user",
            slug="bad-user-name",
            fix=f"write at most {_MOST_NAME_CHARACTERS} printable characters, without spaces at the ends and slashes",
        )
