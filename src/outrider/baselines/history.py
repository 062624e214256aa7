"""Where history took a new level.

Values are clipped to their running median, so that a spike cannot pass for a level; candidates come from seeded binary
segmentation, whose penalty is inflated for autocorrelation; each survivor is then placed anew between its neighbours
and must be confirmed by a rank test on the effective sample size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.noise import clip_excursions, noise_of, variance_along_lines
from outrider.baselines.segmentation import best_split, seeded_intervals, strongest_splits
from outrider.baselines.series import values_of
from outrider.baselines.trend_segmentation import MOST_VALUES, linear_splits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from outrider.baselines.noise import Noise
    from outrider.baselines.series import FloatArray, IntArray

MIN_LENGTH = 7  # runs that make a level
_SURPRISE = 3.1  # evidence above sqrt(2 log n) that a history must bring, in units of 1 / sqrt(2 log n)
_RANK_LEVEL = 1e-4  # two-sided level of the confirming rank test
_BAI_95 = 11.03  # 97.5 % point of the argmax of drifted Brownian motion (Bai 1997, doi:10.1162/003465397557132)
_SWEEPS = 3
_TREND_EVIDENCE = 2.0  # log n by which lines must explain a history better than levels
_LARGEST_Z = 38.0


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A new level; as a number it is the index of that level's first run.

    Attributes:
        index: First run of the new level.
        earliest: Lower end of the location's 95 % interval.
        latest: Upper end of it.
        before: Median of the level that ended.
        after: Median of the level that began.
        p_value: Two-sided rank test between the two levels, on their effective sample sizes. On a trend, where
            lines confirm the change, it may be large.
    """

    index: int
    earliest: int
    latest: int
    before: float
    after: float
    p_value: float

    def __index__(self) -> int:
        return self.index

    def __int__(self) -> int:
        return self.index

    @property
    def ratio(self) -> float:
        """The new level over the old one; NaN where the old one is zero."""
        return self.after / self.before if self.before else math.nan


def change_points(value: ArrayLike) -> list[ChangePoint]:
    """Return where a whole history took new levels, oldest first.

    Args:
        value: One value a run, shape (n,); NaN and infinite values are left out, indices count them. A daily season is
            taken for levels: `lasting_changes` divides it out.

    Raises:
        BadSeries: If the values are not numbers in one dimension.
    """
    series = values_of(value)
    kept = np.flatnonzero(np.isfinite(series))
    if len(kept) < 2 * MIN_LENGTH:
        return []
    values = series[kept]
    clipped = clip_excursions(values)
    noise = noise_of(clipped, MIN_LENGTH)
    if noise.sigma <= 0:
        return []
    splits = _settle(clipped, _candidates(clipped, noise))
    along_lines = _trend_splits(clipped, splits)
    if along_lines is not None:
        points = [_describe(values, clipped, span, noise) for span in _spans(along_lines, len(values))]
        return [_shift_index(point, kept) for point in points]
    return [_shift_index(point, kept) for point in _confirm(values, clipped, splits, noise)]


def precede(points: Sequence[ChangePoint], released_at: Sequence[int]) -> list[int | None]:
    """Return for each change point the position of the release that best explains it, or None.

    Args:
        points: Change points of a history.
        released_at: Index of the first run of each release, ascending.

    A release explains a change point if its first run lies within the location's interval; of several the nearest.
    """
    named: list[int | None] = []
    for point in points:
        near = [k for k, run in enumerate(released_at) if point.earliest <= run <= point.latest]
        named.append(min(near, key=lambda k: abs(released_at[k] - point.index), default=None))
    return named


def _trend_splits(clipped: FloatArray, splits: list[int]) -> list[int] | None:
    """Return where a history that rises or falls takes another line; None where levels explain it as well."""
    count = len(clipped)
    if not splits or count > MOST_VALUES:
        return None
    variance = variance_along_lines(clipped)
    if variance <= 0:
        return []  # a line without any noise
    along, left = linear_splits(clipped, MIN_LENGTH, variance)
    edges = [0, *splits, count]
    steps = sum(float(np.var(clipped[a:b]) * (b - a)) for a, b in pairwise(edges)) / variance
    levels = steps + (2 * len(splits) + 1) * math.log(count)
    lines = left + (3 * len(along) + 2) * math.log(count)
    return along if lines + _TREND_EVIDENCE * math.log(count) < levels else None


def _candidates(clipped: FloatArray, noise: Noise) -> list[int]:
    count = len(clipped)
    root = math.sqrt(2 * math.log(count))
    threshold = (root + _SURPRISE / root) * noise.long_run_sigma
    return strongest_splits(clipped, seeded_intervals(count, MIN_LENGTH), MIN_LENGTH, threshold)


def _settle(clipped: FloatArray, splits: list[int]) -> list[int]:
    """Place each split anew between its neighbours as they stand then, until none moves."""
    for _ in range(_SWEEPS):
        edges = [0, *splits, len(clipped)]
        for k in range(1, len(edges) - 1):
            a, b = edges[k - 1], edges[k + 1]
            edges[k] = a + best_split(clipped[a:b], MIN_LENGTH)
        if edges[1:-1] == splits:
            break
        splits = edges[1:-1]
    return splits


def _confirm(values: FloatArray, clipped: FloatArray, splits: list[int], noise: Noise) -> list[ChangePoint]:
    """Drop the weakest split until every one that is left passes the rank test."""
    known: dict[tuple[int, int, int], ChangePoint] = {}
    while splits:
        spans = _spans(splits, len(values))
        known |= {span: _describe(values, clipped, span, noise) for span in spans if span not in known}
        points = [known[span] for span in spans]
        weakest = max(points, key=lambda point: point.p_value)
        if weakest.p_value <= _RANK_LEVEL:
            return points
        splits = _settle(clipped, [k for k in splits if k != weakest.index])
    return []


def _spans(splits: list[int], count: int) -> list[tuple[int, int, int]]:
    """Return of each split where the piece before it begins, itself, and where the piece after it ends."""
    edges = [0, *splits, count]
    return list(zip(edges, splits, edges[2:], strict=False))


def _describe(values: FloatArray, clipped: FloatArray, span: tuple[int, int, int], noise: Noise) -> ChangePoint:
    a, k, b = span
    left, right = values[a:k], values[k:b]
    size = abs(float(clipped[k:b].mean() - clipped[a:k].mean()))
    reach = math.ceil(_BAI_95 * (noise.long_run_sigma / size) ** 2) + 1 if size > 0 else b - a
    return ChangePoint(
        index=k,
        earliest=max(a + 1, k - reach),
        latest=min(b - 1, k + reach),
        before=float(np.median(left)),
        after=float(np.median(right)),
        p_value=_rank_p_value(left, right, noise.inflation),
    )


def _rank_p_value(left: FloatArray, right: FloatArray, inflation: float) -> float:
    """Return the two-sided Mann-Whitney p-value with the variance inflated for autocorrelation.

    Normal approximation with corrections for ties and continuity (Hollander, Wolfe and Chicken, Nonparametric
    Statistical Methods, 2013, section 4.1); z is held within what doubles can tell of a p-value.
    """
    from scipy.special import ndtr  # noqa: PLC0415 - a quarter of a second that most commands do not need

    few, many, count = len(left), len(right), len(left) + len(right)
    ordered, places, ties = np.unique(np.concatenate([left, right]), return_inverse=True, return_counts=True)
    if len(ordered) < 2:
        return 1.0
    ranks = np.cumsum(ties) - (ties - 1) / 2
    excess = abs(float(ranks[places[few:]].sum()) - many * (count + 1) / 2)
    tied = float((ties**3 - ties).sum()) / (count * (count - 1))
    z = (excess - 0.5) / math.sqrt(few * many / 12 * (count + 1 - tied))
    return max(float(2 * ndtr(-min(max(z, 0.0), _LARGEST_Z) / math.sqrt(inflation))), 5e-324)


def _shift_index(point: ChangePoint, kept: IntArray) -> ChangePoint:
    return ChangePoint(
        index=int(kept[point.index]),
        earliest=int(kept[point.earliest]),
        latest=int(kept[point.latest]),
        before=point.before,
        after=point.after,
        p_value=point.p_value,
    )
