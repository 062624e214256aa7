"""The tables of errors: issues, the keys that lead to them, and the events that are kept."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from outrider.store.schema import Key, metadata

# `merged_into` is the issue that has all that this one had; `user_sketch` is `user_sketch.UserSketch`.
issues = Table(
    "issues", metadata,
    Column("key", Key, primary_key=True),
    Column("project", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("culprit", Text, nullable=False),
    Column("level", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("service", Text, nullable=False),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("users", BigInteger, nullable=False),
    Column("user_sketch", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),
    Column("fixed_in", Text, nullable=False),
    Column("ignored", Text),
    Column("events_before", BigInteger, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("first_release", Text, nullable=False),
    Column("last_release", Text, nullable=False),
    Column("merged_into", BigInteger),
    Index("issues_by_time", "last_us", "key"),
    Index("issues_merged", "merged_into"),
)  # fmt: skip

issue_keys = Table(
    "issue_keys", metadata,
    Column("project", BigInteger, primary_key=True, autoincrement=False),
    Column("key", LargeBinary(16), primary_key=True),
    Column("issue_key", ForeignKey("issues.key", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("parts", Text, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Index("issue_keys_by_issue", "issue_key"),
    sqlite_with_rowid=False,
)  # fmt: skip

# The ids of all events of the last days, so that one is stored once.
error_event_ids = Table(
    "error_event_ids", metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("received_us", BigInteger, nullable=False),
    Index("error_event_ids_by_time", "received_us"),
    sqlite_with_rowid=False,
)  # fmt: skip

# `content` is an event as JSON, deflated.
error_events = Table(
    "error_events", metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("issue_key", ForeignKey("issues.key", ondelete="CASCADE"), nullable=False),
    Column("key", LargeBinary(16), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("position", String, nullable=False),
    Column("release", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("trace_id", LargeBinary(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("error_events_by_issue", "issue_key", "at_us"),
    Index("error_events_by_trace", "trace_id"),
    Index("error_events_by_time", "at_us"),
)  # fmt: skip

issue_hours = Table(
    "issue_hours", metadata,
    Column("issue_key", ForeignKey("issues.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("events", BigInteger, nullable=False),
    Index("issue_hours_by_number", "number"),
    sqlite_with_rowid=False,
)  # fmt: skip

# An empty value stands for all that are not counted by value.
issue_tags = Table(
    "issue_tags", metadata,
    Column("issue_key", ForeignKey("issues.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("name", String, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("events", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Index("issue_tags_by_value", "name", "value"),
    sqlite_with_rowid=False,
)  # fmt: skip

issue_notes = Table(
    "issue_notes", metadata,
    Column("key", Key, primary_key=True),
    Column("issue_key", ForeignKey("issues.key", ondelete="CASCADE"), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("action", String, nullable=False),
    Column("text", Text, nullable=False),
    Index("issue_notes_by_issue", "issue_key", "at_us"),
)  # fmt: skip

error_releases = Table(
    "error_releases", metadata,
    Column("project", BigInteger, primary_key=True, autoincrement=False),
    Column("release", String, primary_key=True),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
