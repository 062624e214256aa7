"""Add shares of loads that workers of locations make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "load_shares",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("check", sa.Text, nullable=False),
        sa.Column("master_host", sa.Text, nullable=False),
        sa.Column("master_port", sa.Integer, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("is_taken", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("why", sa.Text, nullable=False, server_default=""),
    )
