"""Score the lasting changes of quiet months, and of months with a step. Prints one JSON object.

python -m benchmarks.detection.score_months --series 200 --seed 1

`changes_a_month` and `flagged` are of months without a change; `told` is the median share that a step of `--step` in
the middle of a month is told with, `one` the share of such months that are told one change, `near` of those told one
within two hours.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.detection.latency import DAY, PROFILES, Change, monitor

from outrider.baselines import Settings, lasting_changes

if TYPE_CHECKING:
    from outrider.baselines import LastingChange

_BEGIN = np.datetime64("2026-01-05", "s")
_CADENCES = (300, 3600)
_NEAR_S = 7200


def month(
    args: argparse.Namespace, profile: str, every_s: int, change: Change | None, seed: int
) -> list[LastingChange]:
    """Return what is told of a month of runs at a cadence."""
    runs = args.days * DAY
    value = monitor(np.random.default_rng([args.seed, 71, every_s, change is not None, seed]), runs, profile, change)
    at = _BEGIN + np.arange(runs) * np.timedelta64(300, "s")
    every = every_s // 300
    return lasting_changes(at[::every], value[::every], Settings())


def score(args: argparse.Namespace, profile: str, every_s: int) -> dict[str, float]:
    """Return the figures of a profile at a cadence."""
    quiet = [len(month(args, profile, every_s, None, seed)) for seed in range(args.series)]
    onset = args.days * DAY // 2
    stepped = [
        month(args, profile, every_s, Change("step", args.step, onset), seed) for seed in range(args.series // 2)
    ]
    single = [changes[0] for changes in stepped if len(changes) == 1]
    begun_s = int(_BEGIN.astype(np.int64)) + onset * 300
    near = sum(abs(change.at_s - begun_s) <= _NEAR_S for change in single)
    return {
        "changes_a_month": float(np.mean(quiet)),
        "flagged": float(np.mean([count > 0 for count in quiet])),
        "told": float(np.median([change.ratio - 1 for change in single])),
        "one": len(single) / len(stepped),
        "near": near / len(stepped),
    }


def main(args: argparse.Namespace) -> dict[str, Any]:
    """Return the figures by cadence and profile."""
    return {
        f"{profile}, every {every_s} s": score(args, profile, every_s) for every_s in _CADENCES for profile in PROFILES
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=200, help="quiet months a profile; half as many have a step")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--step", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(main(parser.parse_args()), indent=1))
