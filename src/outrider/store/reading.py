"""Reading: checks, lines about runs, proofs, and the points of a series as arrays."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, select

from outrider.model import CheckId, Kind, Outcome, RunId
from outrider.store.catalogue import check_key
from outrider.store.schema import checks, circumstances, proofs, runs, samples, series
from outrider.store.values import Points, RunSummary, Series, StoredCheck, StoredProof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Join, Select, Table

Row = Any
"""A result row, whose columns SQLAlchemy does not type."""

_current = checks.alias("current_checks")
_CHECK_ID = func.coalesce(_current.c.id, checks.c.id)
_LINE = (
    runs.c.id, _CHECK_ID.label("check"), circumstances.c.environment, circumstances.c.location,
    runs.c.due_us, runs.c.started_us, runs.c.finished_us, runs.c.outcome, runs.c.reason,
)  # fmt: skip


def read_checks(connection: Connection) -> tuple[StoredCheck, ...]:
    """Return every check, by id."""
    rows = connection.execute(select(checks).order_by(checks.c.id)).all()
    former = defaultdict(list)
    for row in rows:
        former[row.alias_of].append(row)
    return tuple(_stored_check(row, former[row.key]) for row in former[None])


def read_runs(
    connection: Connection,
    *,
    pattern: str,
    outcome: Outcome | None,
    since_us: int | None,
    environment: str | None,
    location: str | None,
    limit: int | None,
) -> tuple[RunSummary, ...]:
    """Return the runs that fit, the latest due first."""
    statement = run_lines().order_by(runs.c.due_us.desc(), runs.c.key.desc()).limit(limit)
    if pattern != "*":
        statement = statement.where(runs.c.check_key.in_(_matching_checks(connection, pattern)))
    if outcome is not None:
        statement = statement.where(runs.c.outcome == outcome.value)
    if since_us is not None:
        statement = statement.where(runs.c.due_us >= since_us)
    if environment is not None:
        statement = statement.where(circumstances.c.environment == environment)
    if location is not None:
        statement = statement.where(circumstances.c.location == location)
    return tuple(summary_of(row) for row in connection.execute(statement))


def read_outcomes(
    connection: Connection, check: CheckId, *, environment: str, location: str, limit: int
) -> tuple[Outcome, ...]:
    """Return the outcomes of a check's latest runs in one place, the oldest first."""
    place = (circumstances.c.environment == environment, circumstances.c.location == location)
    statement = select(runs.c.outcome).join(circumstances, circumstances.c.key == runs.c.circumstances_key)
    statement = statement.where(runs.c.check_key.in_(own_keys(connection, check)), *place)
    rows = connection.execute(statement.order_by(runs.c.due_us.desc(), runs.c.key.desc()).limit(limit)).scalars()
    return tuple(Outcome(each) for each in rows)[::-1]


def read_last_runs(connection: Connection) -> tuple[RunSummary, ...]:
    """Return the latest run of every check that has one, by check id."""
    other = runs.alias()
    latest = (
        select(other.c.key)
        .where(other.c.check_key == checks.c.key)
        .order_by(other.c.due_us.desc(), other.c.key.desc())
        .limit(1)
        .correlate(checks)
        .scalar_subquery()
    )
    found = map(summary_of, connection.execute(run_lines().where(runs.c.key == latest).order_by(runs.c.due_us)))
    by_check = {line.check: line for line in found}
    return tuple(by_check[check] for check in sorted(by_check))


def read_series(connection: Connection, check: CheckId | None) -> tuple[Series, ...]:
    """Return the series of a check, or of all, ordered by their names."""
    name = (_CHECK_ID, series.c.step, series.c.metric, series.c.environment, series.c.location)
    statement = select(*name, series.c.key).select_from(_with_check(series)).order_by(*name, series.c.key)
    if check is not None:
        statement = statement.where(series.c.check_key.in_(own_keys(connection, check)))
    keys: dict[tuple[CheckId, str, str, str, str], list[int]] = defaultdict(list)
    for check_id, step, metric, environment, location, key in connection.execute(statement):
        keys[CheckId(check_id), step, metric, environment, location].append(key)
    return tuple(Series(*words, tuple(found)) for words, found in keys.items())


def read_points(
    connection: Connection, wanted: Series, *, since_us: int | None, until_us: int | None, judged_only: bool
) -> Points:
    """Return the points of a series with since_us <= at_us < until_us."""
    import numpy as np  # noqa: PLC0415 - dear, and only judges ask

    # One key by "=": SQLite would sort what "IN" finds, although it lies in order.
    key, *others = wanted.keys
    mine = samples.c.series_key.in_(wanted.keys) if others else samples.c.series_key == key
    statement = select(samples.c.at_us, samples.c.value).where(mine)
    statement = statement.order_by(samples.c.at_us, samples.c.run_key, samples.c.attempt)
    if since_us is not None:
        statement = statement.where(samples.c.at_us >= since_us)
    if until_us is not None:
        statement = statement.where(samples.c.at_us < until_us)
    if judged_only:
        statement = statement.where(samples.c.judged.is_(True))
    rows = connection.execute(statement).cursor.fetchall()  # the driver's own tuples, without SQLAlchemy's rows
    at_us = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return Points(at_us, np.fromiter((row[1] for row in rows), np.float64, len(rows)))


def read_proofs(connection: Connection, check: CheckId | None) -> tuple[StoredProof, ...]:
    """Return what was found the last time that a check, or each of them, was proved; by check and fault."""
    columns = (_CHECK_ID.label("check"), *(column for column in proofs.c if column.name != "check_key"))
    statement = select(*columns).select_from(_with_check(proofs)).order_by(_CHECK_ID, proofs.c.fault)
    if check is not None:
        statement = statement.where(proofs.c.check_key.in_(own_keys(connection, check)))
    rows = connection.execute(statement).all()
    last_us = dict(sorted((row.check, row.at_us) for row in rows))
    return tuple(_stored_proof(row) for row in rows if row.at_us == last_us[row.check])


def run_lines() -> Select[Any]:
    """Return the query for what `summary_of` shows."""
    joined = _with_check(runs).join(circumstances, circumstances.c.key == runs.c.circumstances_key)
    return select(*_LINE).select_from(joined)


def _with_check(table: Table) -> Join:
    """Join a table with the check that its rows were recorded for, and with the one that this is an alias of."""
    own = table.join(checks, checks.c.key == table.c.check_key)
    return own.outerjoin(_current, _current.c.key == checks.c.alias_of)


def own_keys(connection: Connection, check: CheckId) -> list[int]:
    """Return the keys of a check and of those that are aliases of it."""
    key = check_key(connection, check)
    if key is None:
        return []
    return [key, *connection.execute(select(checks.c.key).where(checks.c.alias_of == key)).scalars()]


def summary_of(row: Row) -> RunSummary:
    """Return the line about a run from a row of `run_lines`."""
    return RunSummary(
        _run_id(row.id), CheckId(row.check), row.environment, row.location,
        row.due_us, row.started_us, row.finished_us, Outcome(row.outcome), row.reason,
    )  # fmt: skip


def _stored_check(row: Row, former: Sequence[Row]) -> StoredCheck:
    kind = None if row.kind is None else Kind(row.kind)
    first_seen_us = min(one.first_seen_us for one in (row, *former))
    last_seen_us = max(one.last_seen_us for one in (row, *former))
    aliases = tuple(CheckId(one.id) for one in former)
    return StoredCheck(CheckId(row.id), kind, row.path, row.name, first_seen_us, last_seen_us, aliases)


def _matching_checks(connection: Connection, pattern: str) -> list[int]:
    """Return the checks whose id or former id is `pattern` or fits it; brackets of parametrised tests stay literal."""
    rows = connection.execute(select(checks.c.id, checks.c.key, checks.c.alias_of)).all()
    literal = pattern.replace("[", "[[]")
    wanted = {row.alias_of or row.key for row in rows if row.id == pattern or fnmatchcase(row.id, literal)}
    return [row.key for row in rows if (row.alias_of or row.key) in wanted]


def _stored_proof(row: Row) -> StoredProof:
    outcome = Outcome(row.outcome)
    return StoredProof(CheckId(row.check), row.fault, row.at_us, outcome, row.noticed, row.reason, row.snapshot)


def _run_id(stored: bytes) -> RunId:
    return RunId(str(UUID(bytes=bytes(stored))))
