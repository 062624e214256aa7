"""Let one row stand for several runs that were missed in a row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the count; every row that is there stands for one run."""
    op.add_column("runs", sa.Column("due_count", sa.Integer, nullable=False, server_default="1"))
