"""Scores the knee on curves whose rate at saturation is known. Prints one JSON object.

python -m benchmarks.detection.score_knee --draws 100 --seed 1

Users grow by half from 1 to 200; each rate has 2 % of log-normal noise. `stopped` ends the load where it is saturated,
`whole` goes on to 200 users. Of each curve: bias and median error of the rate, the share of draws whose 80 % interval
holds the truth, and the share that does not reach it. The last two curves are none of the forms that are fitted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial

import numpy as np

from outrider.baselines import find_knee, is_saturated
from outrider.load import stairs

MOST_USERS, NOISE = 200, 0.02
SERVICE_S, THINK_S = 0.1, 0.3

Rate = Callable[[int], float]


def hard(users: int, servers: int) -> float:
    """Return the rate of c servers, and of users who never think."""
    return min(users, servers) / SERVICE_S


def network(users: int, servers: int) -> float:
    """Return the exact rate of a closed network of c servers by its birth-and-death chain."""
    weights = [1.0]
    for busy in range(1, users + 1):
        arriving, leaving = (users - busy + 1) / THINK_S, min(busy, servers) / SERVICE_S
        weights.append(weights[-1] * arriving / leaving)
        if weights[-1] > 1e200:
            weights = [weight / weights[-1] for weight in weights]
    return sum(weight * min(busy, servers) for busy, weight in enumerate(weights)) / sum(weights) / SERVICE_S


def law(users: float, rate: float, contention: float, coherency: float) -> float:
    """Return what the Universal Scalability Law says."""
    return rate * users / (1 + contention * (users - 1) + coherency * users * (users - 1))


def curves() -> dict[str, tuple[Rate, float]]:
    """Return of each curve its rate at so many users, and the truth."""
    cases: dict[str, tuple[Rate, float]] = {}
    for servers in (1, 2, 4, 8, 16, 32):
        cases[f"hard capacity, c = {servers}"] = (partial(hard, servers=servers), servers / SERVICE_S)
    for servers in (1, 4, 16):
        cases[f"closed network, c = {servers}"] = (partial(network, servers=servers), servers / SERVICE_S)
    for rate, a, b in ((20.0, 0.02, 0.0005), (50.0, 0.05, 0.002), (10.0, 0.1, 0.0001)):
        truth = law(float(np.sqrt((1 - a) / b)), rate, a, b)
        cases[f"scalability law, peak at {np.sqrt((1 - a) / b):.0f} users"] = (
            partial(law, rate=rate, contention=a, coherency=b),
            truth,
        )
    cases["soft bend, (N^-3 + 20^-3)^(-1/3)"] = (lambda n: 10 * (n**-3 + 20.0**-3) ** (-1 / 3), 200.0)
    cases["twenty servers, a tenth lost beyond 40 users"] = (lambda n: min(n, 20) * (10.0 if n <= 40 else 9.0), 200.0)
    return cases


def score(rate: Rate, truth: float, draws: int, seed: int, *, stops: bool) -> dict[str, float]:
    """Return how well the truth is found."""
    users = stairs(MOST_USERS)
    exact = np.array([rate(count) for count in users])
    knees = []
    for draw in range(draws):
        random = np.random.default_rng([seed, 16, draw])
        rates = (exact * np.exp(NOISE * random.standard_normal(len(users)))).tolist()
        tried = next((k for k in range(1, len(rates)) if stops and is_saturated(rates[:k])), len(rates))
        knees.append(find_knee(users[:tried], rates[:tried], random))
    ratios = np.array([knee.rate / truth for knee in knees])
    return {
        "bias": round(float(ratios.mean() - 1), 4),
        "error": round(float(np.median(np.abs(ratios - 1))), 4),
        "holds_truth": round(float(np.mean([knee.low <= truth <= knee.high for knee in knees])), 3),
        "not_reached": round(float(np.mean([not knee.reached for knee in knees])), 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(json.dumps({
        ramp: {
            name: score(rate, truth, given.draws, given.seed, stops=ramp == "stopped")
            for name, (rate, truth) in curves().items()
        }
        for ramp in ("stopped", "whole")
    }, indent=1))  # fmt: skip
