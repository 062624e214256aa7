"""Add source maps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Create the table."""
    key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "source_maps",
        sa.Column("key", key, primary_key=True),
        sa.Column("project", sa.Integer, nullable=False),
        sa.Column("release", sa.String, nullable=False),
        sa.Column("dist", sa.String, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("debug_id", sa.String, nullable=False),
        sa.Column("artifact_key", key, sa.ForeignKey("artifacts.key"), nullable=False, index=True),
        sa.Column("added_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger, nullable=False),
        sa.Column("is_applied", sa.Boolean, nullable=False),
        sa.Index("source_maps_by_path", "path"),
        sa.Index("source_maps_by_file", "file"),
        sa.Index("source_maps_by_debug_id", "debug_id"),
        sa.Index("source_maps_by_use", "used_us"),
        sqlite_autoincrement=True,
    )
