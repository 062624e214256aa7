"""Add what load profiles measured: a load's seconds and histograms, whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table of loads."""
    op.create_table(
        "loads",
        sa.Column("run_key", _KEY, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("result", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["run_key", "attempt"], ["attempts.run_key", "attempts.number"], ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
