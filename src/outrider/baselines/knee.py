"""Where more users bring no more answers: the Universal Scalability Law, fitted to a load that went up step by step.

N. J. Gunther, "Guerrilla Capacity Planning", 2007: with N users the rate is X(N) = rN / (1 + a(N-1) + bN(N-1)), where
a is contention and b coherency. It peaks at N* = sqrt((1-a)/b).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.model import BadSeries, TooFewSamples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.baselines.series import FloatArray

FEWEST_LEVELS = 5
_BEYOND = 1.2
_FLAT = 0.05
_DRAWS = 400
_INTERVAL = (10.0, 90.0)


@dataclass(frozen=True, slots=True)
class Knee:
    """The rate that a target sustains.

    Attributes:
        rate: Requests a second at the peak of the fitted curve, within the users that were tried.
        low, high: An 80 % interval of it.
        users: Where the peak is.
        reached: Whether the load went far enough to see it: 1.2 times the users of the peak, or a rate that fell.
    """

    rate: float
    low: float
    high: float
    users: float
    reached: bool


def find_knee(users: Sequence[float], rates: Sequence[float], random: np.random.Generator) -> Knee:
    """Fit the law to the rate at each level of a load.

    Args:
        users: Of each level, shape (n,), n >= 5, at least 1.
        rates: Requests a second, shape (n,), above zero.
        random: For the interval: the curve is fitted again to residuals drawn with replacement.

    Raises:
        TooFewSamples: If there are fewer than five levels.
        BadSeries: If a number is not as said.
    """
    n, x = np.asarray(users, dtype=np.float64), np.asarray(rates, dtype=np.float64)
    if len(n) < FEWEST_LEVELS:
        fix = "let the load go through more numbers of users"
        raise TooFewSamples(f"{len(n)} levels of load show no knee", slug="too-few-levels", fix=fix)
    if len(n) != len(x) or not (np.isfinite(x).all() and (x > 0).all() and (n >= 1).all()):
        raise BadSeries("levels of a load need users and rates above zero", slug="bad-levels")
    fitted = _fit(n, x)
    peak_users, peak = _peak(fitted, float(n.max()))
    residual = np.log(x) - np.log(_law(n, *fitted))
    spread = np.sqrt(len(n) / max(1, len(n) - 3))  # three parameters took part of the residuals away
    draws = [
        _peak(_fit(n, _law(n, *fitted) * np.exp(spread * random.choice(residual, len(n)))), float(n.max()))[1]
        for _ in range(_DRAWS)
    ]
    low, high = np.percentile(draws, _INTERVAL)
    return Knee(peak, float(min(low, peak)), float(max(high, peak)), peak_users, bool(n.max() >= _BEYOND * peak_users))


def is_saturated(rates: Sequence[float]) -> bool:
    """Return whether the last two levels of a load brought no more than the best before them."""
    return len(rates) > FEWEST_LEVELS and max(rates[-2:]) < (1 + _FLAT) * max(rates[:-2])


def _law(n: FloatArray, rate: float, contention: float, coherency: float) -> FloatArray:
    return np.asarray(rate * n / (1 + contention * (n - 1) + coherency * n * (n - 1)))


def _fit(n: FloatArray, x: FloatArray) -> tuple[float, float, float]:
    """Return the three parameters.

    N / X(N) is linear in 1/r, a/r and b/r, none of which can be negative; rows are scaled so that an error of a rate
    weighs in proportion to it.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 - costs half a second, and few look for a knee

    columns = np.column_stack([np.ones_like(n), n - 1, n * (n - 1)]) * (x / n)[:, np.newaxis]
    (inverse, contention, coherency), _ = nnls(columns, np.ones_like(n))
    inverse = max(float(inverse), 1e-12)
    return 1 / inverse, float(contention) / inverse, float(coherency) / inverse


def _peak(fitted: tuple[float, float, float], most_users: float) -> tuple[float, float]:
    """Return the users and the rate at the peak; the rate is that of the users tried, if the peak lies beyond."""
    _, contention, coherency = fitted
    peak = float(np.sqrt(max(0.0, 1 - contention) / coherency)) if coherency > 0 else np.inf
    users = min(max(1.0, peak), most_users)
    return peak, float(_law(np.array([users]), *fitted)[0])
