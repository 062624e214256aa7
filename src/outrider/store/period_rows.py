"""What many checks did: their last runs, and outcomes and durations by hour and day, as far as rollups go from them."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select, tuple_

from outrider.model import CheckId, Excerpt, Outcome, PeriodCount, PeriodDuration, RunFacts, RunPosition, identity
from outrider.store.histogram_codec import unpack_histogram
from outrider.store.key_cache import read_mark
from outrider.store.rollup_job import DAYS_DONE, HOURS_DONE
from outrider.store.rollups import DAY_HOURS, HOUR_US
from outrider.store.run_rows import limit_and_one, own_keys, run_lines, summary_of
from outrider.store.schema import (
    attempts,
    attribute_sets,
    circumstances,
    hours,
    outcome_days,
    outcome_hours,
    runs,
    samples,
    series,
    subjects,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Table

    from outrider.model import RunSummary

DAY_US = DAY_HOURS * HOUR_US
_METRIC = "duration_ms"
_P95 = 0.95
_FACTS = ("browser", "outrider_version", "host", "snapshot")

CountRow = tuple[int, int, int, str, int]
"""Number of the hour or day, check's key, circumstances' key, outcome, and how many runs."""

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


def read_last_runs_by_place(
    connection: Connection, checks: Collection[CheckId], until_us: int, depth: int
) -> tuple[RunSummary, ...]:
    """Return the latest run of each check in each place, among its last `depth` runs."""
    other = runs.alias()
    latest = (
        select(other.c.key)
        .where(other.c.check_key == subjects.c.key, other.c.due_us < until_us)
        .order_by(other.c.due_us.desc(), other.c.key.desc())
        .limit(depth)
        .correlate(subjects)
    )
    chosen = runs.c.key == latest.scalar_subquery() if depth == 1 else runs.c.key.in_(latest)
    statement = run_lines().where(subjects.c.key.in_(_keys(connection, checks)), chosen)
    rows = connection.execute(statement.order_by(runs.c.due_us, runs.c.key))
    newest = {(row.check, row.environment, row.location): row for row in rows}
    named = {identity(check): check for check in checks}
    summaries = map(summary_of, newest.values())
    return tuple(
        summary if (name := named.get(summary.check, summary.check)) == summary.check else replace(summary, check=name)
        for summary in summaries
    )


def read_outcome_hours(
    connection: Connection, checks: Collection[CheckId], since_us: int, until_us: int
) -> tuple[PeriodCount, ...]:
    """Return how runs ended by hour: from rollups, and from runs where those end."""
    keys = _keys(connection, checks)
    return _counted(connection, keys, _by_hour(connection, list(keys), since_us, until_us), HOUR_US)


def read_outcome_days(
    connection: Connection, checks: Collection[CheckId], since_us: int, until_us: int
) -> tuple[PeriodCount, ...]:
    """Return how runs ended by UTC day: from rollups of days, of hours where those end, then from runs."""
    keys = _keys(connection, checks)
    first, end = since_us // DAY_US, read_mark(connection, DAYS_DONE)
    rows = _rolled(connection, outcome_days, list(keys), range(first, min(end, -(-until_us // DAY_US))))
    recent = _by_hour(connection, list(keys), max(end, first) * DAY_US, until_us)
    rows += [(hour // DAY_HOURS, check, place, outcome, count) for hour, check, place, outcome, count in recent]
    return _counted(connection, keys, rows, DAY_US)


def read_duration_hours(
    connection: Connection, checks: Collection[CheckId], since_us: int, until_us: int
) -> tuple[PeriodDuration, ...]:
    """Return the p95 by hour of each check and place, in the order of time."""
    ids = _keys(connection, checks)
    first = since_us // HOUR_US
    done = min(max(first, read_mark(connection, HOURS_DONE)), -(-until_us // HOUR_US))
    chosen = _chosen_series(connection, ids, first)
    durations = {**_rolled_durations(connection, chosen, first, done), **_recent(connection, chosen, done, until_us)}
    return tuple(
        PeriodDuration(*chosen[key], hour * HOUR_US, count, p95_ms)
        for (hour, key), (count, p95_ms) in sorted(durations.items())
    )


def read_runs_before(
    connection: Connection, check: CheckId | None, before: RunPosition | None, *, outcome: Outcome | None, limit: int
) -> Excerpt[RunSummary]:
    """Return runs of a check, or of all, before a position, the latest due first."""
    statement = run_lines()
    if check is not None:
        statement = statement.where(runs.c.check_key.in_(own_keys(connection, check)))
    if before is not None:
        position = (before.due_us, UUID(before.id).bytes)
        statement = statement.where(runs.c.due_us <= before.due_us, tuple_(runs.c.due_us, runs.c.id) < position)
    if outcome is not None:
        statement = statement.where(runs.c.outcome == outcome.value)
    statement = statement.order_by(runs.c.due_us.desc(), runs.c.id.desc()).limit(limit_and_one(limit))
    return Excerpt.within(map(summary_of, connection.execute(statement)), limit)


def read_run_facts(
    connection: Connection, check: CheckId, place: tuple[str, str], within_us: tuple[int, int], *, limit: int
) -> Excerpt[RunFacts]:
    """Return each combination of attributes and circumstances of a check's runs in a time, the latest new first."""
    first = func.min(runs.c.due_us).label("first_us")
    own = tuple(circumstances.c[name] for name in _FACTS)
    joined = (
        runs.join(attempts, attempts.c.run_key == runs.c.key)
        .join(circumstances, circumstances.c.key == runs.c.circumstances_key)
        .outerjoin(attribute_sets, attribute_sets.c.key == attempts.c.attribute_set_key)
    )
    environment, location = map(identity, place)
    statement = (
        select(first, attribute_sets.c.json, *own)
        .select_from(joined)
        .where(
            runs.c.check_key.in_(own_keys(connection, check)), runs.c.due_us >= within_us[0],
            runs.c.due_us < within_us[1], circumstances.c.environment == environment,
            circumstances.c.location == location,
        )
        .group_by(circumstances.c.key, attribute_sets.c.key, attribute_sets.c.json, *own)
        .order_by(first.desc())
        .limit(limit_and_one(limit))
    )  # fmt: skip
    rows = connection.execute(statement).all()
    facts = (
        RunFacts(row.first_us, {**json.loads(row.json or "{}"), **{name: getattr(row, name) for name in _FACTS}})
        for row in rows
    )
    return Excerpt.within(facts, limit)


def _keys(connection: Connection, checks: Collection[CheckId]) -> dict[int, CheckId]:
    """Return the present id of each key that these checks, or their former names, have."""
    named = {identity(check): check for check in checks}
    own = select(subjects.c.key, subjects.c.id).where(subjects.c.id.in_(named))
    current = {row.key: named[row.id] for row in connection.execute(own)}
    former = select(subjects.c.key, subjects.c.alias_of).where(subjects.c.alias_of.in_(current))
    return current | {row.key: current[row.alias_of] for row in connection.execute(former)}


def _by_hour(connection: Connection, keys: Sequence[int], since_us: int, until_us: int) -> list[CountRow]:
    first, done = since_us // HOUR_US, read_mark(connection, HOURS_DONE)
    rows = _rolled(connection, outcome_hours, keys, range(first, min(done, -(-until_us // HOUR_US))))
    from_us = max(done, first) * HOUR_US
    return rows + _of_runs(connection, keys, from_us, until_us) if from_us < until_us else rows


def _rolled(connection: Connection, table: Table, keys: Sequence[int], numbers: Sequence[int]) -> list[CountRow]:
    """Read rollups of these hours or days: both lists are the beginning of the table's primary key."""
    own = table.c
    statement = select(own.number, own.check_key, own.circumstances_key, own.outcome, own.runs)
    statement = statement.where(own.number.in_(numbers), own.check_key.in_(keys))
    return [*connection.execute(statement).cursor.fetchall()]


def _of_runs(connection: Connection, keys: Sequence[int], since_us: int, until_us: int) -> list[CountRow]:
    hour = (runs.c.due_us // HOUR_US).label("hour")
    ways = (hour, runs.c.check_key, runs.c.circumstances_key, runs.c.outcome)
    within = (runs.c.check_key.in_(keys), runs.c.due_us >= since_us, runs.c.due_us < until_us)
    statement = select(*ways, func.sum(runs.c.due_count)).where(*within).group_by(*ways)
    return [*connection.execute(statement).cursor.fetchall()]


def _counted(
    connection: Connection, keys: Mapping[int, CheckId], rows: Sequence[CountRow], width_us: int
) -> tuple[PeriodCount, ...]:
    """Return counts with the words that their keys stand for; circumstances that differ in more are one place."""
    named = select(circumstances.c.key, circumstances.c.environment, circumstances.c.location)
    wanted = named.where(circumstances.c.key.in_({row[2] for row in rows}))
    places = {key: (environment, location) for key, environment, location in connection.execute(wanted)}
    merged: dict[tuple[int, int, tuple[str, str], str], int] = {}
    for number, check, place, outcome, count in rows:
        way = (number, check, places[place], outcome)
        merged[way] = merged.get(way, 0) + count
    return tuple(
        PeriodCount(keys[check], *place, number * width_us, _OUTCOMES[outcome], count)
        for (number, check, place, outcome), count in merged.items()
    )


@dataclass(frozen=True, slots=True)
class _Candidate:
    key: int
    check: CheckId
    environment: str
    location: str
    step: str

    @property
    def place(self) -> tuple[CheckId, str, str]:
        return self.check, self.environment, self.location


def _chosen_series(
    connection: Connection, ids: Mapping[int, CheckId], since_hour: int
) -> dict[int, tuple[CheckId, str, str, str]]:
    """Return one series of durations a check and place: of the whole run, or of the step that takes longest."""
    own = series.c
    statement = select(own.key, own.subject_key, own.environment, own.location, own.step)
    rows = connection.execute(statement.where(own.subject_key.in_(ids), own.metric == _METRIC)).cursor.fetchall()
    by_place = defaultdict(list)
    for key, subject, environment, location, step in rows:
        candidate = _Candidate(key, ids[subject], environment, location, step)
        by_place[candidate.place].append(candidate)
    several = [
        candidate.key
        for candidates in by_place.values()
        if len(candidates) > 1 and all(candidate.step for candidate in candidates)
        for candidate in candidates
    ]
    totals = _totals(connection, several, since_hour)
    best = (
        max(candidates, key=lambda candidate: (not candidate.step, totals.get(candidate.key, 0.0), candidate.key))
        for candidates in by_place.values()
    )
    return {candidate.key: (*candidate.place, candidate.step) for candidate in best}


def _totals(connection: Connection, keys: Sequence[int], since_hour: int) -> dict[int, float]:
    statement = select(hours.c.series_key, func.sum(hours.c.sum)).group_by(hours.c.series_key)
    rows = connection.execute(statement.where(hours.c.series_key.in_(keys), hours.c.number >= since_hour))
    return {row[0]: row[1] for row in rows}


def _rolled_durations(
    connection: Connection, keys: Collection[int], first: int, end: int
) -> dict[tuple[int, int], tuple[int, float]]:
    own = hours.c
    statement = select(own.number, own.series_key, own.count, own.min, own.max, own.histogram)
    statement = statement.where(own.series_key.in_(keys), own.number >= first, own.number < end)
    return {
        (number, key): (count, _p95(_packed_p95(bytes(packed)), least, most))
        for number, key, count, least, most, packed in connection.execute(statement).cursor.fetchall()
    }


@lru_cache(maxsize=16_384)
def _packed_p95(packed: bytes) -> float | None:
    """Return the p95 of a stored histogram: an hour that is over is shown again and again."""
    return unpack_histogram(packed).quantile(_P95)


def _p95(value: float | None, least: float, most: float) -> float:
    return least if value is None else min(max(value, least), most)


def _recent(
    connection: Connection, keys: Collection[int], first_hour: int, until_us: int
) -> dict[tuple[int, int], tuple[int, float]]:
    """Return the same of the hours that are not rolled up yet, from samples."""
    own = samples.c
    statement = select(own.at_us, own.series_key, own.value).where(
        own.series_key.in_(keys), own.at_us >= first_hour * HOUR_US, own.at_us < until_us, own.judged.is_(True)
    )
    values = defaultdict(list)
    for at_us, key, value in connection.execute(statement).cursor.fetchall():
        values[at_us // HOUR_US, key].append(value)
    return {
        place: (len(measured), sorted(measured)[math.ceil(_P95 * len(measured)) - 1])
        for place, measured in values.items()
    }
