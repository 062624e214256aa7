"""How far the largest values of a series may be expected to go."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

_SHARE = 0.10  # of the values are taken for the tail
_MAX_SHAPE = 0.5


def return_level(values: FloatArray, runs: float) -> float:
    """Return the level that `values` are expected to exceed once in `runs`.

    A generalised Pareto tail above the 90th percentile, by probability-weighted moments (Hosking and Wallis 1987,
    doi:10.1080/00401706.1987.10488243), its shape held between exponential and 0.5. Never below the largest value seen.
    """
    ordered = np.sort(values)
    count = max(2, int(len(ordered) * _SHARE))
    if len(ordered) <= count:
        return math.inf
    start = float(ordered[-count - 1])
    shape, scale = _pareto(ordered[-count:] - start)
    ratio = max(1.0, runs * count / len(ordered))
    reach = math.log(ratio) if shape < 1e-6 else (ratio**shape - 1) / shape
    return max(start + scale * reach, float(ordered[-1]))


def _pareto(excess: FloatArray) -> tuple[float, float]:
    """Return shape and scale of ascending excesses."""
    count = len(excess)
    mean = float(excess.mean())
    weighted = float(np.mean((1 - (np.arange(1, count + 1) - 0.35) / count) * excess))
    if mean <= 2 * weighted or mean <= 0:
        return 0.0, mean
    shape = min(max(2 - mean / (mean - 2 * weighted), 0.0), _MAX_SHAPE)
    return shape, mean * (1 - shape)
