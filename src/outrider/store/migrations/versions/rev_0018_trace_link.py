"""Add the links between runs and traces, and move the ids of traces that attempts hold there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID_BYTES = 16
_MOVE = sa.text(
    "INSERT INTO trace_link (run_key, attempt, ordinal, trace_id, step, kind, source)"
    " SELECT a.run_key, a.number, :ordinal, substr(a.trace_ids, :place, 16), '', 'synthetic',"
    " CASE WHEN s.id LIKE 'journey:%' THEN 'page' ELSE 'outrider' END"
    " FROM attempts a JOIN runs r ON r.key = a.run_key JOIN subjects s ON s.key = r.check_key"
    " WHERE length(a.trace_ids) >= :place"
)


def upgrade() -> None:
    """Create the table and fill it; which step a trace belongs to was not kept before."""
    op.create_table(
        "trace_link",
        sa.Column("run_key", _KEY, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("trace_id", sa.LargeBinary(16), nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["run_key", "attempt"], ["attempts.run_key", "attempts.number"], ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("trace_link_by_trace", "trace_link", ["trace_id"])
    ordinal = 0
    while op.get_bind().execute(_MOVE, {"ordinal": ordinal, "place": 1 + ordinal * _ID_BYTES}).rowcount:
        ordinal += 1
    op.drop_column("attempts", "trace_ids")
