"""At which rate a resource is full, from its use at each level of a load: the utilisation law.

Use grows with throughput by the demand of a request, U = U0 + X * D (P. Denning, J. Buzen 1978,
doi:10.1145/356733.356735), whatever the queues; and so do the places of a pool, as long as they are held equally long
(Little's law). So a line below the knee says where the limit is met. A resource that is full first is the bottleneck.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.model import BadSeries, TooFewSamples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from outrider.baselines.series import FloatArray

FEWEST_LOADED_LEVELS = 4
_DRAWS = 4000
_INTERVAL = (10.0, 50.0, 90.0)
_GROWTH_LEVEL = 0.01  # one-sided: use that grows less surely does not follow the load
_LEAST_NOISE = 0.005  # of use; keeps a perfect line finite
_LEAST_SCALE = 0.25  # of the limit: use below has errors as large as this has


@dataclass(frozen=True, slots=True)
class ResourceLimit:
    """Where a resource is full.

    Attributes:
        demand: How much more of it one more request a second takes, in its own unit.
        rate: The rate at which it is full; infinite if its use does not grow with the load.
        low, high: An 80 % interval of it.
        first: The share of draws in which it is full before all others, 0 to 1.
    """

    demand: float
    rate: float
    low: float
    high: float
    first: float = 0.0


def resource_limits(
    rates: Sequence[FloatArray], uses: Sequence[FloatArray], limits: ArrayLike, random: np.random.Generator
) -> list[ResourceLimit]:
    """Return where each resource is full, and how surely it is the first.

    Args:
        rates: Throughput at the levels at which each resource was measured, below the knee; shapes (n,), n >= 4.
        uses: Mean use at those levels, same shapes.
        limits: What full is, of each resource, above zero.
        random: For the intervals.

    Raises:
        TooFewSamples: If a resource was measured at fewer than four levels.
        BadSeries: If a number is not finite, or a limit not above zero.
    """
    full = np.asarray(limits, dtype=np.float64)
    if len(rates) != len(uses) or len(full) != len(uses) or not (np.isfinite(full).all() and (full > 0).all()):
        raise BadSeries("resources need rates, use and a limit above zero", slug="bad-levels")
    lines = [_line(x, u, limit) for x, u, limit in zip(rates, uses, full, strict=True)]
    if not lines:
        return []
    draws = np.array([_full_at(line, limit, random) for line, limit in zip(lines, full, strict=True)])
    first = np.where(np.isfinite(draws.min(axis=0)), draws.argmin(axis=0), -1)
    places = []
    for index, line in enumerate(lines):
        low, rate, high = (
            (float(value) for value in np.percentile(draws[index], _INTERVAL, method="inverted_cdf"))
            if line.grows
            else (math.inf,) * 3
        )
        places.append(ResourceLimit(line.slope, rate, low, high, float((first == index).mean())))
    return places


@dataclass(frozen=True, slots=True)
class _Line:
    """A straight line through use at `centre`; errors of middle and slope are uncorrelated there."""

    centre: float
    middle: float
    slope: float
    middle_error: float
    slope_error: float
    freedom: int
    grows: bool


def _line(rates: FloatArray, use: FloatArray, limit: float) -> _Line:
    x, u = np.asarray(rates, dtype=np.float64), np.asarray(use, dtype=np.float64)
    if len(x) < FEWEST_LOADED_LEVELS:
        fix = f"let the load go through {FEWEST_LOADED_LEVELS} levels below its knee at least"
        raise TooFewSamples(f"use at {len(x)} levels of load shows no limit", slug="too-few-levels", fix=fix)
    if len(x) != len(u) or not (np.isfinite(x).all() and np.isfinite(u).all()):
        raise BadSeries("levels of a load need finite rates and use", slug="bad-levels")
    from scipy.special import stdtrit  # noqa: PLC0415 - only where used, and far quicker than scipy.stats

    weight = np.maximum(np.abs(u), _LEAST_SCALE * limit) ** -2.0  # errors of use grow with it
    centre, middle = (float(np.average(values, weights=weight)) for values in (x, u))
    reach = float((weight * (x - centre) ** 2).sum())
    if np.ptp(x) <= 0:
        return _Line(centre, middle, 0.0, 0.0, 0.0, len(x) - 2, grows=False)
    slope = float((weight * (x - centre) * u).sum() / reach)
    freedom = len(x) - 2
    squares = float((weight * (u - middle - slope * (x - centre)) ** 2).sum())
    sigma = max(math.sqrt(squares / freedom), _LEAST_NOISE)
    slope_error = sigma / math.sqrt(reach)
    grows = slope > float(stdtrit(freedom, 1 - _GROWTH_LEVEL)) * slope_error
    return _Line(centre, middle, slope, sigma / math.sqrt(float(weight.sum())), slope_error, freedom, grows)


def _full_at(line: _Line, limit: float, random: np.random.Generator) -> FloatArray:
    if not line.grows:
        return np.full(_DRAWS, np.inf)
    spread = np.sqrt(line.freedom / random.chisquare(line.freedom, _DRAWS))
    slope = line.slope + line.slope_error * spread * random.standard_normal(_DRAWS)
    middle = line.middle + line.middle_error * spread * random.standard_normal(_DRAWS)
    at = np.full(_DRAWS, np.inf)
    np.divide(limit - middle, slope, out=at, where=slope > 0)
    return np.where(np.isfinite(at), line.centre + at, np.inf).clip(min=0.0)
