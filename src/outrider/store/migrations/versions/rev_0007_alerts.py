"""Add incidents, what is watched for them, groups of notifications, the outbox, silences and acknowledgements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables of alerts."""
    op.create_table(
        "incidents",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("began_us", sa.BigInteger, nullable=False),
        sa.Column("ended_us", sa.BigInteger),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("incidents_by_phase", "incidents", ["phase", "began_us"])
    op.create_table(
        "watches",
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("incident", sa.String, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("watches_by_incident", "watches", ["incident"])
    op.create_table(
        "alert_groups",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "notifications",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("due_us", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("done_us", sa.BigInteger),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_index("notifications_by_receiver", "notifications", ["receiver", "status", "due_us"])
    op.create_index("notifications_by_topic", "notifications", ["topic", "receiver"])
    op.create_table(
        "silences",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("starts_us", sa.BigInteger, nullable=False),
        sa.Column("ends_us", sa.BigInteger, nullable=False),
        sa.Column("matchers", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
    )
    op.create_table(
        "acknowledgements",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("incident", sa.String, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
    )
