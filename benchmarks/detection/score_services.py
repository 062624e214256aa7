"""Score how often calm services alarm: rate, failures and p95 together, as `ServiceWatch` stores them. Prints JSON.

python -m benchmarks.detection.score_services --services 60 --seed 1

Of each service five weeks are simulated by the minute. What must raise no alert is part of it: traffic that follows day
and weekend, and varies by a tenth within the hour; once a week five minutes with a third fewer requests; durations as
in `aggregates.py`; a share of failures that varies by a third, and once a week a minute with six times as many. Alerts
of a service count from the end of learning on; those within six hours are one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from benchmarks.detection.aggregates import LEVEL_MS
from benchmarks.detection.latency import DAY, WEEK, autoregressive, pareto_outliers
from benchmarks.detection.score_detection import clock, episodes
from scipy.stats import chi2

from outrider.app.telemetry.progress_mark import ProgressMark
from outrider.app.telemetry.service_watch import SETTLED_S, ServiceWatch
from outrider.baselines import Settings, replay, replay_rates
from outrider.model import (
    FAILING,
    RATIO,
    AggregateSample,
    RatePoint,
    RecordedAggregates,
    Subject,
)
from outrider.runs import series_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.detection.latency import FloatArray
    from numpy.typing import NDArray

MINUTES, WEEKS, LEARNED_WEEKS = 5, 5, 2 / 7
BEGIN_S: Final = int(clock(1)[0].astype(np.int64))
SERVICE = Subject("service:simulated")


@dataclass(frozen=True, slots=True)
class Calm:
    """A service that nothing is wrong with: requests in five minutes on average, and the share of them that fail."""

    requests: float
    failing: float
    daily: float = 0.6


KINDS = {"busy": Calm(400, 0.002), "moderate": Calm(100, 0.01), "faulty": Calm(200, 0.04), "quiet": Calm(25, 0.002)}


class SimulatedTraffic:
    """What `ServiceWatch` asks of one service, which calls no other."""

    def __init__(self, rng: np.random.Generator, kind: Calm, periods: int) -> None:
        t, noise = np.arange(periods), autoregressive(rng, periods, 0.7)
        day = np.sin(2 * np.pi * (t % DAY) / DAY + rng.uniform(0, 2 * np.pi))
        rate = kind.requests * (1 + kind.daily * day) * np.where((t // DAY) % 7 >= 5, 0.7, 1.0)
        rate *= np.exp(0.1 * autoregressive(rng, periods, 0.6))
        level = np.log(LEVEL_MS) + 0.05 * day + 0.03 * noise
        level += 0.01 * autoregressive(rng, periods, float(np.exp(-1 / DAY)))
        for start in rng.integers(0, periods, rng.poisson(periods / WEEK)):
            rate[start] *= 0.67
        for start in rng.integers(0, periods, rng.poisson(periods / WEEK)):
            level[start] += np.log(rng.uniform(1.2, 1.6))
        share = kind.failing * np.exp(0.33 * autoregressive(rng, periods * MINUTES, 0.5))
        for minute in rng.integers(0, periods * MINUTES, rng.poisson(periods / WEEK)):
            share[minute] *= 6
        self._points = self._minutes(rng, np.repeat(rate, MINUTES) / MINUTES, np.repeat(level, MINUTES), share)

    @staticmethod
    def _minutes(rng: np.random.Generator, rate: FloatArray, level: FloatArray, share: FloatArray) -> list[RatePoint]:
        counts = rng.poisson(rate)
        errors = rng.binomial(counts, np.minimum(share, 1))
        points = []
        for minute, count in enumerate(counts.tolist()):
            single = level[minute] + 0.5 * rng.standard_normal(count) + pareto_outliers(rng, count, 0.01)
            buckets, sizes = np.unique(np.ceil(single / np.log(RATIO)).astype(int), return_counts=True)
            durations = dict(zip(buckets.tolist(), sizes.tolist(), strict=True))
            points.append(RatePoint(BEGIN_S + 60 * minute, count, int(errors[minute]), durations))
        return points

    def service_points(
        self, since_ns: int, until_ns: int, *, every_s: int, **_: object
    ) -> dict[str, Sequence[RatePoint]]:
        """Return the points of a time; those of an hour without durations, which nobody asks of it."""
        first, last = (max(0, (at_ns // 10**9 - BEGIN_S) // 60) for at_ns in (since_ns, until_ns))
        own = self._points[first:last]
        if every_s > 60:
            width = every_s // 60
            own = [
                RatePoint(hour[0].at_s, sum(p.count for p in hour), sum(p.errors for p in hour), {})
                for hour in (own[start : start + width] for start in range(0, len(own), width))
            ]
        return {SERVICE.name: [point for point in own if point.count]} if own else {}

    def dependencies(self, *_: object, **__: object) -> list[Any]:
        return []


class Collected:
    """Takes aggregates, by metric."""

    def __init__(self) -> None:
        self.values: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)

    def record(self, samples: Sequence[AggregateSample]) -> RecordedAggregates:
        for sample in samples:
            self.values[sample.metric].append((sample.at_us // 10**6, sample.value))
        return RecordedAggregates(len(samples))


def alarms(rng: np.random.Generator, kind: Calm) -> dict[str, NDArray[np.bool_]]:
    """Return by metric in which five minutes an alert was open."""
    periods, taken, now_s = WEEKS * WEEK, Collected(), BEGIN_S
    with tempfile.TemporaryDirectory() as folder:
        traffic: Any = SimulatedTraffic(rng, kind, periods)
        taker: Any = taken
        watch = ServiceWatch(
            traffic, taker, "", ProgressMark(Path(folder) / "mark"), clock=lambda: float(now_s + SETTLED_S)
        )
        for now_s in range(BEGIN_S + 3600, BEGIN_S + periods * 300 + 1, 3600):  # noqa: B007 - read by the clock
            watch.look()
    alerting = {}
    for metric, points in taken.values.items():
        settings = series_settings(Settings(), SERVICE, 1, metric)
        at, value = np.array([at_s for at_s, _ in points]), np.array([value for _, value in points])
        if metric == FAILING:
            opened = replay_rates(value, months=settings.months * MINUTES)
        else:
            opened = replay(at.astype("datetime64[s]"), value, settings=settings.overrides)
        place = (at - BEGIN_S) // 300
        alerting[metric] = np.zeros(periods, dtype=bool)
        alerting[metric][place[opened]] = True
    return alerting


def main() -> None:
    """Score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=60, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    months, total, kinds = (WEEKS - LEARNED_WEEKS) * 7 / 30.44 * given.services, 0, {}
    for k, (name, kind) in enumerate(KINDS.items()):
        counts: defaultdict[str, int] = defaultdict(int)
        for number in range(given.services):
            alerting = alarms(np.random.default_rng([given.seed, 83, k, number]), kind)
            for metric, opened in alerting.items():
                counts[metric] += episodes(opened)
            counts["service"] += episodes(np.logical_or.reduce(list(alerting.values())))
        total += counts["service"]
        kinds[name] = {metric: round(count / months, 4) for metric, count in sorted(counts.items())}
    whole = months * len(KINDS)
    upper = float(chi2.ppf(0.95, 2 * total + 2) / 2 / whole)  # Poisson, one-sided
    print(json.dumps({
        "service_months": round(whole, 1), "alarms": total, "alarms_a_service_month": round(total / whole, 4),
        "upper_95": round(upper, 4), "wanted": 0.2, "by_kind": kinds,
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
