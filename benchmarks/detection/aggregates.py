"""Five-minute latency of services: each value is the mean of many requests, or a percentile of them.

What must raise no alert is part of every series: traffic that follows the day, so that few requests make a value at
night; a level that follows the traffic; autocorrelated noise that all requests share; slow wander; once a week a value
that is a fifth to three fifths higher, and once in five weeks two in a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.detection.latency import DAY, WEEK, autoregressive

if TYPE_CHECKING:
    from benchmarks.detection.latency import FloatArray


@dataclass(frozen=True, slots=True)
class Traffic:
    """How a service is used, and how its requests behave.

    Attributes:
        requests: In five minutes, on average over the day.
        daily: Share of that by which day and night differ.
        sigma: Log-normal body of one request.
        tail: Probability of a Pareto outlier among requests.
        shared: Log-normal noise that all requests of five minutes share.
        load: By how much the level follows the traffic.
        statistic: What of the requests is kept: "mean", or a percentile such as "95".
    """

    requests: float
    daily: float
    sigma: float
    tail: float
    shared: float
    load: float
    statistic: str = "mean"


TRAFFIC = {
    "busy mean": Traffic(400, 0.6, 0.5, 0.01, 0.03, 0.05),
    "busy p95": Traffic(400, 0.6, 0.5, 0.01, 0.03, 0.05, "95"),
    "quiet mean": Traffic(25, 0.8, 0.6, 0.01, 0.04, 0.03),
    "quiet p50": Traffic(25, 0.8, 0.6, 0.01, 0.04, 0.03, "50"),
}
LEVEL_MS = 90.0


def aggregate(rng: np.random.Generator, values: int, name: str) -> FloatArray:
    """Return a series of so many values [ms]; NaN where there was no request."""
    kind, t = TRAFFIC[name], np.arange(values)
    day = np.sin(2 * np.pi * (t % DAY) / DAY + rng.uniform(0, 2 * np.pi))
    counts = rng.poisson(kind.requests * (1 + kind.daily * day))
    level = np.log(LEVEL_MS) + kind.load * day + kind.shared * autoregressive(rng, values, 0.7)
    level += 0.01 * autoregressive(rng, values, float(np.exp(-1 / DAY)))
    for length, a_week in ((1, 1.0), (2, 0.2)):
        for start in rng.integers(0, values - 2, rng.poisson(a_week * values / WEEK)):
            level[start : start + length] += np.log(rng.uniform(1.2, 1.6))
    return np.asarray(np.exp(level) * [_statistic(rng, int(count), kind) for count in counts])


def _statistic(rng: np.random.Generator, count: int, kind: Traffic) -> float:
    if not count:
        return float("nan")
    single = np.exp(kind.sigma * rng.standard_normal(count))
    slow = rng.random(count) < kind.tail
    single[slow] *= 1.3 + 0.5 * rng.pareto(2.0, int(slow.sum())).clip(max=20)
    return float(single.mean() if kind.statistic == "mean" else np.percentile(single, float(kind.statistic)))
