"""Quantiles with intervals that assume nothing about the distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.series import values_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FEWEST = 7


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile, its interval, and from how many values."""

    value: float
    low: float
    high: float
    count: int


def quantile_of(values: ArrayLike, share: float, *, level: float = 0.95) -> Quantile | None:
    """Return a quantile with the interval of its order statistics; None if the values are too few for one.

    The ranks are those of the normal approximation to the binomial distribution (David and Nagaraja, Order Statistics,
    2003, section 7.1). Values are taken as independent: autocorrelation makes the true interval wider.

    Args:
        values: Shape (n,); what is not finite is left out.
        share: 0 < share < 1.
    """
    numbers = values_of(values)
    ordered = np.sort(numbers[np.isfinite(numbers)])
    count = len(ordered)
    reach = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt(count * share * (1 - share))
    low, high = math.floor(count * share - reach) - 1, math.ceil(count * share + reach)
    if count < FEWEST or low < 0 or high >= count:
        return None
    return Quantile(float(np.quantile(ordered, share)), float(ordered[low]), float(ordered[high]), count)
