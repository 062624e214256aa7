"""Count which sessions of a release browsers told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Add the column."""
    op.add_column("release_days", sa.Column("from_pages", sa.BigInteger, nullable=False, server_default="0"))
