"""Which steps each check has in each place, all checks at once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from outrider.model import CheckId, Outcome, Step, StepKind
from outrider.store.schema import attempt_steps, attempts, circumstances, runs, series, steps, subjects
from outrider.store.whole_runs import step_of, step_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

Place = tuple[CheckId, str, str]
"""A check's id, environment and location."""

_KEYS_AT_ONCE = 500


def read_known_steps(connection: Connection, until_us: int) -> dict[Place, tuple[Step, ...]]:
    """Return the steps that the last run which passed at once before then was measured by, by check and place.

    Where retention has deleted those, they are all steps on the first level that the check was ever seen with, without
    their times.
    """
    ids = _current_ids(connection)
    places = select(series.c.subject_key, series.c.environment, series.c.location).distinct().subquery()
    last = (
        select(runs.c.key)
        .join(circumstances, circumstances.c.key == runs.c.circumstances_key)
        .where(runs.c.check_key == places.c.subject_key, runs.c.outcome == Outcome.PASSED.value)
        .where(circumstances.c.environment == places.c.environment, circumstances.c.location == places.c.location)
        .where(runs.c.due_us < until_us)
        .order_by(runs.c.due_us.desc(), runs.c.key.desc())
        .limit(1)
        .correlate(places)
        .scalar_subquery()
    )
    statement = select(places, runs.c.key, runs.c.due_us).select_from(places.outerjoin(runs, runs.c.key == last))
    latest: dict[Place, tuple[int, int]] = {}
    for check, environment, location, key, due_us in connection.execute(statement):
        place = (ids[check], environment, location)
        latest[place] = max(latest.get(place, (0, 0)), (due_us or 0, key or 0))
    measured = _measured(connection, [key for _, key in latest.values()])
    seen = _seen(connection, ids)
    return {place: measured.get(key) or seen[place[0]] for place, (_, key) in latest.items()}


def _current_ids(connection: Connection) -> dict[int, CheckId]:
    """Return the id of each check by its key and by those of its former names."""
    rows = connection.execute(select(subjects.c.key, subjects.c.id, subjects.c.alias_of)).all()
    ids = {row.key: CheckId(row.id) for row in rows}
    return {row.key: ids[row.alias_of or row.key] for row in rows}


def _measured(connection: Connection, run_keys: Sequence[int]) -> dict[int, tuple[Step, ...]]:
    """Return the steps of runs' measured attempts by the runs' keys."""
    steps_by_run: dict[int, list[Step]] = defaultdict(list)
    own = attempt_steps.c
    of_attempt = and_(attempts.c.run_key == own.run_key, attempts.c.number == own.attempt)
    statement = step_rows().join(attempts, of_attempt).where(attempts.c.measured.is_(True))
    for start in range(0, len(run_keys), _KEYS_AT_ONCE):
        for row in connection.execute(statement.where(own.run_key.in_(run_keys[start : start + _KEYS_AT_ONCE]))):
            steps_by_run[row.run_key].append(step_of(row))
    return {key: tuple(measured) for key, measured in steps_by_run.items()}


def _seen(connection: Connection, ids: dict[int, CheckId]) -> defaultdict[CheckId, tuple[Step, ...]]:
    """Return the steps on the first level that each check was ever seen with, each by its latest spelling."""
    statement = select(steps).where(steps.c.parent == "").order_by(steps.c.last_seen_us, steps.c.key)
    steps_by_check: dict[CheckId, dict[str, Step]] = defaultdict(dict)
    for row in connection.execute(statement):
        steps_by_check[ids[row.check_key]][row.step] = Step(row.step, row.title, StepKind(row.kind), 0.0, None)
    return defaultdict(tuple, {check: tuple(by_name.values()) for check, by_name in steps_by_check.items()})
