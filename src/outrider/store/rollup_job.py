"""When rollups are made: after an hour is over, in transactions of some milliseconds, and again where a run came late.

A mark says up to which hour rollups have *begun* and is written before the first of them: a run that is stored for an
earlier hour after that is listed as late in its own transaction, so that none is missed whichever comes first. A second
mark says up to which hour they are *done*; a crash in between repeats the work, which changes nothing. Retention raises
a third, from which hour on everything is *kept*, before it deletes the first sample below it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, tuple_

from outrider.store.key_cache import read_mark, write_mark
from outrider.store.rollups import (
    DAY_HOURS,
    HOUR_US,
    Span,
    add_aggregates,
    add_outcome,
    add_samples,
    hour_of,
    roll_days,
    roll_outcome_days,
    roll_outcomes,
    roll_samples,
)
from outrider.store.schema import (
    aggregate_hours,
    days,
    hours,
    late_aggregates,
    late_runs,
    outcome_days,
    outcome_hours,
    runs,
    series,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Table

    from outrider.store.database import Database

HOURS_BEGUN, HOURS_DONE = "hours_rolling_to", "hours_rolled_to"
DAYS_BEGUN, DAYS_DONE = "days_rolling_to", "days_rolled_to"
LASTING_KEPT = "lasting_samples_kept_from_hour"
SAMPLES_KEPT, RUNS_KEPT, HOURS_KEPT = "samples_kept_from_hour", "runs_kept_from_hour", "hours_kept_from_day"

_SETTLED_US = 15 * 60_000_000
"""How long after its end an hour is rolled up; most of its runs have come to an end by then."""
_LATE = 20
_LATE_AGGREGATES = 500
_FIRST_BATCH, _LARGEST_BATCH = 8, 400
_WANTED_S = 0.008


def note_late(connection: Connection, recorded: Sequence[tuple[int, int, int]]) -> None:
    """List those of stored runs (key, check's key, due time) whose hour is rolled up already, or just now."""
    begun = read_mark(connection, HOURS_BEGUN)
    late = [
        {"run_key": key, "check_key": check, "at_us": at_us} for key, check, at_us in recorded if hour_of(at_us) < begun
    ]
    if late:
        connection.execute(late_runs.insert(), late)


def note_aggregates(connection: Connection, stored: Sequence[tuple[int, int]]) -> None:
    """Note the hours of stored aggregates (series' key, time), and list those whose hour is rolled up or just now."""
    begun = read_mark(connection, HOURS_BEGUN)
    late = [{"at_us": at_us, "series_key": key} for key, at_us in stored if hour_of(at_us) < begun]
    if late:
        connection.execute(late_aggregates.insert(), late)
    numbers = {hour_of(at_us) for _, at_us in stored}
    first, last = min(numbers), max(numbers)
    own = aggregate_hours.c.number
    known = set(connection.execute(select(own).where(own >= first, own <= last)).scalars())
    fresh = sorted(numbers - known)
    if fresh:
        connection.execute(aggregate_hours.insert(), [{"number": number} for number in fresh])


def roll_up(database: Database, writing: Callable[[], AbstractContextManager[Connection]], now_us: int) -> None:
    """Make the rollups of all hours and days that are over at `now_us`, and those again whose runs came late.

    It may be stopped at any moment, and be called by several processes at once.

    Args:
        writing: Opens a short transaction, and stays away from the database after it.
    """
    roller = _Roller(database, writing)
    roller.roll_hours(hour_of(now_us - _SETTLED_US))
    roller.roll_days()
    roller.roll_late()
    roller.roll_late_aggregates()


class _Roller:
    def __init__(self, database: Database, writing: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._database = database
        self._writing = writing
        self._series: list[int] = []

    def roll_hours(self, end: int) -> None:
        """Go on from where it was done, a day at most at a time."""
        self._begin(HOURS_BEGUN, end)
        while window := self._next_hours(end):
            self._in_batches(SAMPLES_KEPT, window, roll_samples)
            self._count_runs(window)
            self._done(HOURS_DONE, window.end)
        self._done(HOURS_DONE, end)

    def roll_days(self) -> None:
        """Make the days whose hours are all done."""
        with self._database.reading() as connection:
            end = read_mark(connection, HOURS_DONE) // DAY_HOURS
        self._begin(DAYS_BEGUN, end)
        while span := self._next_day(end):
            self._in_batches(HOURS_KEPT, span, lambda connection, keys, span: roll_days(connection, days, keys, span))
            with self._writing() as connection:
                if span.first >= read_mark(connection, HOURS_KEPT):
                    roll_outcome_days(connection, span)
            self._done(DAYS_DONE, span.end)
        self._done(DAYS_DONE, end)

    def roll_late(self) -> None:
        """Count the runs that came late, each exactly once."""
        while True:
            with self._writing() as connection:
                statement = select(late_runs).order_by(late_runs.c.check_key, late_runs.c.at_us).limit(_LATE)
                late = [(row.run_key, row.check_key, hour_of(row.at_us)) for row in connection.execute(statement)]
                if not late:
                    return
                place = late[0][1:]
                _count_late(connection, [key for key, *other in late if tuple(other) == place], *place)

    def roll_late_aggregates(self) -> None:
        """Count the aggregates that came late, each exactly once, some of an hour at a time."""
        while True:
            with self._writing() as connection:
                own = late_aggregates.c
                statement = (
                    select(own.at_us, own.series_key).order_by(own.at_us, own.series_key).limit(_LATE_AGGREGATES)
                )
                late = [(at_us, key) for at_us, key in connection.execute(statement)]
                if not late:
                    return
                hour = hour_of(late[0][0])
                _count_late_aggregates(connection, [place for place in late if hour_of(place[0]) == hour], hour)

    def _begin(self, mark: str, end: int) -> None:
        self._done(mark, end)
        with self._database.reading() as connection:
            self._series = list(connection.execute(select(series.c.key).order_by(series.c.key)).scalars())

    def _next_hours(self, end: int) -> Span | None:
        """Return the next hours that have runs or aggregates, to the end of their day at most."""
        with self._database.reading() as connection:
            since = read_mark(connection, HOURS_DONE)
            due_us = runs.c.due_us
            next_us = connection.execute(select(func.min(due_us)).where(due_us >= since * HOUR_US)).scalar()
            aggregated = _first_from(connection, aggregate_hours, since)
        first_hours = [None if next_us is None else hour_of(next_us), aggregated]
        first = min((hour for hour in first_hours if hour is not None), default=end)
        if first >= end:
            return None
        return Span(first, min(end, (first // DAY_HOURS + 1) * DAY_HOURS))

    def _next_day(self, end: int) -> Span | None:
        with self._database.reading() as connection:
            since = read_mark(connection, DAYS_DONE) * DAY_HOURS
            first_hours = [_first_from(connection, table, since) for table in (outcome_hours, aggregate_hours)]
        first = min((hour // DAY_HOURS for hour in first_hours if hour is not None), default=end)
        return Span(first, first + 1) if first < end else None

    def _in_batches(self, kept: str, span: Span, roll: Callable[[Connection, Sequence[int], Span], None]) -> None:
        """Roll all series, so many in a transaction that it takes some milliseconds."""
        start, size = 0, _FIRST_BATCH
        while start < len(self._series):
            began = time.monotonic()
            with self._writing() as connection:
                first = max(span.first, read_mark(connection, kept))
                if first >= span.end:
                    return
                roll(connection, self._series[start : start + size], Span(first, span.end))
                took_s = time.monotonic() - began
            start, size = start + size, _fitting(size, took_s)

    def _count_runs(self, window: Span) -> None:
        """Count the runs of all checks, so many hours in a transaction likewise."""
        start, size = window.first, 1
        while start < window.end:
            began = time.monotonic()
            with self._writing() as connection:
                end = min(start + size, window.end)
                first = max(start, read_mark(connection, RUNS_KEPT))
                if first < end:
                    roll_outcomes(connection, Span(first, end))
                took_s = time.monotonic() - began
            start, size = end, _fitting(size, took_s)

    def _done(self, mark: str, number: int) -> None:
        with self._writing() as connection:
            write_mark(connection, mark, max(number, read_mark(connection, mark)))


def _first_from(connection: Connection, table: Table, since: int) -> int | None:
    """Return the first number in a table of hours that is not below `since`."""
    number = table.c.number
    first: int | None = connection.execute(select(func.min(number)).where(number >= since)).scalar()
    return first


def _fitting(size: int, took_s: float) -> int:
    """Return how many things fit into the next transaction, after so many took so long."""
    return max(1, min(_LARGEST_BATCH, 4 * size, round(size * _WANTED_S / max(took_s, 1e-4))))


def _count_late(connection: Connection, late: Sequence[int], check_key: int, hour: int) -> None:
    """Count late runs of one check and hour, and strike them off the list."""
    connection.execute(delete(late_runs).where(late_runs.c.run_key.in_(late)))
    mine = select(series.c.key).where(series.c.subject_key == check_key)
    keys = list(connection.execute(mine).scalars())
    day = hour // DAY_HOURS
    open_day = day >= read_mark(connection, HOURS_KEPT)
    began_day = day < read_mark(connection, DAYS_BEGUN)
    if open_day:
        if hour >= read_mark(connection, SAMPLES_KEPT):
            roll_samples(connection, keys, Span(hour, hour + 1))
        else:
            for run in late:
                add_samples(connection, hours, run, keys, hour)
        if hour >= read_mark(connection, RUNS_KEPT):
            roll_outcomes(connection, Span(hour, hour + 1))
        else:
            for run in late:
                add_outcome(connection, outcome_hours, run, hour)
        if began_day:
            roll_days(connection, days, keys, Span(day, day + 1))
            roll_outcome_days(connection, Span(day, day + 1))
        return
    for run in late:
        add_samples(connection, days, run, keys, day)
        add_outcome(connection, outcome_days, run, day)


def _count_late_aggregates(connection: Connection, late: Sequence[tuple[int, int]], hour: int) -> None:
    """Count late aggregates (time, series' key) of one hour, and strike them off the list."""
    places = late_aggregates.c
    connection.execute(delete(late_aggregates).where(tuple_(places.at_us, places.series_key).in_(late)))
    keys = sorted({key for _, key in late})
    day = hour // DAY_HOURS
    if day < read_mark(connection, HOURS_KEPT):
        add_aggregates(connection, days, late, day)
        return
    if hour >= read_mark(connection, SAMPLES_KEPT):
        roll_samples(connection, keys, Span(hour, hour + 1))
    else:
        add_aggregates(connection, hours, late, hour)
    if day < read_mark(connection, DAYS_BEGUN):
        roll_days(connection, days, keys, Span(day, day + 1))
