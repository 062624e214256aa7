"""Scores the judge of failures on simulated outcomes. Prints one JSON object.

python -m benchmarks.detection.score_rates --weeks 2000 --reps 200 --seed 1
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines import replay_rates

if TYPE_CHECKING:
    from outrider.baselines.series import BoolArray

DAY, WEEK = 288, 2016  # runs, one every five minutes
REARM = 72  # quiet runs after which another alert counts anew
BASE_RATE = 0.01


def episodes(alerting: BoolArray) -> int:
    on = np.flatnonzero(alerting)
    return 0 if len(on) == 0 else 1 + int((np.diff(on) > REARM).sum())


def false_alerts(weeks: int, seed: int, rate: float) -> float:
    """Return false alerts per monitor-week over series of two weeks of warm-up and eight that count."""
    series = max(1, weeks // 8)
    count = 0
    for i in range(series):
        failed = np.random.default_rng([seed, 1, int(rate * 1000), i]).random(10 * WEEK) < rate
        count += episodes(replay_rates(failed)[2 * WEEK :])
    return count / (8 * series)


def delay(reps: int, seed: int, rate: float) -> float:
    """Return the median of runs until a rise from BASE_RATE to `rate` is seen."""
    seen = []
    for i in range(reps):
        rng = np.random.default_rng([seed, 2, int(rate * 100), i])
        failed = rng.random(2 * WEEK + DAY) < np.where(np.arange(2 * WEEK + DAY) < 2 * WEEK, BASE_RATE, rate)
        hit = np.flatnonzero(replay_rates(failed)[2 * WEEK :])
        seen.append(hit[0] + 1 if len(hit) else np.inf)
    return float(np.median(seen))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=400)
    parser.add_argument("--reps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    result = {
        "false_per_monitor_week": {
            f"base {rate:.1%}": false_alerts(given.weeks, given.seed, rate) for rate in (0.001, 0.01, 0.05)
        },
        "median_runs": {f"{r:.0%}": delay(given.reps, given.seed, r) for r in (0.05, 0.1, 0.2, 0.5, 1.0)},
    }
    print(json.dumps(result, indent=1))
