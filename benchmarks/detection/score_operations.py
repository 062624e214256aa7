"""Score how often calm operations are shown as deviating, as `OperationWatch` judges them. Prints JSON.

python -m benchmarks.detection.score_operations --services 40 --days 15 --seed 1

Each service has ten operations of one kind, whose requests follow its day and weekend and vary by a tenth together, and
by a twentieth each. What is nothing wrong is part of it: of each operation, once a week five minutes with a third fewer
requests, once a week five minutes that are a fifth to three fifths slower, and once a week five minutes with six times
the failures. Counted are deviations that begin, after the day in which operations are learned, and how many operations
are shown as deviating at a moment. Then the p95 of every tenth operation rises by half for three hours: how many are
shown, and after how long.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from benchmarks.detection.aggregates import LEVEL_MS
from benchmarks.detection.latency import DAY, WEEK, autoregressive
from benchmarks.detection.score_services import KINDS, Calm

from outrider.baselines import BatchJudge, Period
from outrider.model import RATIO

if TYPE_CHECKING:
    from benchmarks.detection.latency import FloatArray
    from numpy.typing import NDArray

OPERATIONS: Final = 10
RISEN_PERIODS: Final = 36
PERIOD_S: Final = 300
METRICS: Final = ("slower", "fewer", "failing")


def simulated(rng: np.random.Generator, kind: Calm, services: int, periods: int) -> tuple[FloatArray, ...]:
    """Return the expected requests, log level and share of failures, shape (operations, periods) each."""
    t = np.arange(periods)
    rate, level, share = (np.empty((services * OPERATIONS, periods)) for _ in range(3))
    for service in range(services):
        day = np.sin(2 * np.pi * (t % DAY) / DAY + rng.uniform(0, 2 * np.pi))
        common = (1 + kind.daily * day) * np.where((t // DAY) % 7 >= 5, 0.7, 1.0)
        common *= np.exp(0.1 * autoregressive(rng, periods, 0.6))
        for row in range(service * OPERATIONS, (service + 1) * OPERATIONS):
            rate[row] = kind.requests * common * np.exp(0.05 * autoregressive(rng, periods, 0.6))
            level[row] = np.log(LEVEL_MS) + 0.05 * day + 0.03 * autoregressive(rng, periods, 0.7)
            level[row] += 0.01 * autoregressive(rng, periods, float(np.exp(-1 / DAY)))
            share[row] = kind.failing * np.exp(0.33 * autoregressive(rng, periods, 0.5))
            rate[row, _once_a_week(rng, periods)] *= 0.67
            slow = _once_a_week(rng, periods)
            level[row, slow] += np.log(rng.uniform(1.2, 1.6, len(slow)))
            share[row, _once_a_week(rng, periods)] *= 6
    return rate, level, np.minimum(share, 1)


def _once_a_week(rng: np.random.Generator, periods: int) -> NDArray[np.int64]:
    return rng.integers(0, periods, rng.poisson(periods / WEEK))


def p95_of(rng: np.random.Generator, counts: NDArray[np.int64], level: FloatArray) -> FloatArray:
    """Return the p95 [ms] of so many requests of each operation, in buckets of 1 %; NaN without any."""
    place = np.repeat(np.arange(len(counts)), counts)
    single = level[place] + 0.5 * rng.standard_normal(len(place))
    slow = rng.random(len(place)) < 0.01
    single[slow] += np.log(1.3 + 0.5 * rng.pareto(2.0, int(slow.sum())).clip(max=20))
    single = single[np.lexsort((single, place))]
    ends = np.cumsum(counts)
    rank = ends - counts + np.maximum(np.ceil(0.95 * counts).astype(int) - 1, 0)
    p95_log = single[np.minimum(rank, max(len(single) - 1, 0))] if len(single) else np.zeros(len(counts))
    bucketed = RATIO ** np.ceil(p95_log / np.log(RATIO))
    return np.where(counts > 0, bucketed, np.nan)


def score(rng: np.random.Generator, kind: Calm, services: int, days: int) -> dict[str, Any]:
    """Return deviations a month of an operation, the share that is shown at a moment, and how a rise is seen."""
    periods, judge = days * DAY, BatchJudge()
    rate, level, share = simulated(rng, kind, services, periods + RISEN_PERIODS)
    level[::10, periods:] += np.log(1.5)
    begun, shown, before = np.zeros(3), np.zeros(3), np.zeros((3, len(rate)), bool)
    any_begun, any_before, noticed = 0, np.zeros(len(rate), bool), np.full(len(rate), -1)
    for t in range(periods + RISEN_PERIODS):
        counts = rng.poisson(rate[:, t])
        errors = rng.binomial(counts, share[:, t])
        whole = np.repeat(counts.reshape(services, OPERATIONS).sum(axis=1), OPERATIONS)
        period = Period(counts, errors, p95_of(rng, counts, level[:, t]), whole)
        moves = judge.judge(t * PERIOD_S, period)
        is_shown = np.asarray(moves.since_s > 0)
        if t < periods:
            begun += (is_shown & ~before).sum(axis=1)
            shown += is_shown.sum(axis=1)
            any_begun += int((is_shown.any(axis=0) & ~any_before).sum())
            before, any_before = is_shown, np.asarray(is_shown.any(axis=0))
        else:
            noticed[(noticed < 0) & is_shown[0]] = t - periods
    months = len(rate) * (days - 1) / 30.44
    risen = noticed[::10]
    return {
        "operation_months": round(months, 1),
        "a_month": {**dict(zip(METRICS, np.round(begun / months, 3).tolist(), strict=True)),
                    "any": round(any_begun / months, 3)},
        "shown_at_a_moment": dict(
            zip(METRICS, np.round(shown / (len(rate) * (periods - DAY)), 6).tolist(), strict=True)
        ),
        "risen_by_half": {"seen": round(float((risen >= 0).mean()), 3),
                          "minutes": float(np.median(risen[risen >= 0]) + 1) * 5 if (risen >= 0).any() else None},
    }  # fmt: skip


def main() -> None:
    """Score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=40, help="of each kind, with ten operations each")
    parser.add_argument("--days", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    scores = {
        name: score(np.random.default_rng([given.seed, 84, k]), kind, given.services, given.days)
        for k, (name, kind) in enumerate(KINDS.items())
    }
    months = sum(own["operation_months"] for own in scores.values())
    total = sum(own["a_month"]["any"] * own["operation_months"] for own in scores.values())
    print(json.dumps({"any_a_month": round(total / months, 3), "by_kind": scores}, indent=1))


if __name__ == "__main__":
    main()
