"""Add the calls that heartbeats wait for: the last one of each check."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table of beats."""
    op.create_table(
        "beats",
        sa.Column("check_key", _KEY, sa.ForeignKey("checks.key"), primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("exit_code", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
