"""Keep which errors happened in a part of a replay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Add the column."""
    op.add_column("replays", sa.Column("error_ids", sa.Text, nullable=False, server_default=""))
