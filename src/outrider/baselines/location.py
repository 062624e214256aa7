"""Where the middle of a few values lies, robustly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

MAD_TO_SIGMA = 1.482602218505602  # of Gaussian values


def robust_sigma(values: FloatArray) -> float:
    """Return the scaled median absolute deviation of `values`, shape (n,), n >= 1, finite."""
    return float(np.median(np.abs(values - np.median(values)))) * MAD_TO_SIGMA
