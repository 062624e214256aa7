"""Counting runs by outcome and hour, without a line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from outrider.model import CheckId, Outcome
from outrider.store.schema import checks, circumstances, runs
from outrider.store.values import Tally

if TYPE_CHECKING:
    from sqlalchemy import Connection

HOUR_US = 3_600_000_000


def read_hosts(connection: Connection) -> tuple[str, ...]:
    """Return the hosts that runs were ever measured on, by name."""
    return tuple(sorted(set(connection.execute(select(circumstances.c.host)).scalars())))


def read_tallies(connection: Connection, since_us: int, until_us: int) -> tuple[Tally, ...]:
    """Return how many runs that were due in since_us <= due < until_us ended how, by check, place and hour."""
    hour = (runs.c.due_us // HOUR_US).label("hour")
    grouped = (runs.c.check_key, runs.c.circumstances_key, hour, runs.c.outcome)
    counted = select(*grouped, func.count().label("count"))
    counted = counted.where(runs.c.due_us >= since_us, runs.c.due_us < until_us).group_by(*grouped)
    ids = {row.key: (row.id, row.alias_of) for row in connection.execute(select(checks))}
    places = {
        row.key: (row.environment, row.location, row.release) for row in connection.execute(select(circumstances))
    }
    found = []
    for check_key, circumstances_key, at_hour, outcome, count in connection.execute(counted):
        own, alias_of = ids[check_key]
        check = ids[alias_of][0] if alias_of else own
        place = places[circumstances_key]
        found.append(Tally(CheckId(check), *place, int(at_hour) * HOUR_US, Outcome(outcome), count))
    return tuple(found)
