"""The tables. Times are integer microseconds UTC; durations are milliseconds.

Samples are clustered by series and time (`WITHOUT ROWID` in SQLite): a series is read as one range.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

checks = Table(
    "checks",
    metadata,
    Column("id", String, primary_key=True),
    Column("first_seen_us", BigInteger, nullable=False),
    Column("last_seen_us", BigInteger, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("check_id", ForeignKey("checks.id"), nullable=False),
    Column("environment", String, nullable=False),
    Column("location", String, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("release", String, nullable=False),
    Column("browser", String, nullable=False),
    Column("outrider_version", String, nullable=False),
    Column("host", String, nullable=False),
    Column("snapshot", String, nullable=False),
    Index("runs_by_check", "check_id", "due_us"),
    Index("runs_by_time", "due_us"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("measured", Boolean, nullable=False),
    Column("evidence", Boolean, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("host", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("trace_ids", Text, nullable=False),
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("key", String, nullable=False),
    Column("title", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("offset_ms", Float, nullable=False),
    Column("duration_ms", Float),
    Column("parent", String),
    Column("source", String, nullable=False),
    Column("error", Text),
    sqlite_with_rowid=False,
)

errors = Table(
    "errors",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("source", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("stack", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("step", String, nullable=False),
    Column("offset_ms", Float),
    sqlite_with_rowid=False,
)

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("check_id", ForeignKey("checks.id"), nullable=False),
    Column("step", String, nullable=False),
    Column("metric", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("location", String, nullable=False),
    UniqueConstraint("check_id", "step", "metric", "environment", "location"),
)

samples = Table(
    "samples",
    metadata,
    Column("series_id", Integer, primary_key=True),
    Column("due_us", BigInteger, primary_key=True),
    Column("run_id", String(36), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("value", Float, nullable=False),
    Column("measured", Boolean, nullable=False),
    Index("samples_by_run", "run_id"),
    sqlite_with_rowid=False,
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Index("artifacts_by_digest", "digest"),
    sqlite_with_rowid=False,
)

proofs = Table(
    "proofs",
    metadata,
    Column("check_id", String, primary_key=True),
    Column("fault", String, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("outcome", String, nullable=False),
    Column("noticed", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("snapshot", String, nullable=False),
)
