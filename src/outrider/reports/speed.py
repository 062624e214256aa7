"""How fast steps are, and when they took new levels. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from outrider.baselines import change_points, precede, quantile_of, without_season
from outrider.charts import Trend
from outrider.model import TooFewSamples
from outrider.reports.facts import Change, StepFigures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from outrider.model import Points, Release
    from outrider.reports.period import Period

HOUR_US = 3_600_000_000
_POINT_US = 6 * HOUR_US
_SLOTS = 4
LEAST_CHANGE = 0.05
"""A new level nearer than this to the old one is left out."""


def figures_of(name: str, points: Points, period: Period) -> StepFigures:
    """Return a step's quantiles in the period, the one before, and all of the history before."""
    first, begin, end = np.searchsorted(points.at_us, [period.before_us, period.since_us, period.until_us])
    now = points.value[begin:end]
    return StepFigures(
        name,
        len(now),
        quantile_of(now, 0.5),
        quantile_of(now, 0.75),
        quantile_of(now, 0.95),
        quantile_of(points.value[first:begin], 0.5),
        quantile_of(points.value[:begin], 0.5),
    )


def medians(points: Points, width_us: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the median of each stretch of `width_us` that has values, and where each begins."""
    if not len(points.at_us):
        return points.at_us, points.value
    cell = points.at_us // width_us
    starts = np.flatnonzero(np.diff(cell, prepend=cell[0] - 1))
    order = np.lexsort((points.value, cell))
    ordered = points.value[order]
    counts = np.diff(starts, append=len(cell))
    middle = (ordered[starts + (counts - 1) // 2] + ordered[starts + counts // 2]) / 2
    return cell[starts] * width_us, middle


def changes_of(place: tuple[str, str], points: Points, releases: Sequence[Release], period: Period) -> list[Change]:
    """Return the new levels that a check's step took in the period, from its hourly medians without their season.

    A release explains a change if it went live within the interval of when it began.
    """
    at_us, value = medians(points, HOUR_US)
    real = value > 0
    at_us, value = at_us[real], value[real]
    try:
        level = without_season(at_us.astype("datetime64[us]").astype("datetime64[s]"), value, tz=period.timezone)
    except TooFewSamples:
        level = value
    points_of_change = change_points(level)
    first_runs = [int(index) for index in np.searchsorted(at_us, [change.at_us - HOUR_US for change in releases])]
    causes = precede(points_of_change, first_runs)
    changes = []
    for point, cause in zip(points_of_change, causes, strict=True):
        begun, earliest, latest = (int(at_us[index]) for index in (point.index, point.earliest, point.latest))
        release = releases[cause].name if cause is not None else ""
        change = Change(*place, begun, earliest, latest, point.before, point.after, release, len(value))
        if period.since_us <= begun < period.until_us and abs(change.ratio) >= LEAST_CHANGE:
            changes.append(change)
    return changes


def trend_of(
    title: str, points: Points, period: Period, changes: Sequence[Change], releases: Sequence[Release]
) -> Trend:
    """Return six-hourly medians, and the band that nine of ten earlier ones at that time of day lay in."""
    at_us, value = medians(points, _POINT_US)
    if not len(at_us):
        return Trend(title, (), ())
    if len(at_us) > 1 and at_us[-1] + _POINT_US > period.until_us:
        at_us, value = at_us[:-1], value[:-1]  # not over yet: few values, far from the median of a whole one
    grid = np.arange(at_us[0], at_us[-1] + _POINT_US, _POINT_US)
    shown = np.full(len(grid), math.nan)
    shown[np.searchsorted(grid, at_us)] = value
    slot = grid // _POINT_US % _SLOTS
    old = grid < period.since_us
    low, high = np.full(len(grid), math.nan), np.full(len(grid), math.nan)
    for slot_number in range(_SLOTS):
        usual = shown[old & (slot == slot_number) & np.isfinite(shown)]
        if len(usual) >= 7:
            low[slot == slot_number], high[slot == slot_number] = np.quantile(usual, [0.05, 0.95])
    has_band = bool(np.isfinite(low).all())
    return Trend(
        title=title,
        at_us=grid.tolist(),
        value=shown.tolist(),
        low=low.tolist() if has_band else (),
        high=high.tolist() if has_band else (),
        days=_days(int(grid[0]), int(grid[-1]), period.timezone),
        changes=[(change.at_us, f"{change.step or 'whole run'}: {change.ratio:+.0%}") for change in changes],
        releases=[(release.at_us, release.name) for release in releases if grid[0] <= release.at_us <= grid[-1]],
        since_us=period.since_us,
    )


def heat_of(points: Points, timezone: str) -> list[list[float]]:
    """Return medians by local weekday and hour, 7 rows of 24; NaN where nothing was measured."""
    at_us, value = medians(points, HOUR_US)
    zone = ZoneInfo(timezone)
    cells: dict[tuple[int, int], list[float]] = {}
    for moment, median in zip(at_us.tolist(), value.tolist(), strict=True):
        local = datetime.fromtimestamp(moment / 1_000_000, zone)
        cells.setdefault((local.weekday(), local.hour), []).append(median)
    return [
        [float(np.median(cells[day, hour])) if (day, hour) in cells else math.nan for hour in range(24)]
        for day in range(7)
    ]


def _days(first_us: int, last_us: int, timezone: str) -> list[tuple[int, str]]:
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(first_us / 1_000_000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    pace = max(1, round((last_us - first_us) / 86_400_000_000 / 5))
    marks = []
    while (at_us := round(day.astimezone(UTC).timestamp() * 1_000_000)) <= last_us:
        if at_us >= first_us:
            marks.append((at_us, f"{day:%d %b}"))
        day += timedelta(days=pace)
    return marks
