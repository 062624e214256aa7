"""Add the decisions of the gate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "gates",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("commit", sa.String, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("against", sa.Text, nullable=False),
        sa.Column("took_s", sa.Float, nullable=False),
        sa.Column("shard", sa.String, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("comparisons", sa.Text, nullable=False),
    )
    op.create_index("gates_by_time", "gates", ["at_us", "id"])
