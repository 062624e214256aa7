"""Users, sessions, tokens and the audit log, in a database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from outrider.model import (
    AccessToken,
    AuditEntry,
    AuditLog,
    Excerpt,
    Role,
    SessionLog,
    SignInSession,
    TokenKind,
    TokenLog,
    User,
    UserDirectory,
    bounded,
    identity,
    printable,
    user_key,
)
from outrider.store.access_schema import audit_entries, service_keys, sessions, tokens, users
from outrider.store.text_limits import ATTRIBUTE_CHARACTERS, REASON_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, RowMapping

    from outrider.store.database import Database
    from outrider.store.run_writer import Writer


def shared_key(database: Database, writer: Writer, name: str, proposed: bytes) -> bytes:
    """Return the key of this name, which is the one that was proposed first."""
    kept = select(service_keys.c.value).where(service_keys.c.name == name)
    with database.reading() as connection:
        known = connection.execute(kept).scalar_one_or_none()

    def write(connection: Connection) -> bytes:
        if (first := connection.execute(kept).scalar_one_or_none()) is None:
            connection.execute(insert(service_keys), {"name": name, "value": proposed})
        return proposed if first is None else bytes(first)

    return writer.write(write) if known is None else bytes(known)


class UserTable(UserDirectory):
    """Users who sign in with a password."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def add(self, user: User) -> bool:
        row = {**_user_row(user), "key": _key(user.name)}

        def write(connection: Connection) -> bool:
            if _stored_user(connection, user.name) is not None:
                raise Unchanged
            connection.execute(insert(users), row)
            _end_all(connection, user.name)  # of somebody whom a provider knows by this name
            return True

        return changed(self._writer, write)

    def change(self, user: User) -> bool:
        def write(connection: Connection) -> bool:
            own = users.c.key == _key(user.name)
            if not connection.execute(update(users).where(own).values(**_user_row(user))).rowcount:
                raise Unchanged
            _end_all(connection, user.name)
            return True

        return changed(self._writer, write)

    def remove(self, name: str) -> bool:
        def write(connection: Connection) -> bool:
            if not connection.execute(delete(users).where(users.c.key == _key(name))).rowcount:
                raise Unchanged
            _end_all(connection, name)
            return True

        return changed(self._writer, write)

    def get(self, name: str) -> User | None:
        with self._database.reading() as connection:
            return _stored_user(connection, name)

    def all(self) -> tuple[User, ...]:
        with self._database.reading() as connection:
            return tuple(map(_user, connection.execute(select(users).order_by(users.c.key)).mappings()))

    def exist(self) -> bool:
        with self._database.reading() as connection:
            return connection.execute(select(users.c.key).limit(1)).first() is not None


class SessionTable(SessionLog):
    """Browsers that are signed in."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def begin(self, session: SignInSession, user: User | None = None) -> bool:
        def write(connection: Connection) -> bool:
            if user is not None and _stored_user(connection, user.name) != user:
                raise Unchanged
            connection.execute(delete(sessions).where(sessions.c.expires_us <= session.created_us))
            connection.execute(insert(sessions), _session_row(session))
            return True

        return changed(self._writer, write)

    def get(self, digest: str) -> SignInSession | None:
        with self._database.reading() as connection:
            row = connection.execute(select(sessions).where(sessions.c.digest == digest)).mappings().one_or_none()
        return None if row is None else _session(row)

    def touch(self, digest: str, seen_us: int) -> None:
        statement = update(sessions).where(sessions.c.digest == digest).values(seen_us=seen_us)
        self._writer.write(lambda connection: connection.execute(statement))

    def end(self, digest: str) -> bool:
        def write(connection: Connection) -> bool:
            if not connection.execute(delete(sessions).where(sessions.c.digest == digest)).rowcount:
                raise Unchanged
            return True

        return changed(self._writer, write)

    def end_all(self, user: str) -> int:
        return self._writer.write(lambda connection: _end_all(connection, user))

    def search(self, user: str | None = None) -> tuple[SignInSession, ...]:
        statement = select(sessions).order_by(sessions.c.created_us.desc(), sessions.c.digest)
        if user is not None:
            statement = statement.where(sessions.c.user_key == _key(user))
        with self._database.reading() as connection:
            return tuple(map(_session, connection.execute(statement).mappings()))


class TokenTable(TokenLog):
    """Tokens of machines."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def add(self, token: AccessToken) -> None:
        row = token_row(token)
        self._writer.write(lambda connection: connection.execute(insert(tokens), row))

    def get(self, digest: str) -> AccessToken | None:
        with self._database.reading() as connection:
            row = connection.execute(select(tokens).where(tokens.c.digest == digest)).mappings().one_or_none()
        return None if row is None else _token(row)

    def all(self) -> tuple[AccessToken, ...]:
        with self._database.reading() as connection:
            own = select(tokens).where(tokens.c.kind != TokenKind.ACKNOWLEDGE.value)
            rows = connection.execute(own.order_by(tokens.c.created_us.desc(), tokens.c.id)).mappings()
            return tuple(map(_token, rows))

    def revoke(self, token_id: str, at_us: int) -> bool:
        own = (tokens.c.id == token_id) & tokens.c.revoked_us.is_(None)

        def write(connection: Connection) -> bool:
            if not connection.execute(update(tokens).where(own).values(revoked_us=at_us)).rowcount:
                raise Unchanged
            return True

        return changed(self._writer, write)

    def touch(self, digest: str, used_us: int) -> None:
        statement = update(tokens).where(tokens.c.digest == digest).values(used_us=used_us)
        self._writer.write(lambda connection: connection.execute(statement))


class AuditTable(AuditLog):
    """Who changed what."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @contextmanager
    def alongside(self, entry: AuditEntry) -> Iterator[None]:
        row = _audit_row(entry)
        with self._writer.alongside(lambda connection: connection.execute(insert(audit_entries), row)):
            yield

    def record(self, entry: AuditEntry) -> None:
        row = _audit_row(entry)
        self._writer.write(lambda connection: connection.execute(insert(audit_entries), row))

    def search(self, *, before: int | None = None, limit: int = 100) -> Excerpt[AuditEntry]:
        statement = select(audit_entries).order_by(audit_entries.c.key.desc()).limit(limit + 1)
        if before is not None:
            statement = statement.where(audit_entries.c.key < before)
        with self._database.reading() as connection:
            rows = [AuditEntry(**row) for row in connection.execute(statement).mappings()]
        return Excerpt.within(rows, limit)


class Unchanged(Exception):
    """Nothing is to be changed, so that nothing is to be noted beside it."""


def changed(writer: Writer, write: Any) -> bool:
    """Return whether a write changed anything; nothing is noted beside one that raises `Unchanged`."""
    try:
        writer.write(write)
    except Unchanged:
        return False
    return True


def _key(name: str) -> str:
    return identity(user_key(name))


def _stored_user(connection: Connection, name: str) -> User | None:
    row = connection.execute(select(users).where(users.c.key == _key(name))).mappings().one_or_none()
    return None if row is None else _user(row)


def _user(row: RowMapping) -> User:
    return User(row["name"], Role(row["role"]), row["password_hash"], row["created_us"], row["changed_us"])


def _user_row(user: User) -> dict[str, object]:
    return {
        "name": identity(user.name),
        "role": user.role.value,
        "password_hash": user.password_hash,
        "created_us": user.created_us,
        "changed_us": user.changed_us,
    }


def _session_row(session: SignInSession) -> dict[str, object]:
    return {
        "digest": session.digest,
        "user_key": _key(session.user),
        "user": identity(session.user),
        "role": session.role.value,
        "method": session.method,
        "created_us": session.created_us,
        "seen_us": session.seen_us,
        "expires_us": session.expires_us,
        "address": identity(session.address),
        "agent": bounded(session.agent, ATTRIBUTE_CHARACTERS),
    }


def _session(row: RowMapping) -> SignInSession:
    values = {name: value for name, value in row.items() if name != "user_key"}
    return SignInSession(**{**values, "role": Role(row["role"])})


def _end_all(connection: Connection, user: str) -> int:
    return connection.execute(delete(sessions).where(sessions.c.user_key == _key(user))).rowcount


def _token(row: RowMapping) -> AccessToken:
    return AccessToken(**{**row, "kind": TokenKind(row["kind"]), "role": Role(row["role"])})


def token_row(token: AccessToken) -> dict[str, object]:
    """Return a token as a row."""
    names = ("id", "kind", "role", "digest", "created_us", "expires_us", "revoked_us", "used_us")
    row = {name: getattr(token, name) for name in names}
    row |= {name: printable(getattr(token, name)) for name in ("name", "author", "scope")}
    row |= {"kind": token.kind.value, "role": token.role.value}
    return row


def knows_token(connection: Connection, digest: str) -> bool:
    """Return whether a token with this digest is kept."""
    return connection.execute(select(tokens.c.id).where(tokens.c.digest == digest)).first() is not None


def _audit_row(entry: AuditEntry) -> dict[str, object]:
    return {
        "at_us": entry.at_us,
        "actor": identity(entry.actor),
        "action": identity(entry.action),
        "subject": identity(entry.subject),
        "detail": bounded(entry.detail, REASON_CHARACTERS),
        "origin": identity(entry.origin),
    }
