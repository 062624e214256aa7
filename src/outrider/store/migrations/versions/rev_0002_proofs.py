"""Add what `outrider prove` found: which injected faults a check noticed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table of proofs."""
    op.create_table(
        "proofs",
        sa.Column("check_key", _KEY, sa.ForeignKey("checks.key"), primary_key=True),
        sa.Column("at_us", sa.BigInteger, primary_key=True),
        sa.Column("fault", sa.String, primary_key=True),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("noticed", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
    )
