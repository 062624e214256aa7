"""Add comments and assignees of incidents, annotations, and settings that were changed on a page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables; what was acknowledged before names nobody else."""
    op.add_column("acknowledgements", sa.Column("assignee", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "incident_comments",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("incident", sa.String, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("incident_comments_by_incident", "incident_comments", ["incident", "at_us"])
    op.create_table(
        "annotations",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("matchers", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
    )
    op.create_index("annotations_by_time", "annotations", ["at_us"])
    op.create_table(
        "setting_overrides",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
    )
