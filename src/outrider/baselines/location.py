"""Where the middle of a few values lies, robustly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

HUBER_K = 1.345  # 95 % efficient on Gaussian values (Huber 1981)
MAD_TO_SIGMA = 1.482602218505602  # of Gaussian values
_STEPS = 50


def robust_sigma(values: FloatArray) -> float:
    """Return the scaled median absolute deviation of `values`, shape (n,), n >= 1, finite."""
    return float(np.median(np.abs(values - np.median(values)))) * MAD_TO_SIGMA


def huber_location(values: FloatArray, sigma: float) -> float:
    """Return Huber's M-estimate of location with a known scale.

    Args:
        values: Shape (n,), n >= 1, finite.
        sigma: Scale of one value; with zero the median is returned.

    Source: P. J. Huber, Robust Statistics (1981), section 6.7.
    """
    middle = float(np.median(values))
    if sigma <= 0:
        return middle
    for _ in range(_STEPS):
        score = (values - middle) / sigma
        inside = max(float(np.mean(np.abs(score) <= HUBER_K)), 1 / len(values))
        move = float(np.mean(np.clip(score, -HUBER_K, HUBER_K))) * sigma / inside
        middle += min(max(move, -sigma), sigma)
        if abs(move) < 1e-9 * sigma:
            break
    return middle


def huber_variance(values: FloatArray, sigma: float, freedom: int) -> float:
    """Return the variance that one value adds to Huber's location, from residuals around their locations.

    The asymptotic sandwich E[psi^2] / E[psi']^2, with `freedom` residual degrees of freedom.
    """
    score = values / sigma
    inside = max(float(np.mean(np.abs(score) <= HUBER_K)), 0.1)
    return float(np.sum(np.clip(score, -HUBER_K, HUBER_K) ** 2)) / freedom * sigma**2 / inside**2
