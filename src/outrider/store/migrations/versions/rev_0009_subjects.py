"""Let series belong to any subject, and hold aggregates that belong to no run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Rename what held checks only, and add what aggregates need for their rollups; no row is rewritten."""
    op.drop_index("ix_checks_alias_of", "checks")
    op.rename_table("checks", "subjects")
    op.create_index("ix_subjects_alias_of", "subjects", ["alias_of"])
    op.execute("ALTER TABLE series RENAME COLUMN check_key TO subject_key")
    op.create_table("aggregate_hours", sa.Column("number", sa.Integer, primary_key=True, autoincrement=False))
    op.create_table(
        "late_aggregates",
        sa.Column("at_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("series_key", _KEY, sa.ForeignKey("series.key"), primary_key=True),
        sqlite_with_rowid=False,
    )
