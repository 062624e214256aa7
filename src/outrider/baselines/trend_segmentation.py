"""Split a series into pieces that each follow a line of their own: a history that rises is no staircase of levels.

Optimal partitioning (Jackson and others 2005, doi:10.1109/LSP.2001.838216) by the squares that fitted lines leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

MOST_VALUES = 2000  # the work grows with the square of the length
_PER_CHANGE = 4.0  # log n, in long-run variances, that a change must explain: a level, a slope and a place


class Lines:
    """What lines leave of a series.

    Args:
        values: Of the series.
    """

    def __init__(self, values: FloatArray) -> None:
        x, y = np.arange(len(values), dtype=np.float64), values - values.mean()
        self._sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (y, y * y, x * y)]
        self._lengths = np.arange(len(values), 0, -1, dtype=np.float64)  # of the pieces that end with the last value
        self._spreads = np.maximum(self._lengths * (self._lengths**2 - 1) / 12, 1e-12)

    def left(self, begins: int, end: int) -> FloatArray:
        """Return the sum of squares that the best line leaves of `values[begin:end]`, for each begin below `begins`."""
        pieces = slice(len(self._lengths) - end, len(self._lengths) - end + begins)
        of_y, of_squares, of_products = (total[end] - total[:begins] for total in self._sums)
        slope_sum = of_products - (end - (self._lengths[pieces] + 1) / 2) * of_y
        rest: FloatArray = of_squares - of_y**2 / self._lengths[pieces] - slope_sum**2 / self._spreads[pieces]
        return np.maximum(rest, 0.0)


def linear_splits(values: FloatArray, shortest: int, variance: float) -> tuple[list[int], float]:
    """Return where a series takes another line, and the squares that are left, in units of `variance`.

    Args:
        values: At most `MOST_VALUES` of them.
        shortest: Least length of a piece.
        variance: Long-run variance of the noise.
    """
    count, lines = len(values), Lines(values)
    penalty = _PER_CHANGE * np.log(count)
    best, before = np.full(count + 1, np.inf), np.zeros(count + 1, np.int64)
    best[0] = -penalty
    for end in range(shortest, count + 1):
        begins = end - shortest + 1
        cost = best[:begins] + lines.left(begins, end) / variance + penalty
        before[end] = int(cost.argmin())
        best[end] = cost[before[end]]
    splits, at = list[int](), count
    while before[at]:
        at = int(before[at])
        splits.append(at)
    return splits[::-1], float(best[count]) - penalty * len(splits)
