"""Add what a scheduler keeps: the queue of due runs, who leads, and what is paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables of the schedule."""
    op.create_table(
        "queue",
        sa.Column("run_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("check_id", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("due_us", sa.BigInteger, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("leased_by", sa.Text),
        sa.Column("lease_until_us", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leader",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("planned_until_us", sa.BigInteger, nullable=False),
        sa.Column("era", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "pauses",
        sa.Column("check_id", sa.String, primary_key=True),
        sa.Column("since_us", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
