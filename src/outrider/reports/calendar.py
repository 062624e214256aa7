"""How available a check was day by day. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.reports.check_health import availability

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import Outcome, Tally
    from outrider.reports.check_health import Place
    from outrider.reports.facts import Health
    from outrider.reports.period import Period

_MOST_DAYS = 31
_WEEK_DAYS = 7
_US = 1_000_000


def day_edges(period: Period) -> list[tuple[int, int]]:
    """Return the days of a period in its time zone, microseconds UTC; of more than 31 days, the weeks.

    The first and the last one may be shorter.
    """
    zone = ZoneInfo(period.timezone)
    begin = datetime.fromtimestamp(period.since_us / _US, zone)
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (period.until_us - period.since_us) / 86_400 / _US
    pace = timedelta(days=1 if days <= _MOST_DAYS + 1 else _WEEK_DAYS)
    edges = [period.since_us]
    while (at_us := round((day := day + pace).astimezone(UTC).timestamp() * _US)) < period.until_us:
        edges.append(at_us)
    return list(pairwise([*edges, period.until_us]))


def with_days(health: Iterable[Health], days: Sequence[Iterable[Tally]]) -> list[Health]:
    """Return the health with the availability of each day; `days` has the tallies of each."""
    counts: dict[Place, list[Counter[Outcome]]] = defaultdict(lambda: [Counter() for _ in days])
    for number, tallies in enumerate(days):
        for tally in tallies:
            counts[tally.check, tally.environment, tally.location][number][tally.outcome] += tally.runs
    return [
        replace(
            check,
            days=tuple(availability(count) for count in counts[check.check, check.environment, check.location]),
        )
        for check in health
    ]
