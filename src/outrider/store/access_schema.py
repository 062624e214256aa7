"""The tables of users, sessions, tokens, keys and the audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from outrider.store.schema import Key, metadata

# `key` is what spellings of one name have in common.
users = Table(
    "users", metadata,
    Column("key", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
)  # fmt: skip

# Users of an OIDC provider have sessions, and no row in `users`.
sessions = Table(
    "sessions", metadata,
    Column("digest", String, primary_key=True),
    Column("user_key", String, nullable=False),
    Column("user", Text, nullable=False),
    Column("role", String, nullable=False),
    Column("method", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Index("sessions_by_user", "user_key"),
)  # fmt: skip

tokens = Table(
    "tokens", metadata,
    Column("id", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("role", String, nullable=False),
    Column("digest", String, nullable=False, unique=True),
    Column("created_us", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("expires_us", BigInteger),
    Column("revoked_us", BigInteger),
    Column("used_us", BigInteger),
)  # fmt: skip

# What services on one store sign with.
service_keys = Table(
    "service_keys", metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)  # fmt: skip

audit_entries = Table(
    "audit_entries", metadata,
    Column("key", Key, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("origin", Text, nullable=False),
    sqlite_autoincrement=True,
)  # fmt: skip
