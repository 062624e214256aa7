"""Runs that were due by what history shows, and of which nothing is recorded: who is stopped records no missed run."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from outrider.model import CheckId, Coverage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from outrider.model import CoverageRecords

Place = tuple[CheckId, str, str]
"""A check's id, environment and location."""

_HOUR_US = 3_600_000_000
_DAY_HOURS, _WEEK_HOURS, _NEAR_HOURS, _MOST_HOURS = 24, 168, 12, 32 * 24
_ENTRIES_READ = 1_000
_FEWEST = 2  # runs that lack: one alone may have been due a moment before or after its hour


def silent_hours(
    records: CoverageRecords, checks: Collection[CheckId], since_us: int, until_us: int
) -> dict[Place, dict[int, int]]:
    """Return how many runs lack in each hour, which begins at so many microseconds UTC, of each place.

    Hours that lie wholly within the time count. A place without runs in most hours is left out, since nothing may have
    been due in the others; so are all if the time is longer than 32 days. While a check is paused, nothing is due.
    """
    first, end = -(-since_us // _HOUR_US), until_us // _HOUR_US
    from_hour = first - _WEEK_HOURS
    counts: dict[Place, list[int]] = defaultdict(lambda: [0] * (end - from_hour))
    if not checks or not 0 < end - first <= _MOST_HOURS:
        return {}
    for row in records.history.outcomes_by_hour(checks, from_hour * _HOUR_US, end * _HOUR_US):
        counts[row.check, row.environment, row.location][row.at_us // _HOUR_US - from_hour] += row.runs
    lacking = {
        place: {
            at_us: runs
            for hour, runs in lacking_by_hour(hours).items()
            if (at_us := (from_hour + hour) * _HOUR_US) >= since_us
        }
        for place, hours in counts.items()
        if _is_regular(hours)
    }
    return _without_pauses(records, lacking, since_us) if any(lacking.values()) else lacking


def _without_pauses(
    records: CoverageRecords, lacking: dict[Place, dict[int, int]], since_us: int
) -> dict[Place, dict[int, int]]:
    pauses = _pauses(records, since_us)
    return {
        place: {
            at_us: runs
            for at_us, runs in hours.items()
            if not any(begin < at_us + _HOUR_US and at_us < end for begin, end in pauses.get(place[0], ()))
        }
        for place, hours in lacking.items()
    }


def _pauses(records: CoverageRecords, since_us: int) -> dict[str, list[tuple[int, float]]]:
    """Return from when until when each check was paused, as far as the audit log tells."""
    pauses: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for pause in records.schedule.pauses():
        pauses[pause.check].append((pause.since_us, math.inf))
    resumed_us: dict[str, int] = {}
    for entry in records.audit.search(limit=_ENTRIES_READ):
        if entry.action == "check.resume" and entry.at_us >= since_us:
            resumed_us[entry.subject] = entry.at_us
        elif entry.action == "check.pause" and entry.subject in resumed_us:
            pauses[entry.subject].append((entry.at_us, resumed_us.pop(entry.subject)))
    return pauses


def lacking_by_hour(counts: Sequence[int]) -> dict[int, int]:
    """Return how many runs lack in silent hours, and in those in which a silence begins and ends, by position.

    A silent hour lacks as many as the hours near it have, if the same hour of the week before or after had any, or
    without such a week the same hour of most days: runs by night or at weekends may never have been due.

    Args:
        counts: Runs of each hour, the oldest first; nothing was due before the first.
    """
    begin = _first(counts)
    lacking: dict[int, int] = {}
    for start, end in _silences(counts, begin):
        near = [*counts[max(begin, start - _NEAR_HOURS) : start], *counts[end : end + _NEAR_HOURS]]
        usual = int(median(count for count in near if count))
        if usual * (end - start) < _FEWEST:
            continue
        due = [hour for hour in range(start, end) if _was_due(counts, begin, hour)]
        lacking |= dict.fromkeys(due, usual)
        for silent, edge in ((start, start - 1), (end - 1, end)):
            if silent in due and edge < len(counts) and counts[edge] < usual:
                lacking[edge] = usual - counts[edge]
    return lacking


def coverage_since(
    records: CoverageRecords, checks: Collection[CheckId], since_us: int, now_us: int
) -> tuple[Coverage, ...]:
    """Return how many runs were due since then, recorded or not, and how many happened, by check and place."""
    known = {(row.check, row.environment, row.location): row for row in records.schedule.coverage(since_us)}
    silent = silent_hours(records, checks, since_us, now_us)
    lacking = {place: runs for place, hours in silent.items() if (runs := sum(hours.values()))}
    places = sorted({*known, *lacking})
    rows = [known.get(place, Coverage(*place, due=0, happened=0)) for place in places]
    return tuple(replace(row, due=row.due + lacking.get(place, 0)) for place, row in zip(places, rows, strict=True))


def _is_regular(counts: Sequence[int]) -> bool:
    """Return whether most hours have runs."""
    since = counts[_first(counts) :]
    return 2 * sum(count > 0 for count in since) > len(since)


def _first(counts: Sequence[int]) -> int:
    return next((hour for hour, count in enumerate(counts) if count), len(counts))


def _silences(counts: Sequence[int], begin: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches without a run, half open."""
    start = None
    for hour in range(begin, len(counts) + 1):
        if hour < len(counts) and not counts[hour]:
            start = hour if start is None else start
        elif start is not None:
            yield start, hour
            start = None


def _was_due(counts: Sequence[int], begin: int, hour: int) -> bool:
    for week in (hour - _WEEK_HOURS, hour + _WEEK_HOURS):
        if begin <= week < len(counts):
            return counts[week] > 0
    others = [counts[other] for other in range(begin + (hour - begin) % _DAY_HOURS, len(counts), _DAY_HOURS)]
    return 2 * sum(count > 0 for count in others) > len(others) - 1
