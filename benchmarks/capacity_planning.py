"""Scores capacity planning on simulated targets: `python -m benchmarks.capacity_planning [TRIALS]`, 1,000.

Resources: a closed network of two to five stations (mean value analysis, A. Seidmann's for several servers) is loaded
by users that grow by half, up to 400. Each level tells the rate, which varies by 2 %, and the use of each station
(idle use of 0 to 10 %, noise of 2 % of it and .5 % of the limit), of a pool whose places are held while two of the
stations work, and of two hosts that no request touches. Printed are how often the true bottleneck is named first, of
those whose next resource is full at a rate at least 5 % higher; how often an interval of 80 % holds the rate at which
it is full; and how often another resource, full at 1.5 times its rate or later, is blamed where the bottleneck was
not measured.

Days: weekly peaks of 6 to 52 weeks grow by a straight line or exponentially, with noise of 3 to 12 %, towards a
capacity that is known within 5 %. Printed is how often the interval of 80 % holds the week in which a peak reaches it
(none within two years counts as a week of its own), by weeks of history and by form; and how wide it is.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from outrider.baselines import find_knee, resource_limits, weeks_to_capacity
from outrider.causes import BELOW_KNEE, ends_at_knee
from outrider.load import stairs

THINK_S, MOST_USERS, AHEAD = 1.0, 400, 104
FAR = 1.05


@dataclass(frozen=True, slots=True)
class Target:
    """Demands of a request at each station [s], servers of each, and places of a pool held at the last two."""

    demands: np.ndarray
    servers: np.ndarray
    places: float

    @property
    def full_at(self) -> np.ndarray:
        """The rate at which each station is full."""
        rates: np.ndarray = self.servers / self.demands
        return rates


def solved(target: Target, users: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rate at 1 to `users` users, and how many requests are at each station: mean value analysis.

    A station of c servers is one of a c-th of the demand, and a delay of the rest (A. Seidmann et al. 1987).
    """
    queueing = target.demands / target.servers
    delay = target.demands - queueing
    waiting = np.zeros(len(queueing))
    rates, present = [], []
    for count in range(1, users + 1):
        response = queueing * (1 + waiting)
        rate = count / (THINK_S + response.sum() + delay.sum())
        waiting = rate * response
        rates.append(rate)
        present.append(waiting + rate * delay)
    return np.array(rates), np.array(present)


def trial(random: np.random.Generator) -> dict[str, bool | None]:
    """Return what is told of one target, against the truth."""
    stations = int(random.integers(2, 6))
    servers = random.choice([1, 1, 2, 4, 8], stations).astype(float)
    demands = random.uniform(0.002, 0.03, stations) * servers ** random.uniform(0, 1, stations)
    target = Target(demands, servers, float(random.integers(5, 60)))
    exact, present = solved(target, MOST_USERS)
    at = np.array(stairs(MOST_USERS)) - 1
    noisy = exact[at] * np.exp(0.02 * random.standard_normal(len(at)))
    knee = find_knee((at + 1).tolist(), noisy.tolist(), random)
    held = present[at][:, -2:].sum(axis=1)
    idle = random.uniform(0, 0.1, stations)
    busy = idle + noisy[:, np.newaxis] / target.full_at * (1 - idle)
    uses = [
        *np.clip(
            busy * (1 + 0.02 * random.standard_normal(busy.shape)) + 0.005 * random.standard_normal(busy.shape), 0, 1
        ).T
    ]
    limits = [1.0] * stations
    truth = int(np.argmin(target.full_at))
    is_pool = held.max() < target.places * 0.9  # the pool is big enough to be nobody's bottleneck
    if is_pool:
        uses.append(held + 0.01 * target.places * random.standard_normal(len(at)))
        limits.append(target.places)
    for level in random.uniform(0.1, 0.7, 2):
        uses.append(np.clip(level + 0.02 * random.standard_normal(len(at)), 0, 1))
        limits.append(1.0)
    below = (noisy <= BELOW_KNEE * knee.rate) & (at + 1 <= knee.users) if knee.reached else np.ones(len(at), bool)
    if below.sum() < 4:
        return {}
    resources = resource_limits([noisy[below]] * len(uses), [use[below] for use in uses], limits, random)
    order = sorted(range(len(resources)), key=lambda index: resources[index].rate)
    others = np.delete(target.full_at, truth)
    rest = [limit for index, limit in enumerate(resources) if index != truth]
    nearest = min(rest, key=lambda limit: limit.rate)
    return {
        "far": bool(others.min() >= FAR * target.full_at[truth]),
        "first": order[0] == truth,
        "said": ends_at_knee(resources[order[0]], knee),
        "holds": resources[truth].low <= target.full_at[truth] <= resources[truth].high,
        "sure": resources[order[0]].first >= 0.8,
        "blamed": ends_at_knee(nearest, knee) if others.min() >= 1.5 * target.full_at[truth] else None,
    }  # fmt: skip


def weeks(random: np.random.Generator, count: int, *, exponential: bool) -> tuple[bool, float, bool]:
    """Return whether the interval holds the week, its width in weeks, and whether it is reached at all."""
    growth, noise = random.uniform(-0.002, 0.02), random.uniform(0.03, 0.12)
    week = np.arange(count + AHEAD)
    trend = np.exp(growth * week) if exponential else 1 + 1.5 * growth * week
    peaks = np.maximum(trend * (1 + noise * random.standard_normal(len(week))), 0.05)
    capacity = trend[count - 1] * random.uniform(1.2, 2.5)
    estimate = capacity * np.exp(0.05 / 1.2816 * random.standard_normal())
    future = np.flatnonzero(peaks[count:] >= capacity)
    truth = float(future[0] + 1) if len(future) else np.inf
    exhaustion = weeks_to_capacity(peaks[:count], (estimate, estimate * np.exp(-0.05), estimate * np.exp(0.05)), random)
    width = min(exhaustion.high, AHEAD) - min(exhaustion.low, AHEAD)
    return exhaustion.low <= truth <= exhaustion.high, width, bool(np.isfinite(truth))


def main(trials: int = 1000) -> None:
    """Print the scores."""
    results = [result for seed in range(trials) if (result := trial(np.random.default_rng([21, seed])))]
    far = [result for result in results if result["far"]]
    named = [result for result in results if result["said"]]
    blamed = [result["blamed"] for result in results if result["blamed"] is not None]
    print(f"targets whose levels tell anything: {len(results)} of {trials}")
    print(f"true bottleneck first: {np.mean([r['first'] for r in far]):.1%} of {len(far)}")
    print(f"it is said that it ends first: {np.mean([bool(r['said']) for r in far]):.1%}")
    print(f"what is said to end first is the bottleneck: {np.mean([r['first'] for r in named]):.1%} of {len(named)}")
    sure = [result for result in named if result["sure"]]
    print(f"the same where it is first in 80 of 100 draws: {np.mean([r['first'] for r in sure]):.1%} of {len(sure)}")
    print(f"80 % interval holds its rate: {np.mean([r['holds'] for r in results]):.1%}")
    print(f"bottleneck not measured, another blamed: {np.mean(blamed):.1%} of {len(blamed)}")
    for count in (6, 8, 12, 20, 26, 52):
        for exponential in (False, True):
            rows = [weeks(np.random.default_rng([22, seed]), count, exponential=exponential) for seed in range(trials)]
            held, width = np.mean([row[0] for row in rows]), np.median([row[1] for row in rows])
            reached = np.mean([row[0] for row in rows if row[2]])
            form = "exponential" if exponential else "straight"
            shares = f"interval holds the week {held:.1%}, of those reached {reached:.1%}"
            print(f"{count} weeks, {form}: {shares}; median width {width:.0f} weeks")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
