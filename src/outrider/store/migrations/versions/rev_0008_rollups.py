"""Add rollups of samples and of outcomes by hour and day, and the list of runs that came after theirs was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables of rollups; the next housekeeping fills them from the samples that are still there."""
    for table in ("hours", "days"):
        op.create_table(
            table,
            sa.Column("series_key", _KEY, sa.ForeignKey("series.key"), primary_key=True),
            sa.Column("number", sa.Integer, primary_key=True),
            sa.Column("count", sa.BigInteger, nullable=False),
            sa.Column("sum", sa.Float, nullable=False),
            sa.Column("min", sa.Float, nullable=False),
            sa.Column("max", sa.Float, nullable=False),
            sa.Column("histogram", sa.LargeBinary, nullable=False),
            sqlite_with_rowid=False,
        )
    for table in ("outcome_hours", "outcome_days"):
        op.create_table(
            table,
            sa.Column("number", sa.Integer, primary_key=True),
            sa.Column("check_key", _KEY, sa.ForeignKey("checks.key"), primary_key=True),
            sa.Column("circumstances_key", _KEY, sa.ForeignKey("circumstances.key"), primary_key=True),
            sa.Column("outcome", sa.String, primary_key=True),
            sa.Column("runs", sa.BigInteger, nullable=False),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "late_runs",
        sa.Column("run_key", _KEY, primary_key=True, autoincrement=False),
        sa.Column("check_key", _KEY, sa.ForeignKey("checks.key"), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
