"""Lasting changes of level that somebody would feel: what lists, reports and alerts tell of a history.

The season is divided out and the scale is the judge's; a change counts from the judge's floor on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from outrider.baselines.history import ChangePoint, change_points, precede
from outrider.baselines.local_time import CELL_S, CELLS_A_DAY, EPOCH_WEEKDAY, local_seconds
from outrider.baselines.location import group_medians
from outrider.baselines.season import FLAT, Cells, Season, cells_of, fit_season
from outrider.baselines.series import DAY_S, seconds_of, values_of
from outrider.baselines.value_scale import from_log, is_value, least_change, resolution, to_log
from outrider.model import per_cent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from outrider.baselines.judge_settings import Settings
    from outrider.baselines.series import FloatArray, IntArray

LEAST_SHARE = 0.05
"""A change of level by a smaller share is left out, as the gate tolerates it."""
_SEASON_DAYS = 3  # that a history must hold for its times of day to be told from changes
_SHARE_AN_HOUR = 0.05  # of a shorter history, that may be its time of day
_MOST_SHARE = 0.5
_ROUNDS = 2  # the season is learned from what the changes leave
_NOTHING = 1e-12
_THURSDAY = 3
_PAIRS = 3  # of days: before a weekend, the weekend, after it
_WEDNESDAY = 6  # after Thursday
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class LastingChange:
    """A new level of a series; times in seconds UTC.

    Attributes:
        at_s: When it began: the first run of the new level.
        earliest_s, latest_s: The 95 % interval of that.
        before, after: Levels without the season, in the unit of the series: the medians of what lies between changes.
        p_value: See `ChangePoint`.
        release: Position of the release that explains it, or None.
    """

    at_s: int
    earliest_s: int
    latest_s: int
    before: float
    after: float
    p_value: float
    release: int | None = None

    @property
    def ratio(self) -> float:
        """The new level over the old one; NaN where the old one is zero."""
        return self.after / self.before if self.before else math.nan

    @property
    def change(self) -> str:
        """How much higher or lower the new level is, in words: there is no share of zero."""
        return per_cent(self.ratio - 1, "+.0f") if self.before else "from zero"


class _Rows(NamedTuple):
    """A history on the judge's scale.

    Attributes:
        at: When each value began, seconds UTC.
        value: On the judge's scale.
        width_s: How long each lasts: half an hour where they tell a season; zero for single runs.
        least: The smallest change that counts, in the unit of the series.
        least_share: And as a share of the level before it.
    """

    at: IntArray
    value: FloatArray
    width_s: int
    least: float
    least_share: float


def lasting_changes(
    at: ArrayLike, value: ArrayLike, settings: Settings, released_at: ArrayLike = ()
) -> list[LastingChange]:
    """Return the changes of level of a whole history that are large enough for somebody to feel, oldest first.

    Args:
        at: datetime64[s] UTC, ascending, shape (n,).
        value: One value a run; what is not a number from zero stands for a missing run.
        settings: For the scale, the time zone, and the floor: a change counts that is at least `floor_ms`, the
            resolution of the values, and `LEAST_SHARE`.
        released_at: datetime64[s] UTC of each release, ascending. One explains a change whose interval holds it.

    From three days of history on, values are the middles of half hours, and their season is divided out; it is learned
    from what the changes leave. A shorter history does not tell its times of day: there a change must be larger.

    Raises:
        BadSeries: If times or values are malformed.
    """
    numbers = values_of(value)
    seconds = seconds_of(at, len(numbers))
    released = seconds_of(released_at, np.size(np.asarray(released_at)))
    real = is_value(numbers)
    if not real.any():
        return []
    rows = _rows(seconds[real], to_log(numbers[real], settings), settings)
    levels, kept = _day_levels(rows), list[ChangePoint]()
    for _ in range(_ROUNDS if rows.width_s else 1):
        rest = rows.value - _season(rows, levels, settings.tz).at(rows.at, settings.tz)
        kept = _felt(rest, change_points(rest), rows, settings)
        levels = _levels(rest, kept)
    return _described(rows, levels, kept, released, settings)


def is_same_level(former: float, present: float, settings: Settings) -> bool:
    """Whether a level differs from a former one by less than a change that counts."""
    return abs(present - former) < max(least_change(settings), LEAST_SHARE * former)


def _rows(at: IntArray, logs: FloatArray, settings: Settings) -> _Rows:
    """Return half hours where they tell a season, else runs."""
    cells, span_s = cells_of(at, logs), float(np.ptp(at))
    least = max(least_change(settings), resolution(logs, settings))
    times = np.unique(cells.index % CELLS_A_DAY)
    if span_s >= _SEASON_DAYS * DAY_S and len(cells.index) >= (_SEASON_DAYS - 1) * len(times):
        return _Rows(cells.index * CELL_S, cells.middle, CELL_S, least, LEAST_SHARE)
    share = min(LEAST_SHARE + _SHARE_AN_HOUR * span_s / _HOUR_S, _MOST_SHARE)
    return _Rows(at, logs, 0, least, share)


def _day_levels(rows: _Rows) -> FloatArray:
    """Return for each value the median of its stretch of 24 hours, in which a season cancels out."""
    day = (rows.at - rows.at[0]) // DAY_S
    whole = np.minimum(day, max((rows.at[-1] + rows.width_s - rows.at[0]) // DAY_S - 1, 0))
    first, medians = group_medians(rows.value, whole)
    return np.repeat(medians, np.diff(first, append=len(whole)))


def _season(rows: _Rows, levels: FloatArray, tz: str) -> Season:
    """Return the season of what levels leave.

    A weekend is compared with the days beside it: against all others, a change in the middle of a week would pass for
    the weekend after it.
    """
    if not rows.width_s:
        return FLAT
    daily = fit_season(Cells(rows.at // CELL_S, rows.value - levels), tz).daily
    rest = rows.value - Season(daily, 0.0).at(rows.at, tz)
    return Season(daily, _weekend_offset(rest, local_seconds(rows.at, tz) // DAY_S))


def _weekend_offset(rest: FloatArray, day: IntArray) -> float:
    """Return by how much a weekend differs from both the two days before it and the two after, in the middle of all.

    Args:
        rest: Values without the times of the day.
        day: Local days since 1970.
    """
    week, weekday = np.divmod(day + EPOCH_WEEKDAY - _THURSDAY, 7)
    near = weekday < _WEDNESDAY  # which is beside no weekend
    pair = (week * _PAIRS + weekday // 2)[near]
    first, medians = group_medians(rest[near], pair)
    table = np.full((int(np.ptp(week)) + 1, _PAIRS), np.nan)
    table.reshape(-1)[pair[first] - week[0] * _PAIRS] = medians
    before, weekend, after = table[np.isfinite(table[:, 1])].T
    least, most = (among(weekend - before, weekend - after) for among in (np.fmin, np.fmax))
    offsets = np.where(least > 0, least, np.where(most < 0, most, 0.0))
    return float(np.median(offsets)) if len(offsets) else 0.0


def _felt(rest: FloatArray, points: Sequence[ChangePoint], rows: _Rows, settings: Settings) -> list[ChangePoint]:
    """Drop the smallest change until every one that is left is large enough; levels join where one goes."""
    kept = list(points)
    while kept:
        levels = [from_log(median, settings) for median in _medians(rest, kept)]
        size = [abs(b - a) / max(rows.least, rows.least_share * a, _NOTHING) for a, b in pairwise(levels)]
        smallest = int(np.argmin(size))
        if size[smallest] >= 1:
            break
        del kept[smallest]
    return kept


def _medians(rest: FloatArray, points: Sequence[ChangePoint]) -> list[float]:
    edges = [0, *(point.index for point in points), len(rest)]
    return [float(np.median(rest[a:b])) for a, b in pairwise(edges)]


def _levels(rest: FloatArray, points: Sequence[ChangePoint]) -> FloatArray:
    """Return for each row the level that it belongs to."""
    lengths = np.diff([0, *(point.index for point in points), len(rest)])
    return np.repeat(_medians(rest, points), lengths)


def _described(
    rows: _Rows, levels: FloatArray, points: Sequence[ChangePoint], released: IntArray, settings: Settings
) -> list[LastingChange]:
    first = np.searchsorted(rows.at, released - rows.width_s, "right" if rows.width_s else "left")
    causes = precede(points, [int(index) for index in first])
    changes = []
    for point, cause in zip(points, causes, strict=True):
        begun, earliest, latest = (int(rows.at[index]) for index in (point.index, point.earliest, point.latest))
        before, after = (from_log(float(levels[k]), settings) for k in (point.index - 1, point.index))
        changes.append(LastingChange(begun, earliest, latest, before, after, point.p_value, cause))
    return changes
