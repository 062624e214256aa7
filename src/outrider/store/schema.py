"""The tables: what the newest migration leaves behind.

Times are integer microseconds UTC; durations are integer microseconds on a monotonic clock. Surrogate keys are small
integers named `key`, so that the rows which come by the million stay short: a run's identity is sixteen bytes in one
place, and everything that belongs to it carries its key.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

REVISIONS = (
    "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012", "0013",
    "0014", "0015", "0016", "0017", "0018", "0019", "0020", "0021", "0022", "0023", "0024", "0025", "0026",
    "0027", "0028", "0029", "0030", "0031",
)  # fmt: skip
"""Every revision this program knows, oldest first; the last is the one it works with."""

APPLICATION_ID = 0x4F555452
"""SQLite's mark that a file is ours: "OUTR" in its header."""

Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the type is exactly INTEGER."""

NO_RUN = 0
"""In place of a run's key, which are positive."""

metadata = MetaData()

store_info = Table(
    "store_info", metadata,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)  # fmt: skip

# Checks, and whatever else has series; `kind` is unknown where only runs name a check.
subjects = Table(
    "subjects", metadata,
    Column("key", Key, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text),
    Column("path", Text),
    Column("name", Text),
    Column("first_seen_us", BigInteger, nullable=False),
    Column("last_seen_us", BigInteger, nullable=False),
    Column("alias_of", ForeignKey("subjects.key"), index=True),
)  # fmt: skip

circumstances = Table(
    "circumstances", metadata,
    Column("key", Key, primary_key=True),
    *(Column(name, Text, nullable=False)
      for name in ("environment", "location", "release", "browser", "outrider_version", "host", "snapshot")),
    UniqueConstraint("environment", "location", "release", "browser", "outrider_version", "host", "snapshot"),
)  # fmt: skip

runs = Table(
    "runs", metadata,
    Column("key", Key, primary_key=True),
    Column("id", LargeBinary(16), nullable=False, unique=True),
    Column("check_key", ForeignKey("subjects.key"), nullable=False),
    Column("circumstances_key", ForeignKey("circumstances.key"), nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("due_count", Integer, nullable=False, server_default="1"),
    Index("runs_by_check", "check_key", "due_us"),
    Index("runs_by_time", "due_us"),
)  # fmt: skip

attribute_sets = Table(
    "attribute_sets", metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("json", Text, nullable=False),
    Column("last_seen_us", BigInteger, nullable=False),
)  # fmt: skip

# No foreign key to attribute_sets, nor from attempt_steps to steps: each would need an index of its own to be checked
# on deletion. `retention` deletes them only when no run young enough to refer to them is left.
attempts = Table(
    "attempts", metadata,
    Column("run_key", ForeignKey("runs.key", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("measured", Boolean, nullable=False),
    Column("evidence", Boolean, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("duration_us", BigInteger, nullable=False),
    Column("processors", Integer),
    Column("load_1m", Float),
    Column("own_share", Float),
    Column("other_share", Float),
    Column("memory_available_bytes", BigInteger),
    Column("attribute_set_key", Key),
    Column("omitted", Text),
    sqlite_with_rowid=False,
)  # fmt: skip

steps = Table(
    "steps", metadata,
    Column("key", Key, primary_key=True),
    Column("check_key", ForeignKey("subjects.key"), nullable=False),
    Column("step", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("last_seen_us", BigInteger, nullable=False),
    UniqueConstraint("check_key", "step", "kind", "title", "parent", "source"),
)  # fmt: skip

attempt_steps = Table(
    "attempt_steps", metadata,
    Column("run_key", Key, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("step_key", Key, nullable=False),
    Column("offset_us", BigInteger, nullable=False),
    Column("duration_us", BigInteger),
    Column("error", Text),
    ForeignKeyConstraint(["run_key", "attempt"], ["attempts.run_key", "attempts.number"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)  # fmt: skip

errors = Table(
    "errors", metadata,
    Column("run_key", Key, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("stack", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("offset_us", BigInteger),
    ForeignKeyConstraint(["run_key", "attempt"], ["attempts.run_key", "attempts.number"], ondelete="CASCADE"),
)  # fmt: skip

series = Table(
    "series", metadata,
    Column("key", Key, primary_key=True),
    Column("subject_key", ForeignKey("subjects.key"), nullable=False),
    Column("step", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("location", Text, nullable=False),
    UniqueConstraint("subject_key", "environment", "location", "step", "metric"),
)  # fmt: skip

# Clustered by (series, time): a judge reads one contiguous range. No foreign key to runs, which would need an index by
# run as large as the table; a run's samples are found through its check's series, and leave before the run does.
# An aggregate belongs to no run: its run_key is `NO_RUN`, so that a series has at most one of them at a time.
samples = Table(
    "samples", metadata,
    Column("series_key", ForeignKey("series.key"), primary_key=True),
    Column("at_us", BigInteger, primary_key=True),
    Column("run_key", Key, primary_key=True),
    Column("attempt", SmallInteger, primary_key=True),
    Column("judged", Boolean, nullable=False),
    Column("value", Float, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip

artifacts = Table(
    "artifacts", metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("bytes", BigInteger, nullable=False),
)  # fmt: skip

attempt_artifacts = Table(
    "attempt_artifacts", metadata,
    Column("run_key", Key, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("artifact_key", ForeignKey("artifacts.key"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    ForeignKeyConstraint(["run_key", "attempt"], ["attempts.run_key", "attempts.number"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)  # fmt: skip

proofs = Table(
    "proofs", metadata,
    Column("check_key", ForeignKey("subjects.key"), primary_key=True),
    Column("at_us", BigInteger, primary_key=True),
    Column("fault", String, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("noticed", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
)  # fmt: skip

releases = Table(
    "releases", metadata,
    Column("environment", String, primary_key=True),
    Column("at_us", BigInteger, primary_key=True),
    Column("name", String, primary_key=True),
    Column("accepted", Boolean, nullable=False),
)  # fmt: skip

# What the judge knows of a series after a run; rebuilt from samples if it is lost.
checkpoints = Table(
    "checkpoints", metadata,
    Column("series_key", ForeignKey("series.key"), primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("condition", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
)  # fmt: skip

beat_calls = Table(
    "beat_calls", metadata,
    Column("number", Key, primary_key=True),
    Column("check_key", ForeignKey("subjects.key"), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("exit_code", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("duration_us", BigInteger),
    Index("beat_calls_by_check", "check_key", "number"),
    sqlite_autoincrement=True,
)  # fmt: skip

beat_looks = Table(
    "beat_looks", metadata,
    Column("check_key", ForeignKey("subjects.key"), primary_key=True),
    Column("run_id", LargeBinary(16), nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("upto", BigInteger, nullable=False),
)  # fmt: skip

listening = Table(
    "listening", metadata,
    Column("from_us", BigInteger, primary_key=True, autoincrement=False),
    Column("until_us", BigInteger, nullable=False),
)  # fmt: skip

loads = Table(
    "loads", metadata,
    Column("run_key", Key, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("result", LargeBinary, nullable=False),
    ForeignKeyConstraint(["run_key", "attempt"], ["attempts.run_key", "attempts.number"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)  # fmt: skip

# A trace may be in several steps and attempts; `ordinal` is the order of the requests that named it.
trace_link = Table(
    "trace_link", metadata,
    Column("run_key", Key, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("trace_id", LargeBinary(16), nullable=False),
    Column("step", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    ForeignKeyConstraint(["run_key", "attempt"], ["attempts.run_key", "attempts.number"], ondelete="CASCADE"),
    Index("trace_link_by_trace", "trace_id"),
    sqlite_with_rowid=False,
)  # fmt: skip

incidents = Table(
    "incidents", metadata,
    Column("id", String, primary_key=True),
    Column("phase", String, nullable=False),
    Column("began_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("state", Text, nullable=False),
    Index("incidents_by_phase", "phase", "began_us"),
)  # fmt: skip

watches = Table(
    "watches", metadata,
    Column("subject", String, primary_key=True),
    Column("incident", String, nullable=False),
    Column("state", Text, nullable=False),
    Index("watches_by_incident", "incident"),
)  # fmt: skip

alert_groups = Table(
    "alert_groups", metadata,
    Column("key", String, primary_key=True),
    Column("state", Text, nullable=False),
)  # fmt: skip

# The outbox: a row is written in the transaction of its transition.
notifications = Table(
    "notifications", metadata,
    Column("key", Key, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("receiver", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("status", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("done_us", BigInteger),
    Column("note", Text, nullable=False),
    Column("message", Text, nullable=False),
    Index("notifications_by_receiver", "receiver", "status", "due_us"),
    Index("notifications_by_topic", "topic", "receiver"),
)  # fmt: skip

silences = Table(
    "silences", metadata,
    Column("id", String, primary_key=True),
    Column("starts_us", BigInteger, nullable=False),
    Column("ends_us", BigInteger, nullable=False),
    Column("matchers", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
)  # fmt: skip

# Acknowledgements from command lines, until the process that writes incidents has processed them.
acknowledgements = Table(
    "acknowledgements", metadata,
    Column("key", Key, primary_key=True),
    Column("incident", String, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("action", String, nullable=False),
    Column("author", Text, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("assignee", Text, nullable=False, server_default=""),
)  # fmt: skip

incident_comments = Table(
    "incident_comments", metadata,
    Column("key", Key, primary_key=True),
    Column("incident", String, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("incident_comments_by_incident", "incident", "at_us"),
)  # fmt: skip

annotation_entries = Table(
    "annotations", metadata,
    Column("id", String, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("matchers", Text, nullable=False),
    Column("author", Text, nullable=False),
    Index("annotations_by_time", "at_us"),
)  # fmt: skip

# Values that are set on the page of settings; `value` is JSON. They hold in the place of those in files.
setting_overrides = Table(
    "setting_overrides", metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
)  # fmt: skip

saved_views = Table(
    "saved_views", metadata,
    Column("page", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("query", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("saved_us", BigInteger, nullable=False),
)  # fmt: skip

# What is due and not stored yet. A run leaves the queue in the transaction that stores it.
queue = Table(
    "queue", metadata,
    Column("run_id", LargeBinary(16), primary_key=True),
    Column("check_id", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("leased_by", Text),
    Column("lease_until_us", BigInteger),
    Column("worker", Text),  # the instance that has it, in a location; empty once no result is awaited
    Column("lease", Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)  # fmt: skip

leader = Table(
    "leader", metadata,
    Column("name", String, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("planned_until_us", BigInteger, nullable=False),
    Column("era", BigInteger, nullable=False),
)  # fmt: skip

pauses = Table(
    "pauses", metadata,
    Column("check_id", String, primary_key=True),
    Column("since_us", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)  # fmt: skip


def _rollup(name: str) -> Table:
    """Return a table of what the judged samples of each series came to in each hour or UTC day, by its number."""
    return Table(
        name, metadata,
        Column("series_key", ForeignKey("series.key"), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("count", BigInteger, nullable=False),
        Column("sum", Float, nullable=False),
        Column("min", Float, nullable=False),
        Column("max", Float, nullable=False),
        Column("histogram", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )  # fmt: skip


def _outcomes(name: str) -> Table:
    """Return a table of how many runs of each check ended how in each hour or UTC day, by its number."""
    return Table(
        name, metadata,
        Column("number", Integer, primary_key=True),
        Column("check_key", ForeignKey("subjects.key"), primary_key=True),
        Column("circumstances_key", ForeignKey("circumstances.key"), primary_key=True),
        Column("outcome", String, primary_key=True),
        Column("runs", BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )  # fmt: skip


hours, days = _rollup("hours"), _rollup("days")
outcome_hours, outcome_days = _outcomes("outcome_hours"), _outcomes("outcome_days")

# Runs that were stored after the rollup of their hour had begun; a row leaves in the transaction that counts its run.
late_runs = Table(
    "late_runs", metadata,
    Column("run_key", Key, primary_key=True, autoincrement=False),
    Column("check_key", ForeignKey("subjects.key"), nullable=False),
    Column("at_us", BigInteger, nullable=False),
)  # fmt: skip

# Hours that have aggregates, which have no run by which they would be found.
aggregate_hours = Table(
    "aggregate_hours", metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
)  # fmt: skip

# Aggregates that were stored after the rollup of their hour had begun; a row leaves in the transaction that counts it.
late_aggregates = Table(
    "late_aggregates", metadata,
    Column("at_us", BigInteger, primary_key=True, autoincrement=False),
    Column("series_key", ForeignKey("series.key"), primary_key=True),
    sqlite_with_rowid=False,
)  # fmt: skip

# Series of subjects that are no checks, with aggregates that are not judged yet: the time of the first of them, and how
# often some were written, which tells whether more came while they were judged.
unjudged_series = Table(
    "unjudged_series", metadata,
    Column("series_key", ForeignKey("series.key"), primary_key=True, autoincrement=False),
    Column("since_us", BigInteger, nullable=False),
    Column("writes", BigInteger, nullable=False),
)  # fmt: skip
