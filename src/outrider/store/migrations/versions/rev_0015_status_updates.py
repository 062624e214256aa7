"""Add the updates of the public status page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "status_updates",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("incident", sa.String, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("impact", sa.String),
        sa.Column("components", sa.Text),
    )
    op.create_index("status_updates_by_time", "status_updates", ["at_us", "id"])
    op.create_index("status_updates_by_incident", "status_updates", ["incident", "at_us"])
