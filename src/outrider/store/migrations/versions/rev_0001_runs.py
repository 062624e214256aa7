"""Create checks, runs, attempts, steps, series, samples and artifacts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_CIRCUMSTANCES = ("environment", "location", "release", "browser", "outrider_version", "host", "snapshot")


def upgrade() -> None:
    """Create everything of the first revision."""
    _create_catalogue()
    _create_runs()
    _create_attempts()
    _create_steps_and_errors()
    _create_samples()
    _create_artifacts()


def _create_catalogue() -> None:
    op.create_table(
        "store_info",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "checks",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text),
        sa.Column("path", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("first_seen_us", sa.BigInteger, nullable=False),
        sa.Column("last_seen_us", sa.BigInteger, nullable=False),
        sa.Column("alias_of", _KEY, sa.ForeignKey("checks.key"), index=True),
    )
    op.create_table(
        "circumstances",
        sa.Column("key", _KEY, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in _CIRCUMSTANCES),
        sa.UniqueConstraint(*_CIRCUMSTANCES),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("id", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("check_key", _KEY, sa.ForeignKey("checks.key"), nullable=False),
        sa.Column("circumstances_key", _KEY, sa.ForeignKey("circumstances.key"), nullable=False),
        sa.Column("due_us", sa.BigInteger, nullable=False),
        sa.Column("started_us", sa.BigInteger, nullable=False),
        sa.Column("finished_us", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("runs_by_check", "runs", ["check_key", "due_us"])
    op.create_index("runs_by_time", "runs", ["due_us"])


def _create_attempts() -> None:
    op.create_table(
        "attribute_sets",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("json", sa.Text, nullable=False),
        sa.Column("last_seen_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("run_key", _KEY, sa.ForeignKey("runs.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("measured", sa.Boolean, nullable=False),
        sa.Column("evidence", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("started_us", sa.BigInteger, nullable=False),
        sa.Column("duration_us", sa.BigInteger, nullable=False),
        sa.Column("processors", sa.Integer),
        sa.Column("load_1m", sa.Float),
        sa.Column("own_share", sa.Float),
        sa.Column("other_share", sa.Float),
        sa.Column("memory_available_bytes", sa.BigInteger),
        sa.Column("attribute_set_key", _KEY),
        sa.Column("trace_ids", sa.LargeBinary),
        sa.Column("omitted", sa.Text),
        sqlite_with_rowid=False,
    )


def _attempt_columns() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("run_key", _KEY, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("ordinal", sa.Integer, primary_key=True),
        sa.ForeignKeyConstraint(["run_key", "attempt"], ["attempts.run_key", "attempts.number"], ondelete="CASCADE"),
    )


def _create_steps_and_errors() -> None:
    op.create_table(
        "steps",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("check_key", _KEY, sa.ForeignKey("checks.key"), nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("parent", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("last_seen_us", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("check_key", "step", "kind", "title", "parent", "source"),
    )
    op.create_table(
        "attempt_steps",
        *_attempt_columns(),
        sa.Column("step_key", _KEY, nullable=False),
        sa.Column("offset_us", sa.BigInteger, nullable=False),
        sa.Column("duration_us", sa.BigInteger),
        sa.Column("error", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "errors",
        *_attempt_columns(),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("stack", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("offset_us", sa.BigInteger),
    )


def _create_samples() -> None:
    op.create_table(
        "series",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("check_key", _KEY, sa.ForeignKey("checks.key"), nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.UniqueConstraint("check_key", "environment", "location", "step", "metric"),
    )
    op.create_table(
        "samples",
        sa.Column("series_key", _KEY, sa.ForeignKey("series.key"), primary_key=True),
        sa.Column("at_us", sa.BigInteger, primary_key=True),
        sa.Column("run_key", _KEY, primary_key=True),
        sa.Column("attempt", sa.SmallInteger, primary_key=True),
        sa.Column("judged", sa.Boolean, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )


def _create_artifacts() -> None:
    op.create_table(
        "artifacts",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "attempt_artifacts",
        *_attempt_columns(),
        sa.Column("artifact_key", _KEY, sa.ForeignKey("artifacts.key"), nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
