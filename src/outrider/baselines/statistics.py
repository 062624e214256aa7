"""The parts of the latency judge: scores of single runs, and how much evidence a block of them must bring.

Every part turns the standardised residual of a run into a bounded score, and compares the mean score of the last w runs
with what same-length blocks of the baseline did. Limits are in empirical standard deviations of those block means. They
were set on the simulator of `benchmarks/detection` for one false alert in five months at a run every five minutes; a
different sensitivity or cadence moves them by `_SLOPES` for each factor e in the runs between two false alerts.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray, IntArray

WINDOWS = (6, 8, 12, 18, 24, 36, 48, 72, 96, 144)
SHORT_WINDOWS = (1, 2, 3)
LOOK_BACK = WINDOWS[-1]
SCALE = 1024  # scores are whole numbers of 1/1024, so that sums are exact and a replay equals the fold
CLIP = 2.5
TAIL_FROM = 1.5  # sigmas above which a run counts as slow
_GRID = np.arange(-5.0, 8.0, 1 / 16)
_BANDWIDTH = 0.3
_REFERENCE_RUNS = 43_800.0  # five months at a run every five minutes
_REFERENCE_LEARNED = 4032  # two weeks at a run every five minutes
_BLOCK_FREEDOM = 1.5  # degrees of freedom that overlapping blocks give for each one that does not overlap
_KNOTS = np.log([6.0, 24.0, 72.0, 144.0])


class Part(StrEnum):
    """What a part of the judge looks at."""

    LEVEL = "level"
    SHAPE = "shape"
    SPREAD = "spread"
    TAIL = "tail"
    EXTREME = "extreme"


SCANS = (Part.LEVEL, Part.SHAPE, Part.SPREAD, Part.TAIL)
_LIMITS = {
    Part.LEVEL: (4.50, 4.60, 5.05, 5.40),
    Part.SHAPE: (4.60, 4.60, 4.75, 5.00),
    Part.SPREAD: (6.50, 5.35, 5.45, 5.75),
    Part.TAIL: (14.4, 9.80, 7.30, 6.80),
}
_SLOPES = {
    Part.LEVEL: (0.22, 0.25, 0.40, 0.45),
    Part.SHAPE: (0.22, 0.25, 0.35, 0.45),
    Part.SPREAD: (0.40, 0.40, 0.45, 0.48),
    Part.TAIL: (1.00, 0.75, 0.70, 0.70),
}
COLUMNS: tuple[tuple[Part, int], ...] = (
    *((part, window) for part in SCANS for window in WINDOWS),
    *((Part.EXTREME, window) for window in SHORT_WINDOWS),
)
SHARES_BELOW = np.array([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995])
_RARITY = np.array(
    [
        np.interp(np.log(window), _KNOTS, np.array(_LIMITS[part]) / _SLOPES[part]) if part in _LIMITS else 0.0
        for part, window in COLUMNS
    ]
)  # factors e of rarity for each limit that evidence lies above its limit; zero for extremes
_BELIEVED = 0.75
WINDOW_OF = np.array([window for _, window in COLUMNS])


def limits(part: Part, runs_between: float, learned_runs: int) -> FloatArray:
    """Return the limit of each window for one false alert in so many runs, in standard deviations of block means.

    A deviation measured on few blocks is itself uncertain, so a history shorter than two weeks of five minutes asks for
    as much more as Student's t does.
    """
    at = np.log(WINDOWS)
    more = np.log(runs_between / _REFERENCE_RUNS)
    normal = np.interp(at, _KNOTS, _LIMITS[part]) + more * np.interp(at, _KNOTS, _SLOPES[part])
    normal = np.maximum(normal, 3.0)
    blocks = _BLOCK_FREEDOM / np.array(WINDOWS)
    freedom = np.maximum(learned_runs * blocks, 1.0)
    ratio = student_quantile(normal, freedom) / student_quantile(normal, _REFERENCE_LEARNED * blocks)
    more_uncertain: FloatArray = normal * ratio
    return more_uncertain


def log_rarity(shares: FloatArray) -> float:
    """Return how much rarer than an alert by chance evidence is: the log of a factor, zero at the limit, less below.

    Limits move by their slope for each factor e in the runs between two false alerts, so evidence above a limit says
    how far that limit might have been moved. Slopes were set near one false alert in five months: only three quarters
    of what they say beyond that are believed. Extremes have a Pareto tail of shape one half at worst.

    Args:
        shares: Evidence as a share of its limit, a column each.
    """
    beyond = np.where(_RARITY > 0, (shares - 1) * _RARITY, 2 * np.log(np.maximum(shares, 1e-9)))
    return _BELIEVED * float(beyond.max())


def student_quantile(normal: FloatArray, freedom: FloatArray) -> FloatArray:
    """Return Student's t at the tail probability of a normal quantile, within some percent from 4 degrees of freedom.

    Source: Wallace 1959, doi:10.1214/aoms/1177706091, as sharpened by Prescott and others.
    """
    inner = normal**2 * (freedom - 5 / 6) / (freedom - 2 / 3 + 0.1 / freedom) ** 2
    quantile: FloatArray = np.sqrt(freedom * np.expm1(np.minimum(inner, 30.0)))
    return quantile


def shape_scores(residual: FloatArray) -> FloatArray:
    """Return -f'/f on a grid for the density f of standardised residuals: the efficient score of a shift.

    With two modes it sees each of them move, where a mean drowns in the switching between them. The density is a
    Gaussian kernel estimate; the score is clipped, which bounds what a single run can say.
    """
    step = _GRID[1] - _GRID[0]
    count = np.histogram(residual, np.append(_GRID - step / 2, _GRID[-1] + step / 2))[0].astype(np.float64)
    at = np.arange(-64, 65) * step
    width = _BANDWIDTH * max(1.0, _REFERENCE_LEARNED / max(len(residual), 1)) ** 0.2  # the rate of Silverman 1986
    kernel = np.exp(-0.5 * (at / width) ** 2)
    density = np.convolve(count, kernel / kernel.sum(), "same") + 1e-3 * len(residual) * step
    score: FloatArray = np.clip(-np.gradient(np.log(density), step), -CLIP, CLIP)
    return score


def scores(residual: FloatArray, shape: FloatArray) -> IntArray:
    """Return the score of each run for each part of SCANS, shape (4, n), in units of 1 / SCALE."""
    size = np.abs(residual)
    score = np.empty((len(SCANS), len(residual)))
    np.clip(residual, -CLIP, CLIP, out=score[0])
    score[1] = np.interp(residual, _GRID, shape)
    np.minimum(size, CLIP, out=score[2])
    np.clip(residual - TAIL_FROM, 0.0, CLIP, out=score[3])
    return np.rint(score * SCALE).astype(np.int64)


def block_means(score: IntArray) -> list[FloatArray]:
    """Return for each window the mean score, shape (4, n - w + 1), of every block of that length."""
    total = np.concatenate([np.zeros((len(score), 1), np.int64), np.cumsum(score, axis=1)], axis=1)
    possible = [window for window in WINDOWS if window < total.shape[1]]
    return [(total[:, window:] - total[:, :-window]) / (window * SCALE) for window in possible]


def sustained(residual: FloatArray, window: int) -> FloatArray:
    """Return the least of every `window` values in a row, shape (n - window + 1,)."""
    least = residual
    for lag in range(1, window):
        least = np.minimum(least[1:], residual[: len(residual) - lag])
    return least
