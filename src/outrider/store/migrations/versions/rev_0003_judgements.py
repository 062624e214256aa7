"""Add releases, and what the judge knows of each series."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables of releases and checkpoints."""
    op.create_table(
        "releases",
        sa.Column("environment", sa.String, primary_key=True),
        sa.Column("at_us", sa.BigInteger, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("accepted", sa.Boolean, nullable=False),
    )
    op.create_table(
        "checkpoints",
        sa.Column("series_key", _KEY, sa.ForeignKey("series.key"), primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("condition", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
