"""Runs that used to be due and of which nothing is recorded: a service that is stopped records no missed run. Pure."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Tally
    from outrider.reports.check_health import Place
    from outrider.reports.period import Period

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_MOST_SLICES = 31
_OFTEN = 12  # runs in each of two slices and more that only a schedule makes
_FEWEST = 2
_USUAL_SHARE = 0.5  # of the slices of a period in which a schedule has runs; who runs by hand has fewer


def slices_of(period: Period) -> list[tuple[int, int]]:
    """Return the days of a period, of one of two days the hours; 31 longer stretches at most."""
    length_us = period.until_us - period.since_us
    width_us = _HOUR_US if length_us <= 2 * _DAY_US else max(_DAY_US, -(-length_us // _MOST_SLICES))
    edges = [*range(period.since_us, period.until_us, width_us), period.until_us]
    return list(pairwise(edges))


def unrecorded(now: Sequence[Sequence[Tally]], before: Sequence[Sequence[Tally]]) -> Counter[Place]:
    """Return how many runs of each check and place were due that nothing records, as far as can be known.

    A slice without any record lacks as many runs as the same slice of the period before had, if most of that had any;
    without such a period, as the slices before it have, if they are many. Runs by hand or once a week promise nothing.

    Args:
        now: Tallies of each slice of a period.
        before: Of each slice of the one before.
    """
    recorded, usual = _counts(now), _counts(before)
    lacking: Counter[Place] = Counter()
    for place in {*recorded, *usual}:
        of_place, of_before = recorded.get(place, [0] * len(now)), usual.get(place)
        lacking[place] = sum(
            ((of_before[number] if _is_regular(of_before) else 0) if of_before else _typical(of_place[:number]))
            for number, count in enumerate(of_place)
            if not count
        )
    return +lacking


def _is_regular(counts: Sequence[int]) -> bool:
    return sum(count > 0 for count in counts) > _USUAL_SHARE * len(counts)


def _typical(counts: Sequence[int]) -> int:
    """Return how many runs a slice has, by those before it that have any; zero if these tell of no schedule."""
    filled = [count for count in counts if count]
    return int(median(filled)) if len(filled) >= _FEWEST and min(filled) >= _OFTEN else 0


def _counts(slices: Sequence[Sequence[Tally]]) -> dict[Place, list[int]]:
    counts: dict[Place, list[int]] = {}
    for number, tallies in enumerate(slices):
        for tally in tallies:
            place = (tally.check, tally.environment, tally.location)
            counts.setdefault(place, [0] * len(slices))[number] += tally.runs
    return counts
