"""Note which series have aggregates that are not judged yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table; aggregates that are stored already are judged together with the next of their series."""
    op.create_table(
        "unjudged_series",
        sa.Column("series_key", _KEY, sa.ForeignKey("series.key"), primary_key=True, autoincrement=False),
        sa.Column("since_us", sa.BigInteger, nullable=False),
        sa.Column("writes", sa.BigInteger, nullable=False),
    )
