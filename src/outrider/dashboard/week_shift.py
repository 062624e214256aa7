"""How a step's durations of this week are spread against those of the week before, out of rollups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.charts import draw_shift
from outrider.dashboard.period_slots import DAY_US
from outrider.model import BUCKET_VALUE, RATIO, merged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from outrider.model import DashboardRecords, Histogram, Rollup, Series

_WEEK_DAYS = 7
_MOST_VALUES = 5_000
_FEWEST = 20


@dataclass(frozen=True, slots=True)
class WeekShift:
    """Durations of this week against the week before; in ms, within 1 %.

    Attributes:
        before, now: Median and p95 of each week.
        counts: How many values each has.
        svg: Both spread as outlines.
    """

    before: tuple[float, float]
    now: tuple[float, float]
    counts: tuple[int, int]
    svg: str


def week_shift(store: DashboardRecords, series: Series, now_us: int) -> WeekShift | None:
    """Return how the last seven UTC days differ from the seven before; None where either has too few values.

    Today counts as far as its hours are summed up.
    """
    today_us = now_us // DAY_US * DAY_US
    this_us = today_us - (_WEEK_DAYS - 1) * DAY_US
    days = store.rollups.days(series, this_us - _WEEK_DAYS * DAY_US, now_us)
    if not days or days[-1].at_us < today_us:
        days = (*days, *store.rollups.hours(series, max(today_us, this_us), now_us))
    before = _whole([rollup for rollup in days if rollup.at_us < this_us])
    now = _whole([rollup for rollup in days if rollup.at_us >= this_us])
    if min(before.total, now.total) < _FEWEST:
        return None
    svg = draw_shift(_values(before), _values(now), ("last week", "this week"))
    return WeekShift(_figures(before), _figures(now), (before.total, now.total), svg)


def _whole(rollups: Sequence[Rollup]) -> Histogram:
    return merged(rollup.histogram for rollup in rollups)


def _figures(histogram: Histogram) -> tuple[float, float]:
    return histogram.quantile(0.5) or 0.0, histogram.quantile(0.95) or 0.0


def _values(histogram: Histogram) -> NDArray[np.float64]:
    """Return values that are spread like a histogram, at most about as many as a chart can show."""
    buckets = np.array(sorted(histogram.counts), np.float64)
    counts = np.array([histogram.counts[int(bucket)] for bucket in buckets], np.float64)
    thinned = np.maximum(1, np.rint(counts * min(1.0, _MOST_VALUES / counts.sum()))).astype(np.int64)
    return np.repeat(BUCKET_VALUE * RATIO**buckets, thinned)
