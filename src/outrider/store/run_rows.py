"""Lines about runs, read; and how rows are joined with their check."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, select

from outrider.model import CheckId, Excerpt, Outcome, RunId, RunSummary, identity
from outrider.store.joined_queries import rows_of_each
from outrider.store.key_cache import subject_key
from outrider.store.queue_rows import run_bytes
from outrider.store.schema import attempt_artifacts, circumstances, runs, subjects

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection, Join, Select, Table

    from outrider.model import ArtifactKind, Run, Subject

Row = Any
"""A result row, whose columns SQLAlchemy does not type."""

_LATEST_OUTCOMES = """
    SELECT * FROM (
        SELECT {n} AS number, runs.due_us, runs.key, runs.outcome
        FROM runs JOIN circumstances ON circumstances.key = runs.circumstances_key
        WHERE runs.check_key = :check{n}
            AND circumstances.environment = :environment{n} AND circumstances.location = :location{n}
            AND runs.key <= (SELECT stored.key FROM runs AS stored WHERE stored.id = :run{n})
        ORDER BY runs.due_us DESC, runs.key DESC LIMIT :limit{n}
    ) AS latest{n}
"""

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


def read_outcomes(connection: Connection, wanted: Sequence[Run], limit: int) -> tuple[tuple[Outcome, ...], ...]:
    """Return for each run the outcomes of its check's latest runs in its place that were stored until it was."""
    keys = own_keys_of(connection, {run.check for run in wanted})
    asked = [(number, key) for number, run in enumerate(wanted) for key in keys[run.check]]
    places = [
        {
            "check": key,
            "environment": wanted[number].environment,
            "location": wanted[number].location,
            "run": run_bytes(wanted[number].id),
            "limit": limit,
        }
        for number, key in asked
    ]
    latest: list[list[tuple[Any, ...]]] = [[] for _ in wanted]
    for (number, _), rows in zip(asked, rows_of_each(connection, _LATEST_OUTCOMES, places), strict=True):
        latest[number] += rows
    return tuple(tuple(Outcome(outcome) for *_, outcome in sorted(rows)[-limit:]) for rows in latest)


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


def own_keys_of(connection: Connection, wanted: Collection[Subject]) -> dict[Subject, list[int]]:
    """Return the keys of each subject and of those that are aliases of it."""
    key = func.coalesce(subjects.c.alias_of, subjects.c.key)
    identities = {identity(subject): subject for subject in wanted}
    rows = connection.execute(select(subjects.c.id, key).where(subjects.c.id.in_(identities))).all()
    aliases = select(subjects.c.alias_of, subjects.c.key).where(subjects.c.alias_of.in_([own for _, own in rows]))
    former: dict[int, list[int]] = defaultdict(list)
    for own, alias in connection.execute(aliases):
        former[own].append(alias)
    known = {identities[subject_id]: [own, *former[own]] for subject_id, own in rows}
    return {subject: known.get(subject, []) for subject in wanted}


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
