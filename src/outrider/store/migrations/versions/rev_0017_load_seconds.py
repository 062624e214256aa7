"""Add the seconds of loads that are under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "load_seconds",
        sa.Column("run", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("check", sa.String, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("offset_s", sa.Float, nullable=False),
        sa.Column("users", sa.Integer, nullable=False),
        sa.Column("requests_per_s", sa.Float, nullable=False),
        sa.Column("failed_per_s", sa.Float, nullable=False),
        sa.Column("p50_ms", sa.Float),
        sa.Column("p95_ms", sa.Float),
        sa.Column("p99_ms", sa.Float),
        sa.Column("left_s", sa.Float),
    )
    op.create_index("load_seconds_by_time", "load_seconds", ["at_us"])
