"""Add attachments of events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Create the table."""
    key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    event = sa.ForeignKey("error_events.id", ondelete="CASCADE")
    op.create_table(
        "event_attachments",
        sa.Column("event_id", sa.LargeBinary(16), event, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("artifact_key", key, sa.ForeignKey("artifacts.key"), nullable=False, index=True),
    )
