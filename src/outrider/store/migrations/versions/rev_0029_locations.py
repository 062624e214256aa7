"""Add locations: their workers, who has which order, and results that are not stored yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Create the tables, and add the columns of orders."""
    op.add_column("queue", sa.Column("worker", sa.Text))
    op.add_column("queue", sa.Column("lease", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "locations",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("added_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "location_workers",
        sa.Column("location", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("instance", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
        sa.Column("clock_offset_us", sa.BigInteger, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("duplicates", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "location_results",
        sa.Column("run_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("lease", sa.Integer, nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
