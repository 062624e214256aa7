"""When weekly peaks of traffic will reach a capacity, if their trend goes on: by simulated weeks to come.

Whether growth adds or multiplies, a few weeks do not tell. So a straight line and an exponential are weighed by their
evidence, and weeks to come are drawn from both, their own scatter and the capacity's uncertainty included. The answer
is the first of them whose peak reaches the capacity: what users would meet, earlier than where the trend itself does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.series import values_of
from outrider.model import BadSeries, TooFewSamples

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from outrider.baselines.series import FloatArray

FEWEST_WEEKS = 6
_AHEAD = 104
_DRAWS = 4000
_INTERVAL = (10.0, 50.0, 90.0)
_LEAST_NOISE = 0.01  # of a peak; keeps a perfect trend finite
_WIDTH = 2 * 1.2816  # of an 80 % interval, in standard deviations


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """The week to come in which a peak reaches the capacity: 1 is the next, 0 that it was reached, infinite never.

    "Never" is none of the next two years.

    Attributes:
        low, high: An 80 % interval.
        growth: A year's growth of the trend, as a ratio less one.
    """

    week: float
    low: float
    high: float
    growth: float


def weeks_to_capacity(
    peaks: ArrayLike, capacity: tuple[float, float, float], random: np.random.Generator
) -> Exhaustion:
    """Return in which week a peak reaches the capacity.

    Args:
        peaks: The highest rate of each week, the oldest first; NaN where a week is missing.
        capacity: The rate that is sustained, and an 80 % interval of it; above zero.
        random: For the weeks to come.

    Raises:
        TooFewSamples: If fewer than six weeks have values.
        BadSeries: If the capacity, or a peak, is not above zero.
    """
    values = values_of(peaks)
    week = np.arange(1 - len(values), 1, dtype=np.float64)
    real = np.isfinite(values)
    rate, low, high = capacity
    if not 0 < low <= rate <= high < np.inf or not (values[real] > 0).all():
        raise BadSeries("peaks and their capacity have to be above zero", slug="bad-limit")
    if int(real.sum()) < FEWEST_WEEKS:
        known = int(real.sum())
        fix = "wait for more weeks"
        raise TooFewSamples(f"{known} weeks with values, {FEWEST_WEEKS} are needed", slug="too-few-days", fix=fix)
    return _drawn(week[real], values[real], (np.log(rate), np.log(high / low) / _WIDTH), random)


def _drawn(
    week: FloatArray, peak: FloatArray, capacity: tuple[float, float], random: np.random.Generator
) -> Exhaustion:
    scale = float(peak.mean())
    straight, log = _Trend(week, peak / scale), _Trend(week, np.log(peak / scale))
    evidence = np.array([straight.evidence, log.evidence - float(np.log(peak / scale).sum())])
    share = float(1 / (1 + np.exp(np.clip(evidence[0] - evidence[1], -700, 700))))
    exponential = random.random(_DRAWS) < share
    paths = np.where(exponential[:, np.newaxis], np.exp(np.clip(log.paths(random), -50, 50)), straight.paths(random))
    limit = np.exp(capacity[0] + capacity[1] * random.standard_normal(_DRAWS)) / scale
    reached = paths >= limit[:, np.newaxis]
    first = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)
    first = np.where(peak[-1] / scale >= limit, 0.0, first)
    low, middle, high = (float(value) for value in np.percentile(first, _INTERVAL, method="inverted_cdf"))
    return Exhaustion(middle, low, high, _growth(straight, log, share))


def _growth(straight: _Trend, log: _Trend, share: float) -> float:
    added = straight.slope * 52 / max(straight.now, 1e-9)
    return (1 - share) * added + share * float(np.expm1(np.clip(log.slope * 52, -50, 50)))


class _Trend:
    """A line through the weeks, whose scale is integrated out.

    Args:
        week: Ending with about 0.
        value: Of about 1, or their logarithms.
    """

    def __init__(self, week: FloatArray, value: FloatArray) -> None:
        self._centre, self._count = float(week.mean()), len(week)
        self._reach = float(((week - self._centre) ** 2).sum())
        self._middle = float(value.mean())
        self.slope = float(((week - self._centre) * value).sum() / self._reach)
        rest = value - self._middle - self.slope * (week - self._centre)
        self._squares = float((rest**2).sum()) + len(week) * _LEAST_NOISE**2

    @property
    def now(self) -> float:
        """The line at the last week."""
        return self._middle - self.slope * self._centre

    @property
    def evidence(self) -> float:
        """Its logarithm, up to what both forms have in common."""
        return -(self._count - 2) / 2 * float(np.log(self._squares))

    def paths(self, random: np.random.Generator) -> FloatArray:
        """Return weeks to come, shape (draws, weeks)."""
        sigma = np.sqrt(self._squares / random.chisquare(self._count - 2, _DRAWS))
        slope = self.slope + sigma / np.sqrt(self._reach) * random.standard_normal(_DRAWS)
        middle = self._middle + sigma / np.sqrt(self._count) * random.standard_normal(_DRAWS)
        ahead = np.arange(1, _AHEAD + 1) - self._centre
        line: FloatArray = middle[:, np.newaxis] + slope[:, np.newaxis] * ahead
        return line + sigma[:, np.newaxis] * random.standard_normal(line.shape)
