"""Add sums of sessions by release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Create the tables."""
    figures = ("sessions", "errored", "crashed", "abnormal")
    _create("release_days", *(sa.Column(name, sa.BigInteger, nullable=False) for name in figures), *_sketches())
    _create("release_hours", sa.Column("sessions", sa.BigInteger, nullable=False))


def _sketches() -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary, nullable=False) for name in ("user_sketch", "crashed_sketch")]


def _create(name: str, *columns: sa.Column[int] | sa.Column[bytes]) -> None:
    op.create_table(
        name,
        sa.Column("project", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("environment", sa.String, primary_key=True),
        sa.Column("release", sa.String, primary_key=True),
        *columns,
        sa.Index(f"{name}_by_number", "number"),
        sqlite_with_rowid=False,
    )
