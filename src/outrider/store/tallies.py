"""Counting runs by outcome, without a line for each: from rollups as far as they go."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from outrider.model import CheckId, Outcome, Tally
from outrider.store.key_cache import read_mark
from outrider.store.rollup_job import HOURS_DONE, HOURS_KEPT
from outrider.store.rollups import DAY_HOURS, HOUR_US, Span
from outrider.store.schema import circumstances, late_runs, outcome_days, outcome_hours, runs, subjects

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Table

_WAYS = (runs.c.check_key, runs.c.circumstances_key, runs.c.outcome)


def read_hosts(connection: Connection) -> tuple[str, ...]:
    """Return the hosts that runs were ever measured on, by name."""
    return tuple(sorted(set(connection.execute(select(circumstances.c.host)).scalars())))


def read_tallies(connection: Connection, since_us: int, until_us: int) -> tuple[Tally, ...]:
    """Return how many runs that were due in since_us <= due < until_us ended how, by check and place.

    Of what was deleted, hours and then UTC days count whole, with the time in which they begin.
    """
    ids = {row.key: (row.id, row.alias_of) for row in connection.execute(select(subjects))}
    places = {row.key: (row.environment, row.location) for row in connection.execute(select(circumstances))}
    counts: Counter[tuple[CheckId, str, str, Outcome]] = Counter()
    for (check_key, circumstances_key, outcome), count in _counts(connection, since_us, until_us).items():
        own, alias_of = ids[check_key]
        check = ids[alias_of][0] if alias_of else own
        counts[CheckId(check), *places[circumstances_key], Outcome(outcome)] += count
    order = list(Outcome)
    ranked = sorted(counts.items(), key=lambda item: (*item[0][:3], order.index(item[0][3])))
    return tuple(Tally(*words, count) for words, count in ranked)


def _counts(connection: Connection, since_us: int, until_us: int) -> Counter[tuple[int, int, str]]:
    """Count whole hours from their rollups, the runs that these lack, and those before and after."""
    first = -(-since_us // HOUR_US)
    end = min(until_us // HOUR_US, read_mark(connection, HOURS_DONE))
    due_us = runs.c.due_us
    if first >= end:
        return _runs(connection, due_us >= since_us, due_us < until_us)
    hours_from = read_mark(connection, HOURS_KEPT) * DAY_HOURS
    days = Span(-(-first // DAY_HOURS), -(-min(end, hours_from) // DAY_HOURS))
    late = runs.c.key.in_(select(late_runs.c.run_key))
    return (
        _rolled(connection, outcome_days, days)
        + _rolled(connection, outcome_hours, Span(max(first, hours_from), end))
        + _runs(connection, late, due_us >= first * HOUR_US, due_us < end * HOUR_US)
        + _runs(connection, due_us >= since_us, due_us < first * HOUR_US)
        + _runs(connection, due_us >= end * HOUR_US, due_us < until_us)
    )


def _runs(connection: Connection, *those: ColumnElement[bool]) -> Counter[tuple[int, int, str]]:
    counted = select(*_WAYS, func.sum(runs.c.due_count)).where(*those).group_by(*_WAYS)
    return Counter({(row[0], row[1], row[2]): row[3] for row in connection.execute(counted)})


def _rolled(connection: Connection, table: Table, span: Span) -> Counter[tuple[int, int, str]]:
    own = table.c
    ways = (own.check_key, own.circumstances_key, own.outcome)
    within = (own.number >= span.first, own.number < span.end)
    counted = select(*ways, func.sum(own.runs)).where(*within).group_by(*ways)
    return Counter({(row[0], row[1], row[2]): row[3] for row in connection.execute(counted)})
