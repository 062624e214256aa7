"""Lines about runs, read; and how rows are joined with their check."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, select

from outrider.model import CheckId, Excerpt, Outcome, RunId, RunSummary
from outrider.store.key_cache import subject_key
from outrider.store.schema import attempt_artifacts, circumstances, runs, subjects

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Join, Select, Table

    from outrider.model import ArtifactKind, Run, Subject

Row = Any
"""A result row, whose columns SQLAlchemy does not type."""

_current = subjects.alias("current_subjects")
CURRENT_ID = func.coalesce(_current.c.id, subjects.c.id)
_LINE = (
    runs.c.id, CURRENT_ID.label("check"), circumstances.c.environment, circumstances.c.location,
    runs.c.due_us, runs.c.started_us, runs.c.finished_us, runs.c.outcome, runs.c.reason, runs.c.due_count,
)  # fmt: skip


def read_runs(
    connection: Connection,
    *,
    pattern: str,
    outcome: Outcome | None,
    since_us: int | None,
    until_us: int | None,
    environment: str | None,
    location: str | None,
    limit: int | None,
) -> Excerpt[RunSummary]:
    """Return the runs that fit, the latest due first."""
    statement = run_lines().order_by(runs.c.due_us.desc(), runs.c.key.desc()).limit(limit_and_one(limit))
    if pattern != "*":
        statement = statement.where(runs.c.check_key.in_(matching_checks(connection, pattern)))
    if outcome is not None:
        statement = statement.where(runs.c.outcome == outcome.value)
    if since_us is not None:
        statement = statement.where(runs.c.due_us >= since_us)
    if until_us is not None:
        statement = statement.where(runs.c.due_us < until_us)
    if environment is not None:
        statement = statement.where(circumstances.c.environment == environment)
    if location is not None:
        statement = statement.where(circumstances.c.location == location)
    return Excerpt.within(map(summary_of, connection.execute(statement)), limit)


def limit_and_one(limit: int | None) -> int | None:
    """Return how many rows to ask for, so that it shows whether there are more than `limit`."""
    return None if limit is None else limit + 1


def read_outcomes(
    connection: Connection, check: CheckId, *, environment: str, location: str, limit: int
) -> tuple[Outcome, ...]:
    """Return the outcomes of a check's latest runs in one place, the oldest first."""
    place = (circumstances.c.environment == environment, circumstances.c.location == location)
    statement = select(runs.c.outcome).join(circumstances, circumstances.c.key == runs.c.circumstances_key)
    statement = statement.where(runs.c.check_key.in_(own_keys(connection, check)), *place)
    rows = connection.execute(statement.order_by(runs.c.due_us.desc(), runs.c.key.desc()).limit(limit)).scalars()
    return tuple(Outcome(outcome) for outcome in rows)[::-1]


def read_has_passed(connection: Connection, run: Run) -> bool:
    """Whether a check passed in a run's place and from its snapshot."""
    snapshot = run.circumstances.snapshot
    same = (
        circumstances.c.environment == run.environment,
        circumstances.c.location == run.location,
        circumstances.c.snapshot == snapshot,
        runs.c.outcome.in_([Outcome.PASSED, Outcome.PASSED_ON_RETRY]),
    )
    statement = select(runs.c.key).join(circumstances, circumstances.c.key == runs.c.circumstances_key)
    statement = statement.where(runs.c.check_key.in_(own_keys(connection, run.check)), *same).limit(1)
    return bool(snapshot) and connection.execute(statement).first() is not None


def read_last_good(
    connection: Connection, check: CheckId, *, environment: str, location: str, until_us: int, kind: ArtifactKind | None
) -> RunSummary | None:
    """Return the newest run of a check in a place that passed at once before a time, with an artifact of a kind."""
    statement = run_lines().where(
        runs.c.check_key.in_(own_keys(connection, check)),
        circumstances.c.environment == environment,
        circumstances.c.location == location,
        runs.c.outcome == Outcome.PASSED.value,
        runs.c.due_us < until_us,
    )
    if kind is not None:
        has_kind = (attempt_artifacts.c.run_key == runs.c.key) & (attempt_artifacts.c.kind == kind.value)
        statement = statement.where(exists().where(has_kind))
    row = connection.execute(statement.order_by(runs.c.due_us.desc(), runs.c.key.desc()).limit(1)).first()
    return None if row is None else summary_of(row)


def read_last_runs(connection: Connection) -> tuple[RunSummary, ...]:
    """Return the latest run of every check that has one, by check id."""
    other = runs.alias()
    latest = (
        select(other.c.key)
        .where(other.c.check_key == subjects.c.key)
        .order_by(other.c.due_us.desc(), other.c.key.desc())
        .limit(1)
        .correlate(subjects)
        .scalar_subquery()
    )
    lines = map(summary_of, connection.execute(run_lines().where(runs.c.key == latest).order_by(runs.c.due_us)))
    by_check = {line.check: line for line in lines}
    return tuple(by_check[check] for check in sorted(by_check))


def run_lines() -> Select[Any]:
    """Return the query for what `summary_of` shows."""
    joined = with_subject(runs, runs.c.check_key).join(circumstances, circumstances.c.key == runs.c.circumstances_key)
    return select(*_LINE).select_from(joined)


def with_subject(table: Table, key: ColumnElement[int]) -> Join:
    """Join a table with the subject that its rows were recorded for, and with the one that this is an alias of."""
    own = table.join(subjects, subjects.c.key == key)
    return own.outerjoin(_current, _current.c.key == subjects.c.alias_of)


def own_keys(connection: Connection, subject: Subject) -> list[int]:
    """Return the keys of a subject and of those that are aliases of it."""
    key = subject_key(connection, subject)
    if key is None:
        return []
    return [key, *connection.execute(select(subjects.c.key).where(subjects.c.alias_of == key)).scalars()]


def summary_of(row: Row) -> RunSummary:
    """Return the line about a run from a row of `run_lines`."""
    return RunSummary(
        _run_id(row.id), CheckId(row.check), row.environment, row.location,
        row.due_us, row.started_us, row.finished_us, Outcome(row.outcome), row.reason, row.due_count,
    )  # fmt: skip


def matching_checks(connection: Connection, pattern: str) -> list[int]:
    """Return the checks whose id or former id is `pattern` or fits it; brackets of parametrised tests stay literal."""
    rows = connection.execute(select(subjects.c.id, subjects.c.key, subjects.c.alias_of)).all()
    literal = pattern.replace("[", "[[]")
    wanted = {row.alias_of or row.key for row in rows if row.id == pattern or fnmatchcase(row.id, literal)}
    return [row.key for row in rows if (row.alias_of or row.key) in wanted]


def _run_id(stored: bytes) -> RunId:
    digits = bytes(stored).hex()  # as `str(UUID(...))`, at a third of its cost: the overview reads a thousand
    return RunId(f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}")
