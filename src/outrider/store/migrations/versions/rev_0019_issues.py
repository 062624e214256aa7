"""Add errors: issues, their keys, counts and notes, and the events that are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _owner(*, primary_key: bool = False) -> sa.Column[int]:
    """Return the column of the issue that a row belongs to, and goes with."""
    link = sa.ForeignKey("issues.key", ondelete="CASCADE")
    if primary_key:
        return sa.Column("issue_key", _KEY, link, primary_key=True, autoincrement=False)
    return sa.Column("issue_key", _KEY, link, nullable=False)


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "issues",
        sa.Column("key", _KEY, primary_key=True),
        *_numbers("project"),
        *_texts("title", "value", "culprit"),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("platform", sa.String, nullable=False),
        *_texts("service"),
        *_numbers("first_us", "last_us", "events", "users"),
        sa.Column("user_sketch", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        *_numbers("since_us"),
        sa.Column("until_us", sa.BigInteger),
        *_texts("fixed_in"),
        sa.Column("ignored", sa.Text),
        *_numbers("events_before"),
        *_texts("assignee", "first_release", "last_release"),
        sa.Column("merged_into", sa.BigInteger),
    )
    op.create_index("issues_by_time", "issues", ["last_us", "key"])
    op.create_index("issues_merged", "issues", ["merged_into"])
    op.create_table(
        "issue_keys",
        sa.Column("project", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", sa.LargeBinary(16), primary_key=True),
        _owner(),
        sa.Column("version", sa.Integer, nullable=False),
        *_texts("reason", "parts"),
        *_numbers("events", "first_us", "last_us"),
        sqlite_with_rowid=False,
    )
    op.create_index("issue_keys_by_issue", "issue_keys", ["issue_key"])
    op.create_table(
        "error_event_ids",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        *_numbers("received_us"),
        sqlite_with_rowid=False,
    )
    op.create_index("error_event_ids_by_time", "error_event_ids", ["received_us"])
    op.create_table(
        "error_events",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        _owner(),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        *_numbers("at_us"),
        sa.Column("position", sa.String, nullable=False),
        *_texts("release", "environment", "user"),
        sa.Column("trace_id", sa.LargeBinary(16), nullable=False),
        *_texts("message"),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("error_events_by_issue", "error_events", ["issue_key", "at_us"])
    op.create_index("error_events_by_trace", "error_events", ["trace_id"])
    op.create_index("error_events_by_time", "error_events", ["at_us"])
    op.create_table(
        "issue_hours",
        _owner(primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *_numbers("events"),
        sqlite_with_rowid=False,
    )
    op.create_index("issue_hours_by_number", "issue_hours", ["number"])
    op.create_table(
        "issue_tags",
        _owner(primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        *_numbers("events", "last_us"),
        sqlite_with_rowid=False,
    )
    op.create_index("issue_tags_by_value", "issue_tags", ["name", "value"])
    op.create_table(
        "issue_notes",
        sa.Column("key", _KEY, primary_key=True),
        _owner(),
        *_numbers("at_us"),
        *_texts("author"),
        sa.Column("action", sa.String, nullable=False),
        *_texts("text"),
    )
    op.create_index("issue_notes_by_issue", "issue_notes", ["issue_key", "at_us"])
    op.create_table(
        "error_releases",
        sa.Column("project", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("release", sa.String, primary_key=True),
        *_numbers("first_us", "last_us"),
        sqlite_with_rowid=False,
    )
