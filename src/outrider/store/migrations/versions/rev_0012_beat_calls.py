"""Keep the latest calls of each heartbeat instead of the last one, which run has seen them, and who listened when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables, and take the last call of each check along: a run has seen it, or will report it."""
    op.create_table(
        "beat_calls",
        sa.Column("number", _KEY, primary_key=True),
        sa.Column("check_key", _KEY, sa.ForeignKey("subjects.key"), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("exit_code", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("duration_us", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("beat_calls_by_check", "beat_calls", ["check_key", "number"])
    op.create_table(
        "beat_looks",
        sa.Column("check_key", _KEY, sa.ForeignKey("subjects.key"), primary_key=True),
        sa.Column("run_id", sa.LargeBinary(16), nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("upto", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "listening",
        sa.Column("from_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
    )
    columns = "check_key, at_us, exit_code, note"
    op.execute(f"INSERT INTO beat_calls ({columns}, kind, run) SELECT {columns}, 'end', '' FROM beats")  # noqa: S608
    op.drop_table("beats")
