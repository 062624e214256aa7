"""What the time of day and the weekend make of a series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.local_time import CELL_S, CELLS_A_DAY, is_weekend, local_seconds, slot_of

if TYPE_CHECKING:
    from outrider.baselines.series import BoolArray, FloatArray, IntArray

_REACH = 2  # half hours that lend their values to the one in the middle, each side
_TRIM = 0.2
_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Cells:
    """A series by half hours.

    Attributes:
        index: Half hours since 1970 UTC, ascending, those with values only.
        middle: Mean of the middle half of each one's values.
    """

    index: IntArray
    middle: FloatArray


@dataclass(frozen=True, slots=True)
class Season:
    """The expected deviation from the level, in log units.

    Attributes:
        daily: By half hour of the local day, shape (48,).
        weekend: Added on Saturday and Sunday.
    """

    daily: FloatArray
    weekend: float

    def at(self, seconds: IntArray, tz: str) -> FloatArray:
        """Return the deviation expected at UTC `seconds`."""
        if not self.weekend and not self.daily.any():
            return np.zeros(len(seconds))
        local = local_seconds(seconds, tz)
        return self.daily[slot_of(local)] + self.weekend * is_weekend(local)


FLAT = Season(np.zeros(CELLS_A_DAY), 0.0)


def cells_of(at: IntArray, value: FloatArray) -> Cells:
    """Return the half hours of ascending times; each value counts in its own."""
    if not len(at):
        return Cells(np.zeros(0, np.int64), np.zeros(0))
    order = np.lexsort((value, at // CELL_S))
    index, first, count = np.unique(at // CELL_S, return_index=True, return_counts=True)
    total = np.concatenate([[0.0], np.cumsum(value[order])])
    low, high = first + count // 4, first + count - count // 4
    return Cells(index, (total[high] - total[low]) / (high - low))


def fit_season(cells: Cells, tz: str) -> Season:
    """Return the daily profile, smoothed over neighbouring half hours, and the weekend's offset.

    Both are trimmed means over days, so that a bad day or a few incidents do not become a season.
    """
    local = local_seconds(cells.index * CELL_S, tz)
    slot, weekend = slot_of(local), is_weekend(local).astype(bool)
    offset, daily = 0.0, np.zeros(CELLS_A_DAY)
    for _ in range(_ROUNDS):
        daily = _smooth_profile(slot, cells.middle - offset * weekend)
        offset = _weekend_offset(cells.middle - daily[slot], weekend)
    level = _trimmed_mean(daily)
    return Season(daily - level, offset)


def _weekend_offset(rest: FloatArray, weekend: BoolArray) -> float:
    if weekend.sum() < 2 or (~weekend).sum() < 2:
        return 0.0
    return _trimmed_mean(rest[weekend]) - _trimmed_mean(rest[~weekend])


def _trimmed_mean(values: FloatArray) -> float:
    ordered = np.sort(values)
    cut = int(len(ordered) * _TRIM)
    return float(ordered[cut : len(ordered) - cut].mean())


def _smooth_profile(slot: IntArray, values: FloatArray) -> FloatArray:
    """Return the trimmed mean of every slot and its neighbours; slots that nobody saw lie between their neighbours."""
    shifts = np.arange(-_REACH, _REACH + 1)
    ascending = np.argsort(values)
    wide = ((slot[ascending, None] + shifts) % CELLS_A_DAY).astype(np.int8).ravel()
    lent = np.repeat(values[ascending], len(shifts))
    total = np.concatenate([[0.0], np.cumsum(lent[np.argsort(wide, kind="stable")])])
    count = np.bincount(wide, minlength=CELLS_A_DAY)
    first = np.cumsum(count) - count
    cut = (count * _TRIM).astype(np.int64)
    low, high = first + cut, first + count - cut
    seen = count > 0
    profile = np.zeros(CELLS_A_DAY)
    profile[seen] = (total[high[seen]] - total[low[seen]]) / (high - low)[seen]
    gaps = np.flatnonzero(~seen)
    return _bridge(profile, seen, gaps) if len(gaps) else profile


def _bridge(profile: FloatArray, seen: BoolArray, gaps: IntArray) -> FloatArray:
    known = np.flatnonzero(seen)
    profile[gaps] = np.interp(gaps, known, profile[known], period=CELLS_A_DAY)
    return profile
