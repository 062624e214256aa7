"""Score who is disturbed: false alerts and pages of a workspace, and the delay of a page. Prints one JSON object.

python -m benchmarks.detection.score_fleet --series 60 --reps 40 --seed 1

False alerts of unchanged series are collected once, with how rare their evidence was after each run; workspaces of N
series are then dealt from them for `--weeks` weeks, and `outrider.alerts.page_evidence` says which incidents notify.
`alone`: each alert is an incident of its own. `joined`: all series share one cause, so that all alerts that are open
at the same time are one incident, the worst case. `delay` is the median of runs from a change until an alert, and until
a page, on one series alone.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.detection.latency import DAY, PROFILES, WEEK, Change, monitor
from benchmarks.detection.score_detection import WARM_UP, clock

from outrider.alerts.alert_settings import AlertSettings
from outrider.alerts.confirmation import Confirmation
from outrider.alerts.page_evidence import disturbs
from outrider.baselines import Condition, State, step
from outrider.baselines.judge import advance
from outrider.baselines.series import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.detection.latency import FloatArray

FLEETS = (50, 200, 1000, 5000)
SIZES = (0.2, 0.5, 1.0)
JUDGED = 4 * WEEK
WITHIN = 3 * DAY
RUN_US = 300_000_000
SETTINGS = AlertSettings()


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


def false_alerts(seed: int, profile: str, series: int) -> list[FloatArray]:
    """Return of each alert of unchanged series how rare its evidence was after each of its runs."""
    alerts: list[list[float]] = []
    for i in range(series):
        value = monitor(np.random.default_rng([seed, 21, list(PROFILES).index(profile), i]), WARM_UP + JUDGED, profile)
        last = -2
        for k, months in chances(value, WARM_UP):
            if k == last + 1:
                alerts[-1].append(months)
            else:
                alerts.append([months])
            last = k
    return [np.array(months) for months in alerts]


def member(months: FloatArray, begun: int, run: int) -> Confirmation:
    """Return an alert that began at a run, as it stands at a later one."""
    so_far = months[: run - begun + 1]
    return Confirmation(
        "", "", (True,), bad_us=begun * RUN_US, confirmed=True,
        chance_months=float(so_far.max()), latest_months=float(so_far[-1]),
    )  # fmt: skip


def pages(alerts: list[FloatArray], rate: float, series: int, weeks: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return the pages of a workspace in so many weeks: of alerts that stand alone, and if all are joined."""
    count = rng.poisson(rate * series * weeks)
    begin = np.sort(rng.integers(0, weeks * WEEK, count))
    dealt = [alerts[k] for k in rng.integers(0, len(alerts), count)] if alerts else []
    alone = sum(
        any(disturbs([member(months, at, at + k)], series, SETTINGS, (at + k) * RUN_US) for k in range(len(months)))
        for at, months in zip(begin.tolist(), dealt, strict=True)
    )
    end, joined, paged_until = begin + [len(months) for months in dealt], 0, -1
    for run in np.unique(np.concatenate([begin, *(begin + 6 * k for k in range(1, 12))])).tolist():
        there = np.flatnonzero((begin <= run) & (run < end))
        if run <= paged_until or not len(there):
            continue
        members = [member(dealt[k], int(begin[k]), run) for k in there]
        if disturbs(members, series, SETTINGS, run * RUN_US):
            joined, paged_until = joined + 1, int(end[there].max())
    return alone, joined


def delays(seed: int, size: float, reps: int) -> dict[str, float | None]:
    """Return the median of runs until an alert, and until a page in a workspace of each size."""
    seen: dict[str, list[float]] = {"alert": [], **{f"page of {n}": [] for n in FLEETS}}
    for i in range(reps):
        rng = np.random.default_rng([seed, 22, int(size * 100), i])
        value = monitor(rng, WARM_UP + WITHIN, "typical", Change("step", size, WARM_UP))
        signals = list(chances(value, WARM_UP))
        seen["alert"].append(signals[0][0] - WARM_UP + 1 if signals else np.inf)
        months = np.array([rarity for _, rarity in signals])
        for n in FLEETS:
            paged = (k - WARM_UP + 1 for place, (k, _) in enumerate(signals) if _is_page(months[: place + 1], n))
            seen[f"page of {n}"].append(next(paged, np.inf))
    medians = {name: float(np.median(delays)) for name, delays in seen.items()}
    return {name: runs if np.isfinite(runs) else None for name, runs in medians.items()}


def _is_page(months: FloatArray, series: int) -> bool:
    run = len(months) - 1
    return disturbs([member(months, 0, run)], series, SETTINGS, run * RUN_US)


def main(args: argparse.Namespace) -> dict[str, Any]:
    alerts = [alert for profile in PROFILES for alert in false_alerts(args.seed, profile, args.series)]
    weeks = args.series * len(PROFILES) * JUDGED / WEEK
    rate, rng = len(alerts) / weeks, np.random.default_rng([args.seed, 23])
    dealt = {n: pages(alerts, rate, n, args.weeks, rng) for n in FLEETS}
    return {
        "monitor_weeks": weeks,
        "false_per_monitor_week": rate,
        "mean_hours_of_an_alert": float(np.mean([len(alert) for alert in alerts])) / 12 if alerts else None,
        "false_alerts_a_week": {n: n * rate for n in FLEETS},
        "false_pages_a_week": {
            n: {"alone": alone / args.weeks, "joined": joined / args.weeks} for n, (alone, joined) in dealt.items()
        },
        "delay": {f"typical +{size:.0%}": delays(args.seed, size, args.reps) for size in SIZES},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=60, help="unchanged series a profile, of four judged weeks")
    parser.add_argument("--reps", type=int, default=40, help="changes a cell")
    parser.add_argument("--weeks", type=int, default=100, help="that each workspace is dealt for")
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(main(parser.parse_args()), indent=1))
