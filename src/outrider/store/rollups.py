"""What samples and runs came to in an hour or a UTC day: made within one transaction, read back as values.

Hours are made of judged samples, days of hours. An hour is made anew as long as all of its samples are there; once
retention may have taken some of them the hour is sealed, and what comes late is added to it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, func, or_, select, tuple_

from outrider.model import Histogram, Rollup, merged
from outrider.store.histogram_codec import pack_histogram, unpack_histogram
from outrider.store.rows import insert_plain
from outrider.store.schema import NO_RUN, hours, late_aggregates, late_runs, outcome_days, outcome_hours, runs, samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from outrider.model import Series

HOUR_US = 3_600_000_000
DAY_HOURS = 24

Place = tuple[int, int]
"""A series' key, and the number of an hour or a day."""


@dataclass(frozen=True, slots=True)
class Span:
    """Hours (or days) by their number, half open."""

    first: int
    end: int


def hour_of(at_us: int) -> int:
    """Return the number of the UTC hour that a time lies in."""
    return at_us // HOUR_US


def is_punctual() -> ColumnElement[bool]:
    """Return the condition that a sample is not listed as late, which the rollup of its hour does not hold yet."""
    late = late_aggregates.c
    listed = exists().where(late.at_us == samples.c.at_us, late.series_key == samples.c.series_key)
    return and_(samples.c.run_key.not_in(select(late_runs.c.run_key)), or_(samples.c.run_key != NO_RUN, ~listed))


def merge(parts: Sequence[Rollup]) -> Rollup:
    """Return what the values of all parts came to; at least one part."""
    return Rollup(
        at_us=min(part.at_us for part in parts),
        count=sum(part.count for part in parts),
        sum=math.fsum(part.sum for part in parts),
        min=min(part.min for part in parts),
        max=max(part.max for part in parts),
        histogram=merged(part.histogram for part in parts),
    )


def roll_samples(connection: Connection, keys: Sequence[int], span: Span) -> None:
    """Make the hours of some series anew from their judged samples, but for those of runs still listed as late."""
    own = samples.c
    mine = (own.series_key.in_(keys), own.at_us >= span.first * HOUR_US, own.at_us < span.end * HOUR_US)
    statement = select(own.series_key, own.at_us, own.value).where(*mine, own.judged.is_(True), is_punctual())
    values: dict[Place, list[float]] = defaultdict(list)
    for key, at_us, value in connection.execute(statement).cursor.fetchall():
        values[key, at_us // HOUR_US].append(value)
    _replace(connection, hours, keys, span, {place: _rollup(measured) for place, measured in values.items()})


def roll_days(connection: Connection, table: Table, keys: Sequence[int], span: Span) -> None:
    """Make the days of some series anew in `table` from their hours."""
    parts: dict[Place, list[Rollup]] = defaultdict(list)
    for (key, number), rollup in _read(connection, hours, keys, Span(span.first * DAY_HOURS, span.end * DAY_HOURS)):
        parts[key, number // DAY_HOURS].append(rollup)
    _replace(connection, table, keys, span, {place: merge(hourly) for place, hourly in parts.items()})


def add_samples(connection: Connection, table: Table, run_key: int, keys: Sequence[int], number: int) -> None:
    """Add a run's judged samples to the sealed hour or day `number` of its series."""
    mine = (samples.c.series_key.in_(keys), samples.c.run_key == run_key, samples.c.judged.is_(True))
    at_us = select(runs.c.due_us).where(runs.c.key == run_key).scalar_subquery()
    statement = select(samples.c.series_key, samples.c.value).where(*mine, samples.c.at_us == at_us)
    _add(connection, table, number, [(key, value) for key, value in connection.execute(statement)])


def add_aggregates(connection: Connection, table: Table, late: Sequence[tuple[int, int]], number: int) -> None:
    """Add aggregates, by time and series' key, to the sealed hour or day `number` of their series."""
    own = samples.c
    mine = tuple_(own.at_us, own.series_key).in_(late)
    statement = select(own.series_key, own.value).where(mine, own.run_key == NO_RUN)
    _add(connection, table, number, [(key, value) for key, value in connection.execute(statement)])


def _add(connection: Connection, table: Table, number: int, late: Sequence[tuple[int, float]]) -> None:
    """Add values, each with its series' key, to the hour or day `number`."""
    values_by_series: dict[int, list[float]] = defaultdict(list)
    for key, value in late:
        values_by_series[key].append(value)
    if not values_by_series:
        return
    there = dict(_read(connection, table, list(values_by_series), Span(number, number + 1)))
    made = {}
    for key, values in values_by_series.items():
        place = (key, number)
        made[place] = merge([*filter(None, [there.get(place)]), _rollup(values)])
    _replace(connection, table, list(values_by_series), Span(number, number + 1), made)


def roll_outcomes(connection: Connection, span: Span) -> None:
    """Count the runs of some hours anew by how they ended, but for those that are still listed as late."""
    connection.execute(
        delete(outcome_hours).where(outcome_hours.c.number >= span.first, outcome_hours.c.number < span.end)
    )
    hour = (runs.c.due_us // HOUR_US).label("hour")
    grouped = (hour, runs.c.check_key, runs.c.circumstances_key, runs.c.outcome)
    within = (runs.c.due_us >= span.first * HOUR_US, runs.c.due_us < span.end * HOUR_US)
    punctual = runs.c.key.not_in(select(late_runs.c.run_key))
    statement = select(*grouped, func.sum(runs.c.due_count)).where(*within, punctual).group_by(*grouped)
    insert_plain(connection, outcome_hours, [tuple(row) for row in connection.execute(statement)])


def roll_outcome_days(connection: Connection, span: Span) -> None:
    """Count the runs of some days anew from their hours."""
    connection.execute(
        delete(outcome_days).where(outcome_days.c.number >= span.first, outcome_days.c.number < span.end)
    )
    own = outcome_hours.c
    day = (own.number // DAY_HOURS).label("day")
    grouped = (day, own.check_key, own.circumstances_key, own.outcome)
    within = (own.number >= span.first * DAY_HOURS, own.number < span.end * DAY_HOURS)
    statement = select(*grouped, func.sum(own.runs)).where(*within).group_by(*grouped)
    insert_plain(connection, outcome_days, [tuple(row) for row in connection.execute(statement)])


def add_outcome(connection: Connection, table: Table, run_key: int, number: int) -> None:
    """Count a run in a sealed hour or day."""
    statement = select(runs.c.check_key, runs.c.circumstances_key, runs.c.outcome).where(runs.c.key == run_key)
    row = tuple(connection.execute(statement).one())
    own = table.c
    mine = (own.number == number, own.check_key == row[0], own.circumstances_key == row[1], own.outcome == row[2])
    before = connection.execute(select(own.runs).where(*mine)).scalar_one_or_none() or 0
    connection.execute(delete(table).where(*mine))
    insert_plain(connection, table, [(number, *row, before + 1)])


def read_rollups(
    connection: Connection, table: Table, wanted: Series, since_us: int, until_us: int
) -> tuple[Rollup, ...]:
    """Return the rollups of a series that begin in since_us <= at_us < until_us, by time."""
    width_us = _width_us(table)
    parts: dict[int, list[Rollup]] = defaultdict(list)
    span = Span(-(-since_us // width_us), -(-until_us // width_us))
    for (_, number), rollup in _read(connection, table, wanted.keys, span):
        parts[number].append(rollup)
    return tuple(merge(parts[number]) for number in sorted(parts))


def _read(connection: Connection, table: Table, keys: Sequence[int], span: Span) -> Iterable[tuple[Place, Rollup]]:
    own, width_us = table.c, _width_us(table)
    statement = select(table).where(own.series_key.in_(keys), own.number >= span.first, own.number < span.end)
    for key, number, count, total, least, most, packed in connection.execute(statement).cursor.fetchall():
        yield (key, number), Rollup(number * width_us, count, total, least, most, unpack_histogram(bytes(packed)))


def _replace(connection: Connection, table: Table, keys: Sequence[int], span: Span, made: dict[Place, Rollup]) -> None:
    own = table.c
    connection.execute(delete(table).where(own.series_key.in_(keys), own.number >= span.first, own.number < span.end))
    insert_plain(
        connection,
        table,
        [
            (*place, rollup.count, rollup.sum, rollup.min, rollup.max, pack_histogram(rollup.histogram))
            for place, rollup in sorted(made.items())
        ],
    )


def _rollup(values: Sequence[float]) -> Rollup:
    return Rollup(0, len(values), math.fsum(values), min(values), max(values), Histogram.of(values))


def _width_us(table: Table) -> int:
    return HOUR_US if table is hours else DAY_HOURS * HOUR_US
