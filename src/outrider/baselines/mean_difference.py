"""By how much means of columns differ between two sets of rows, with intervals (Welch 1947, doi:10.2307/2332510)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.baselines.location import MAD_TO_SIGMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from outrider.baselines.series import FloatArray

LEAST_ROWS: Final = 3
"""On each side: two tell next to nothing of a spread."""

_FAR: Final = 5.0


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """Differences of means, after less before; each of shape (columns,)."""

    value: FloatArray
    low: FloatArray
    high: FloatArray
    chance: FloatArray
    """Two-sided p-values of no difference."""


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
    return MeanDifference(value, value - half, value + half, np.asarray(2 * stdtr(freedom, -score)))


def typical_rows(totals: FloatArray) -> NDArray[np.bool_]:
    """Return which values lie no further from their median than five robust standard deviations; shape (n,)."""
    distance = np.abs(totals - np.median(totals))
    scale = float(np.median(distance)) * MAD_TO_SIGMA
    return np.asarray(distance <= _FAR * scale) if scale > 0 else np.ones(len(totals), dtype=np.bool_)
