"""The noise of a history whose levels, or lines, are not known yet.

It is measured on differences, which know nothing of levels but at the few places where these change, and on what is
left when levels that nobody can doubt are taken away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.segmentation import best_split

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

_RUNNING = 15  # runs of the running median: an excursion of up to seven is no level
_CLIP = 2.5  # robust sigmas
_LARGEST_PHI = 0.9
_ROUNDING = 1e-12  # share of a value below which a difference is the computer's
_FEWEST_CHANGES = 2  # places where levels may change, that the noise must not take for its own
_SHARE_OF_CHANGES = 0.01
_SLOPE_RUNS = 31
_BLOCK_RUNS = 10
_FEWEST_BLOCKS = 20


@dataclass(frozen=True, slots=True)
class Noise:
    """What is left of a series when its levels are taken away.

    Attributes:
        sigma: Standard deviation of one value.
        inflation: Long-run variance over variance: by how much autocorrelation shrinks the sample.
    """

    sigma: float
    inflation: float

    @property
    def long_run_sigma(self) -> float:
        """Return the standard deviation that a mean of n values has, times sqrt(n)."""
        return self.sigma * math.sqrt(self.inflation)


def clip_excursions(values: FloatArray) -> FloatArray:
    """Return values held near their running median, so that a spike cannot pass for a level."""
    from scipy.ndimage import median_filter  # noqa: PLC0415 - a tenth of a second that most commands do not need

    middle = median_filter(values, _RUNNING, mode="reflect")
    deviation = np.abs(values - middle)
    sigma = float(np.median(deviation)) * 1.55  # the running median takes part of the noise with it
    if sigma <= 0:
        sigma = float(np.mean(np.minimum(deviation, np.quantile(deviation, 0.9)))) * 1.25
    return np.clip(values, middle - _CLIP * sigma, middle + _CLIP * sigma)


def noise_of(clipped: FloatArray, shortest: int) -> Noise:
    """Return the noise of a series of levels, without excursions.

    Args:
        clipped: Of `clip_excursions`.
        shortest: Least length of a level.

    For an AR(1) process differences over two runs have (1 + phi) times the variance of those over one. Where levels are
    so far apart that no value of one reaches the next, the plain autocorrelation of what they leave bounds phi: a few
    dozen differences tell it badly, and a rank test of so few values survives no inflation by chance.
    """
    if clipped.min() == clipped.max():
        return Noise(0.0, 1.0)
    levels = _separate_levels(clipped, shortest)
    rest = clipped - levels
    first, two = (_trimmed_square(rest[lag:] - rest[:-lag], lag) for lag in (1, 2))
    if _is_rounding(first, clipped):
        return Noise(0.0, 1.0)
    phi = two / first - 1.0
    if np.ptp(levels) > 0:
        phi = min(phi, float((rest[1:] * rest[:-1]).sum() / (rest**2).sum()))
    phi = min(max(phi, 0.0), _LARGEST_PHI)
    variance = first / 2 / (1 - phi)
    return Noise(math.sqrt(variance), max((1 + phi) / (1 - phi), _block_inflation(rest, variance)))


def variance_along_lines(clipped: FloatArray) -> float:
    """Return the long-run variance of the noise of a history whose levels may be lines.

    As `noise_of` has it, of differences from which the slope around them is taken, and of second differences of blocks;
    zero where nothing but rounding is left.
    """
    from scipy.ndimage import median_filter  # noqa: PLC0415 - a tenth of a second that most commands do not need

    edge = _RUNNING // 2  # where `clip_excursions` knows no slope
    clipped = clipped[edge:-edge] if len(clipped) >= 2 * _RUNNING else clipped
    steps = np.diff(clipped)
    slope = median_filter(steps, _SLOPE_RUNS, mode="reflect")
    first = _trimmed_square(steps - slope, 1)
    two = _trimmed_square(clipped[2:] - clipped[:-2] - 2 * slope[1:], 2)
    if _is_rounding(first, clipped):
        return 0.0
    phi = min(max(two / first - 1.0, 0.0), _LARGEST_PHI)
    independent = first / 2 / (1 - phi) * (1 + phi) / (1 - phi)
    blocks = len(clipped) // _BLOCK_RUNS
    if blocks < _FEWEST_BLOCKS:
        return independent
    squares = np.sort(np.diff(_block_means(clipped), n=2) ** 2)
    return max(independent, float(squares[: int(blocks * 0.85)].mean()) * 1.5 * _BLOCK_RUNS / 6)


def _is_rounding(square: float, values: FloatArray) -> bool:
    return math.sqrt(square) <= _ROUNDING * float(np.abs(values).max())


def _separate_levels(clipped: FloatArray, shortest: int) -> FloatArray:
    """Return the levels of a series that are farther apart than any value reaches, shape (n,); zeros if none is.

    Between the values of neighbours lies at least the standard deviation of what they leave.
    """
    levels, pieces, cuts = np.zeros(len(clipped)), [(0, len(clipped))], [0, len(clipped)]
    while pieces:
        begin, end = pieces.pop()
        if end - begin < 2 * shortest:
            continue
        cut = begin + best_split(clipped[begin:end], shortest)
        left, right = clipped[begin:cut], clipped[cut:end]
        variance = (left.var() * len(left) + right.var() * len(right)) / (end - begin)
        if max(right.min() - left.max(), left.min() - right.max()) > math.sqrt(variance):
            cuts.append(cut)
            pieces += [(begin, cut), (cut, end)]
    if len(cuts) > 2:
        for begin, end in pairwise(sorted(cuts)):
            levels[begin:end] = clipped[begin:end].mean()
    return levels


def _trimmed_square(differences: FloatArray, touched: int) -> float:
    """Return the mean square of differences but the largest, which are where levels change, made good for those.

    Args:
        differences: Normal but for the changes.
        touched: How many of them the change of one level touches.

    The mean square of the share p of normal values that are nearest to zero is F3(q) / p times their variance, with F3
    the distribution of chi-square with three degrees of freedom and q the quantile p of that with one: the squares' own
    density times their value is that density.
    """
    from scipy.special import chdtr, chdtri  # noqa: PLC0415 - a quarter of a second that most commands do not need

    squares = np.sort(differences**2)
    changes = max(_FEWEST_CHANGES, math.ceil(_SHARE_OF_CHANGES * len(squares)))
    kept = max(1, len(squares) - touched * changes)
    share = kept / len(squares)
    return float(squares[:kept].mean() * share / chdtr(3, chdtri(1, 1 - share)))


def _block_inflation(values: FloatArray, variance: float) -> float:
    """Return the long-run variance that blocks of runs show, over the variance of one; 1 where there are few blocks."""
    if len(values) // _BLOCK_RUNS < _FEWEST_BLOCKS:
        return 1.0
    differences = np.diff(_block_means(values))  # a level that begins within a block touches two
    return _trimmed_square(differences, 2) * _BLOCK_RUNS / 2 / variance


def _block_means(values: FloatArray) -> FloatArray:
    blocks = len(values) // _BLOCK_RUNS
    means: FloatArray = values[: blocks * _BLOCK_RUNS].reshape(blocks, _BLOCK_RUNS).mean(axis=1)
    return means
