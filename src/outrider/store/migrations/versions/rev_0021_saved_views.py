"""Add queries that people saved under a name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "saved_views",
        sa.Column("page", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("saved_us", sa.BigInteger, nullable=False),
    )
