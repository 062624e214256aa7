"""How fast steps are, and when they took new levels. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from outrider.baselines import group_medians, is_same_level, lasting_changes, quantile_of
from outrider.charts import Trend
from outrider.model import date, locale, per_cent
from outrider.reports.facts import Change, StepFigures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from outrider.baselines import LastingChange, Settings
    from outrider.model import Points, Release
    from outrider.reports.period import Period

_SECOND_US = 1_000_000
HOUR_US = 3_600 * _SECOND_US
POINT_HOURS = 6
_DAY_HOURS = 24
_RELEASES_DRAWN = 30
_RELEASES_NEAR = 3


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
    cell = points.at_us // width_us
    first, middle = group_medians(points.value, cell)
    return cell[first] * width_us, middle


def changes_of(
    place: tuple[str, str], points: Points, releases: Sequence[Release], period: Period, *, judging: Settings
) -> list[Change]:
    """Return the new levels of a check's step that began or ended in the period, without its season.

    A release explains a change if it went live within the interval of when it began. A level that was left for the one
    before it is one change with an end, not two.
    """
    moments = (points.at_us, np.array([release.at_us for release in releases], dtype=np.int64))
    at, released = (moment.astype("datetime64[us]").astype("datetime64[s]") for moment in moments)
    changes = []
    for change, ended_us in _with_ends(lasting_changes(at, points.value, judging, released), judging):
        times_us = (change.at_s * _SECOND_US, change.earliest_s * _SECOND_US, change.latest_s * _SECOND_US)
        release = _cause(change, releases)
        if any(period.since_us <= moment < period.until_us for moment in (times_us[0], ended_us) if moment is not None):
            levels = (change.before, change.after)
            changes.append(Change(*place, *times_us, *levels, release, _hours(points), ended_us))
    return changes


def _cause(change: LastingChange, releases: Sequence[Release]) -> str:
    """Return the release near a change; where there are several, none is more likely than another."""
    if change.release is None:
        return ""
    near = sum(change.earliest_s <= release.at_us // _SECOND_US <= change.latest_s for release in releases)
    return f"one of {near}" if near > _RELEASES_NEAR else releases[change.release].name


def _with_ends(changes: Sequence[LastingChange], judging: Settings) -> Iterator[tuple[LastingChange, int | None]]:
    """Yield each change, and when the level before it came back: the next change, if that leads there."""
    k = 0
    while k < len(changes):
        change, following = changes[k], changes[k + 1] if k + 1 < len(changes) else None
        ended = following is not None and is_same_level(change.before, following.after, judging)
        yield change, following.at_s * _SECOND_US if following and ended else None
        k += 2 if ended else 1


def _hours(points: Points) -> int:
    return len(np.unique(points.at_us // HOUR_US))


def trend_of(
    title: str,
    points: Points,
    period: Period,
    changes: Sequence[Change],
    releases: Sequence[Release],
    *,
    hours: int = POINT_HOURS,
) -> Trend:
    """Return medians of so many hours, and the band that nine of ten earlier ones at that time of day lay in."""
    pace_us, slots = hours * HOUR_US, _DAY_HOURS // hours
    at_us, value = medians(points, pace_us)
    if not len(at_us):
        return Trend(title, (), ())
    if len(at_us) > 1 and at_us[-1] + pace_us > period.until_us:
        at_us, value = at_us[:-1], value[:-1]  # not over yet: few values, far from the median of a whole one
    grid = np.arange(at_us[0], at_us[-1] + pace_us, pace_us)
    shown = np.full(len(grid), math.nan)
    shown[np.searchsorted(grid, at_us)] = value
    slot = grid // pace_us % slots
    old = grid < period.since_us
    low, high = np.full(len(grid), math.nan), np.full(len(grid), math.nan)
    for slot_number in range(slots):
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
        changes=sorted(mark for change in changes for mark in _marks(change)),
        releases=_drawn(releases, changes, int(grid[0]), int(grid[-1])),
        since_us=period.since_us,
    )


def _drawn(
    releases: Sequence[Release], changes: Sequence[Change], since_us: int, until_us: int
) -> list[tuple[int, str]]:
    """Return the releases of a chart; of more than can be told apart, those that explain changes."""
    shown = [(release.at_us, release.name) for release in releases if since_us <= release.at_us <= until_us]
    if len(shown) <= _RELEASES_DRAWN:
        return shown
    near = {change.release for change in changes}
    return [(at_us, name) for at_us, name in shown if name in near]


def _marks(change: Change) -> list[tuple[int, str]]:
    step = change.step or "whole run"
    begun = (change.at_us, f"{step}: {per_cent(change.ratio, '+.0f')}")
    return [begun, (change.ended_us, f"{step}: back")] if change.ended_us is not None else [begun]


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
            marks.append((at_us, date(day, locale().day)))
        day += timedelta(days=pace)
    return marks
