"""Scores the gate that takes more sessions up to a cap. Prints one JSON object.

python -m benchmarks.detection.score_sequential --trials 2000 --seed 1
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from benchmarks.detection.latency import FloatArray, pareto_outliers

from outrider.baselines import Plan, Verdict, judge_so_far

SESSION_NOISE, PAIRING_NOISE, SAMPLES = 0.03, 0.005, 5


def session_pair(rng: np.random.Generator, sigma: float, effect: float) -> tuple[FloatArray, FloatArray]:
    """Return base and candidate of one session [ms]; pairing in time is never perfect."""
    level, apart = SESSION_NOISE * rng.standard_normal(), PAIRING_NOISE * rng.standard_normal()
    tail = pareto_outliers(rng, 2 * SAMPLES, 0.02).reshape(2, SAMPLES)
    body = np.log(800) + level + sigma * rng.standard_normal((2, SAMPLES)) + tail
    return np.exp(body[0]), np.exp(body[1] + np.log1p(effect) + apart)


def trial(rng: np.random.Generator, plan: Plan, sigma: float, effect: float) -> tuple[Verdict, int]:
    base: list[FloatArray] = []
    candidate: list[FloatArray] = []
    verdict = Verdict.INCONCLUSIVE
    for look in plan.looks:
        while len(base) < look:
            left, right = session_pair(rng, sigma, effect)
            base.append(left)
            candidate.append(right)
        verdict = judge_so_far(base, candidate, plan).verdict
        if verdict is not Verdict.INCONCLUSIVE:
            break
    return verdict, len(base)


def score(trials: int, seed: int, sigma: float, effect: float) -> dict[str, float]:
    plan = Plan()
    trials_of = [
        trial(np.random.default_rng([seed, 6, int(sigma * 100), int(effect * 100), i]), plan, sigma, effect)
        for i in range(trials)
    ]
    shares = {str(verdict): sum(v is verdict for v, _ in trials_of) / trials for verdict in Verdict}
    return shares | {"median_sessions": float(np.median([sessions for _, sessions in trials_of]))}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(json.dumps({
        f"cv {sigma:.0%} effect {effect:.0%}": score(given.trials, given.seed, sigma, effect)
        for sigma in (0.10, 0.25) for effect in (0.0, 0.05, 0.10)
    }, indent=1))  # fmt: skip
