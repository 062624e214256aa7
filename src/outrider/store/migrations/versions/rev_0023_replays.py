"""Add replays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Create the table."""
    key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "replays",
        sa.Column("key", key, primary_key=True),
        sa.Column("session", sa.String(32), nullable=False),
        sa.Column("recording", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("project", sa.Integer, nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("has_snapshot", sa.Boolean, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("artifact_key", key, sa.ForeignKey("artifacts.key"), nullable=False, index=True),
        sa.Index("replays_by_part", "session", "recording", "number", unique=True),
        sa.Index("replays_by_start", "start_us"),
    )
