"""By how many robust standard deviations values lie above what is usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.baselines.location import robust_sigma

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

LEAST_USUAL: Final = 20
"""Fewer values do not tell what is usual."""

_TINY: Final = 1e-12


def robust_deviations(usual: FloatArray, values: FloatArray, *, least_sigma: float) -> FloatArray:
    """Return (value - median) / sigma of each value; sigma is the scaled median absolute deviation.

    Args:
        usual: Shape (n,); NaN where nothing was measured.
        values: Shape (m,), likewise.
        least_sigma: What sigma is at least: a series that never moved does not make every move a large one.

    Returns:
        Shape (m,); NaN where nothing was measured, and all NaN with fewer than twenty usual values.
    """
    known = usual[np.isfinite(usual)]
    if len(known) < LEAST_USUAL:
        return np.full(len(values), np.nan)
    return np.asarray((values - np.median(known)) / max(robust_sigma(known), least_sigma, _TINY))
