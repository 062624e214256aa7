"""Score false alerts at slow cadences on the simulated profiles: one run in so many is taken. Prints one JSON object.

python -m benchmarks.detection.score_hourly --series 24 --seed 1
python -m benchmarks.detection.score_hourly --every 6 --learned 3     (every half hour, judged from the fourth week on)
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from benchmarks.detection.latency import PROFILES, WEEK, monitor
from benchmarks.detection.score_detection import clock

from outrider.baselines import replay

JUDGED_WEEKS = 8
QUIET_S = 6 * 3600


def rate(args: argparse.Namespace, profile: str, direction: str) -> float:
    """Return alerts per series-week; those within six hours count once."""
    count, every_s = 0, 300 * args.every
    for i in range(args.series):
        rng = np.random.default_rng([args.seed, 31, list(PROFILES).index(profile), i])
        value = monitor(rng, (args.learned + JUDGED_WEEKS) * WEEK, profile)[:: args.every]
        alerting = replay(clock(len(value), every_s), value, settings={"direction": direction})
        on = np.flatnonzero(alerting[args.learned * WEEK // args.every :])
        count += 0 if not len(on) else 1 + int((np.diff(on) * every_s > QUIET_S).sum())
    return float(count / args.series / JUDGED_WEEKS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=24, help="series a profile, of which eight weeks are judged")
    parser.add_argument("--every", type=int, default=12, help="runs of five minutes of which one is taken")
    parser.add_argument("--learned", type=int, default=1, help="weeks before")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rates = {f"{name} {side}": rate(given, name, side) for name in PROFILES for side in ("up", "both")}
    print(json.dumps({"weeks_a_cell": given.series * JUDGED_WEEKS, "false_per_series_week": rates}, indent=1))
