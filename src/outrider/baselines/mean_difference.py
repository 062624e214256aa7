"""By how much means of columns differ between two sets of rows, with intervals (Welch 1947, doi:10.2307/2332510)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.baselines.location import MAD_TO_SIGMA

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from outrider.baselines.series import FloatArray

LEAST_ROWS: Final = 3
"""On each side: two tell next to nothing of a spread."""

_FAR: Final = 5.0
_HALVINGS: Final = 50


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """Differences of means, after less before; each of shape (columns,)."""

    value: FloatArray
    low: FloatArray
    high: FloatArray
    chance: FloatArray
    """Two-sided p-values of no difference."""

    error: FloatArray
    """Standard errors; `freedom` is their degrees of freedom (Satterthwaite)."""

    freedom: FloatArray


def mean_difference(before: FloatArray, after: FloatArray, *, level: float = 0.8) -> MeanDifference:
    """Return by how much the mean of each column differs.

    Columns that add up row by row have differences that add up, too.

    Args:
        before: Shape (rows, columns), three rows at least, finite.
        after: Shape (rows, columns), likewise; rows need not be as many.
        level: Of each interval, 0 to 1.

    Raises:
        ValueError: If a side has fewer rows.
    """
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415 - only where used, and far quicker than scipy.stats

    sizes = len(before), len(after)
    if min(sizes) < LEAST_ROWS:
        raise ValueError(f"{min(sizes)} rows, {LEAST_ROWS} are needed")
    value = after.mean(axis=0) - before.mean(axis=0)
    of_mean = [side.var(axis=0, ddof=1) / size for side, size in zip((before, after), sizes, strict=True)]
    variance = of_mean[0] + of_mean[1]
    spread = of_mean[0] ** 2 / (sizes[0] - 1) + of_mean[1] ** 2 / (sizes[1] - 1)
    freedom = np.divide(variance**2, spread, out=np.full_like(value, sum(sizes) - 2.0), where=spread > 0)
    error = np.sqrt(variance)
    half = stdtrit(freedom, (1 + level) / 2) * error
    score = np.divide(np.abs(value), error, out=np.where(value == 0, 0.0, np.inf), where=error > 0)
    chance = np.asarray(2 * stdtr(freedom, -score))
    return MeanDifference(value, value - half, value + half, chance, error, freedom)


def chosen_interval(
    difference: MeanDifference, column: int, chance: float, least: float, *, level: float = 0.8
) -> tuple[float, float]:
    """Return the interval of a difference that is told since it is large: what is barely told is mostly exaggerated.

    The interval of the truncated distribution (Zhong and Prentice 2008, doi:10.1093/biostatistics/kxn001; Weinstein,
    Fithian and Benjamini 2013, doi:10.1080/01621459.2012.737740), which no zero lies within, and the value does.

    Args:
        difference: Of all columns.
        column: The one that is told.
        chance: Its p-value had to be that small, 0 to 1.
        least: It had to be that large, in the unit of the values.
        level: Of the interval, 0 to 1.
    """
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415 - as above

    value, error, freedom = (float(own[column]) for own in (difference.value, difference.error, difference.freedom))
    if error <= 0:
        return value, value
    size, bound = abs(value) / error, max(float(stdtrit(freedom, 1 - chance / 2)), least / error)

    def share_below(mean: float) -> float:
        """Return how much of what is told lies below the value, were the mean so many errors."""
        below, above = stdtr(freedom, -bound - mean), stdtr(freedom, mean - bound)
        reached = below + above - stdtr(freedom, mean - size)
        return float(reached / (below + above))

    ends = [max(_falling(share_below, share, size), 0.0) * error for share in ((1 + level) / 2, (1 - level) / 2)]
    low, high = ends[0], max(ends[1], abs(value))
    return (low, high) if value >= 0 else (-high, -low)


def _falling(function: Callable[[float], float], wanted: float, size: float) -> float:
    """Return where a function that falls has a value, between nothing and far beyond a size."""
    low, high = 0.0, 2 * size + 10.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > wanted else (low, middle)
    return low


def typical_rows(totals: FloatArray) -> NDArray[np.bool_]:
    """Return which values lie no further from their median than five robust standard deviations; shape (n,)."""
    distance = np.abs(totals - np.median(totals))
    scale = float(np.median(distance)) * MAD_TO_SIGMA
    return np.asarray(distance <= _FAR * scale) if scale > 0 else np.ones(len(totals), dtype=np.bool_)
