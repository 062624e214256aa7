"""Where the middle of a few values lies, robustly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray, IntArray

MAD_TO_SIGMA = 1.482602218505602  # of Gaussian values


def robust_sigma(values: FloatArray) -> float:
    """Return the scaled median absolute deviation of `values`, shape (n,), n >= 1, finite."""
    return float(np.median(np.abs(values - np.median(values)))) * MAD_TO_SIGMA


def group_medians(values: FloatArray, group: IntArray) -> tuple[IntArray, FloatArray]:
    """Return where each group begins, and the median of its values.

    Args:
        values: Finite, shape (n,).
        group: Which group each value belongs to, ascending, shape (n,).
    """
    first = np.flatnonzero(np.diff(group, prepend=group[:1] - 1))
    count = np.diff(first, append=len(group))
    ordered = values[np.lexsort((values, group))]
    return first, (ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2
