"""Score who is disturbed: false alerts and pages of a workspace, and the delay of a page. Prints one JSON object.

python -m benchmarks.detection.score_fleet --series 60 --reps 40 --seed 1

A page needs evidence that chance alone brings to one of N series so rarely that all N together give at most one false
page a week (`is_strong`); what is weaker is told in the digest. `false` counts alerts of unchanged series, and those
that became strong enough at any time, a week; for a workspace of N series they are multiplied by N. `delay` is the
median of runs from a change until an alert, and until a page, on one series alone.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.detection.latency import DAY, PROFILES, WEEK, Change, monitor
from benchmarks.detection.score_detection import WARM_UP, clock
from scipy.stats import chi2

from outrider.baselines import Condition, State, is_strong, step
from outrider.baselines.judge import advance
from outrider.baselines.series import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.detection.latency import FloatArray

FLEETS = (50, 200, 1000, 5000)
SIZES = (0.2, 0.5, 1.0)
JUDGED = 4 * WEEK
WITHIN = 3 * DAY


def chances(value: FloatArray, start: int) -> Iterator[tuple[int, float]]:
    """Yield the run and the rarity of every signal of an alert from run `start` on; quiet stretches go fast."""
    at = seconds_of(clock(len(value)), len(value))
    state, _ = advance(State(), at[:start], value[:start])
    k, piece = start, DAY
    while k < len(value):
        after, codes = advance(state, at[k : k + piece], value[k : k + piece])
        fired = np.flatnonzero(codes == 2)
        if not len(fired):
            state, k = after, k + piece
            continue
        state, _ = advance(state, at[k : k + fired[0]], value[k : k + fired[0]])
        k += int(fired[0])
        while k < len(value):
            state, signal = step(state, int(at[k]), float(value[k]))
            if signal.condition is not Condition.DEGRADED:
                break
            yield k, signal.chance_months
            k += 1
        k += 1


def false_alerts(seed: int, profile: str, series: int) -> list[float]:
    """Return the greatest rarity of each alert of unchanged series."""
    peaks: list[float] = []
    for i in range(series):
        value = monitor(np.random.default_rng([seed, 21, list(PROFILES).index(profile), i]), WARM_UP + JUDGED, profile)
        last = -2
        for k, months in chances(value, WARM_UP):
            if k == last + 1:
                peaks[-1] = max(peaks[-1], months)
            else:
                peaks.append(months)
            last = k
    return peaks


def delays(seed: int, size: float, reps: int) -> dict[str, float | None]:
    """Return the median of runs until an alert, and until a page in a workspace of each size."""
    seen: dict[str, list[float]] = {"alert": [], **{f"page of {n}": [] for n in FLEETS}}
    for i in range(reps):
        rng = np.random.default_rng([seed, 22, int(size * 100), i])
        value = monitor(rng, WARM_UP + WITHIN, "typical", Change("step", size, WARM_UP))
        signals = list(chances(value, WARM_UP))
        seen["alert"].append(signals[0][0] - WARM_UP + 1 if signals else np.inf)
        for n in FLEETS:
            strong = (k - WARM_UP + 1 for k, months in signals if is_strong(months, n))
            seen[f"page of {n}"].append(next(strong, np.inf))
    medians = {name: float(np.median(runs)) for name, runs in seen.items()}
    return {name: runs if np.isfinite(runs) else None for name, runs in medians.items()}


def main(args: argparse.Namespace) -> dict[str, Any]:
    peaks = [peak for profile in PROFILES for peak in false_alerts(args.seed, profile, args.series)]
    weeks = args.series * len(PROFILES) * JUDGED / WEEK
    pages = {n: sum(is_strong(peak, n) for peak in peaks) for n in FLEETS}
    return {
        "monitor_weeks": weeks,
        "false_alerts_a_week": {n: n * len(peaks) / weeks for n in FLEETS},
        "false_pages_a_week": {n: n * count / weeks for n, count in pages.items()},
        "false_pages_a_week_upper_95": {n: n * chi2.ppf(0.95, 2 * c + 2) / 2 / weeks for n, c in pages.items()},
        "delay": {f"typical +{size:.0%}": delays(args.seed, size, args.reps) for size in SIZES},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=60, help="unchanged series a profile, of four judged weeks")
    parser.add_argument("--reps", type=int, default=40, help="changes a cell")
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(main(parser.parse_args()), indent=1))
