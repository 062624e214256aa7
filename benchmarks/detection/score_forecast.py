"""Scores forecasts of a breach on simulated daily p95 values. Prints one JSON object.

python -m benchmarks.detection.score_forecast --series 500 --seed 1
"""

from __future__ import annotations

import argparse
import itertools
import json

import numpy as np
from benchmarks.detection.latency import FloatArray, autoregressive

from outrider.baselines import days_to_breach

NOISE = (0.02, 0.05)  # of a day's p95
MEMORY = (0.0, 0.3, 0.6)  # autocorrelation from day to day
HISTORY = (28, 56)  # days
LEVEL = 400.0


def daily_p95(rng: np.random.Generator, days: int, per_day: float, noise: float, memory: float) -> FloatArray:
    """Return daily values around a straight trend, with autocorrelated noise, heavy days and a weekend effect."""
    day = np.arange(1 - days, 1)
    weekend = -0.02 * (day % 7 >= 5)
    rest = noise * autoregressive(rng, days, memory) + np.where(rng.random(days) < 0.03, 4 * noise, 0.0) + weekend
    return np.asarray((LEVEL + per_day * day) * np.exp(rest), dtype=np.float64)


def score(series: int, seed: int, noise: float, memory: float, history: int) -> dict[str, float]:
    shown, held, errors, flat = 0, 0, [], 0
    for i in range(series):
        rng = np.random.default_rng([seed, 5, int(noise * 100), int(memory * 10), history, i])
        truth = rng.uniform(10, 60)
        per_day = LEVEL * rng.uniform(0.003, 0.01)
        forecast = days_to_breach(daily_p95(rng, history, per_day, noise, memory), LEVEL + per_day * truth)
        if forecast is not None:
            shown += 1
            held += forecast.earliest <= truth <= forecast.latest
            errors.append(abs(forecast.days - truth) / truth)
        flat += days_to_breach(daily_p95(rng, history, 0.0, noise, memory), LEVEL * 1.3) is not None
    return {"shown": shown / series, "covered": held / max(1, shown), "median_error": float(np.median(errors)),
            "shown_where_flat": flat / series}  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rows = {
        f"noise {noise:.0%} memory {memory} days {history}": score(given.series, given.seed, noise, memory, history)
        for noise, memory, history in itertools.product(NOISE, MEMORY, HISTORY)
    }
    overall = sum(row["covered"] * row["shown"] for row in rows.values()) / sum(row["shown"] for row in rows.values())
    print(json.dumps({"80 % interval covers": overall, "by_kind": rows}, indent=1))
