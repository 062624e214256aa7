"""Score the judge of real users' pages: how often calm pages alarm, and how soon a change is seen. Prints JSON.

python -m benchmarks.detection.score_pages --pages 60 --seed 1

Of each page five weeks are simulated by quarters of an hour, as `PageWatch` stores them: the 75th percentiles of LCP,
INP and TTFB of its visits, and whether more of them met errors than usual. What must raise no alert is part of it:
visits follow day and weekend and vary by a tenth within the hour; the share of phones, which are twice as slow, varies
between 30 and 60 % with the day; single visits are log-normal with a Pareto tail of 3 %; the server's time follows the
load, with autocorrelated noise and slow wander; once a week a quarter of an hour is a fifth to three fifths slower; the
share of visits with errors varies by a third, and is six times as high in a quarter of an hour a week. Quarters of
fewer than twenty visits say nothing. Alerts within six hours are one; they count from the end of learning on.

A change begins at a time by chance in the fifth week and lasts. It is seen if an alert opens within two days of it,
with the delay and the visits until then; a page whose alert was open already is left out.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from benchmarks.detection.latency import autoregressive
from benchmarks.detection.score_detection import clock
from scipy.stats import chi2

from outrider.baselines import Settings, is_excess, replay, replay_rates
from outrider.model import PAGE_PERIOD_MINUTES, Subject
from outrider.runs import series_settings
from outrider.workspace import PageSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.detection.latency import FloatArray
    from numpy.typing import NDArray

WEEKS, DAY = 5, 96
WEEK, TOTAL, SETTLED = 7 * DAY, 7 * DAY * WEEKS, 2 * DAY
LEAST: Final = PageSettings().sessions
PROMISED_A_WEEK: Final = 7 / 30.44 / Settings().months
CADENCE: Final = 5
"""Minutes of a period for which months of the judge of failures are calibrated."""
PAGE: Final = Subject("page:shop /cart")
EPISODE: Final = 24
SEEN_WITHIN: Final = 2 * DAY
TAIL: Final = 0.03


@dataclass(frozen=True, slots=True)
class Kind:
    """Visits in a quarter of an hour on average, and the share of them that meet an error."""

    visits: float
    failing: float


@dataclass(frozen=True, slots=True)
class Change:
    """What happens from a quarter of an hour on: LCP and the share of failing visits are so many times as high."""

    at: int = TOTAL
    slower: float = 1.0
    failing: float = 1.0


KINDS: Final = {"busy": Kind(400, 0.01), "moderate": Kind(100, 0.01), "small": Kind(30, 0.02)}
CHANGES: Final = {"LCP +20 %": (1.2, 1.0), "LCP +50 %": (1.5, 1.0), "errors x3": (1.0, 3.0)}
VITALS: Final = {"LCP": (1_500.0, 0.5, 1.0), "INP": (90.0, 0.8, 0.8), "TTFB": (250.0, 0.6, 1.0)}
"""A usual value [ms], how single visits vary, and which share of them tells it."""


def page(rng: np.random.Generator, kind: Kind, change: Change) -> tuple[NDArray[np.int64], dict[str, FloatArray]]:
    """Return the visits of each quarter of an hour, and what is judged of it; NaN where it says nothing."""
    t = np.arange(TOTAL)
    phase = rng.uniform(0, 2 * np.pi)
    day = np.sin(2 * np.pi * t / DAY + phase)
    rate = kind.visits * (1 + 0.7 * day) * np.where((t // DAY) % 7 >= 5, 0.7, 1.0)
    visits = rng.poisson(rate * np.exp(0.1 * autoregressive(rng, TOTAL, 0.6)))
    phones = 0.45 + 0.15 * np.sin(2 * np.pi * t / DAY + phase - 1.0)
    shared = 0.03 * autoregressive(rng, TOTAL, 0.7) + 0.01 * autoregressive(rng, TOTAL, float(np.exp(-1 / DAY)))
    for start in rng.integers(0, TOTAL, rng.poisson(WEEKS)):
        shared[start] += np.log(rng.uniform(1.2, 1.6))
    slower = np.where(t >= change.at, change.slower, 1.0)
    values = {}
    for name, (usual, sigma, telling) in VITALS.items():
        level = np.log(usual) + shared + (0.05 * day if name == "TTFB" else 0.02 * day)
        if name == "LCP":
            level = level + np.log(slower)
        counts = rng.binomial(visits, telling)
        values[name] = np.array([_p75(rng, *own) for own in zip(counts.tolist(), level, phones, [sigma] * TOTAL)])  # noqa: B905
    share = kind.failing * np.exp(0.33 * autoregressive(rng, TOTAL, 0.5)) * np.where(t >= change.at, change.failing, 1)
    for start in rng.integers(0, TOTAL, rng.poisson(WEEKS)):
        share[start] *= 6
    return visits, values | {"errors": _excess(visits, rng.binomial(visits, np.minimum(share, 1)))}


def _p75(rng: np.random.Generator, count: int, level: float, phones: float, sigma: float) -> float:
    if count < LEAST:
        return float("nan")
    single = level + np.log(2) * (rng.random(count) < phones) + sigma * rng.standard_normal(count)
    slow = rng.random(count) < TAIL
    single[slow] += np.log(1.3 + 0.5 * rng.pareto(2.0, int(slow.sum())).clip(max=20))
    return float(np.exp(np.quantile(single, 0.75)))


def _excess(visits: NDArray[np.int64], failing: NDArray[np.int64]) -> FloatArray:
    """Return 1 where more visits met errors than in the week before the last hour, as `PageWatch` reckons it."""
    failed, total = (np.concatenate([[0], np.cumsum(own)]) for own in (failing, visits))
    excess = np.full(TOTAL, np.nan)
    for now in np.flatnonzero(visits >= LEAST).tolist():
        end = max(now // 4 * 4 - 4, 0)
        begin = max(now // 4 * 4 - WEEK, 0)
        usual = (failed[end] - failed[begin] + 1) / (total[end] - total[begin] + 100)
        excess[now] = is_excess(int(failing[now]), int(visits[now]), float(usual))
    return excess


def alerting(values: dict[str, FloatArray]) -> dict[str, NDArray[np.bool_]]:
    """Return by what is judged in which quarters of an hour an alert was open."""
    settings, at = series_settings(Settings(), PAGE, 1), clock(3 * TOTAL)[::3]
    open_ = {}
    for name, own in values.items():
        known = np.isfinite(own)
        opened = np.zeros(TOTAL, dtype=bool)
        if name == "errors":
            opened[known] = replay_rates(own[known] > 0, months=settings.months * CADENCE / PAGE_PERIOD_MINUTES)
        else:
            opened[known] = replay(at[known], own[known], settings=settings.overrides)
        held = np.maximum.accumulate(np.where(known, np.arange(TOTAL), 0))
        open_[name] = opened[held]
    return open_


def onsets(open_: NDArray[np.bool_], begin: int) -> list[int]:
    """Return where alerts open, those within six hours of the end of one before left out."""
    begins: list[int] = []
    last = -EPISODE - 1
    for place in np.flatnonzero(open_).tolist():
        if place - last > EPISODE and place >= begin:
            begins.append(place)
        last = place
    return begins


def seen(visits: NDArray[np.int64], open_: NDArray[np.bool_], at: int) -> tuple[int, int] | None:
    """Return after how many quarters of an hour and visits an alert opened; None if it did not within two days."""
    after = np.flatnonzero(open_[at : at + SEEN_WITHIN])
    return (int(after[0]) + 1, int(visits[at : at + int(after[0]) + 1].sum())) if after.size else None


def calm(rngs: Callable[[str, int], np.random.Generator], pages: int) -> dict[str, object]:
    """Return how often calm pages alarm."""
    by_kind, total, hit = {}, 0, 0
    for name, kind in KINDS.items():
        counts = dict.fromkeys((*VITALS, "errors", "page"), 0)
        for number in range(pages):
            open_ = alerting(page(rngs(name, number), kind, Change())[1])
            for part, own in open_.items():
                counts[part] += len(onsets(own, SETTLED))
            begins = onsets(np.logical_or.reduce(list(open_.values())), SETTLED)
            counts["page"] += len(begins)
            hit += len({place // WEEK for place in begins})
        total += counts["page"]
        by_kind[name] = counts
    weeks = len(KINDS) * pages * (TOTAL - SETTLED) / WEEK
    upper = float(chi2.ppf(0.95, 2 * total + 2) / 2 / weeks)  # Poisson, one-sided
    return {
        "page_weeks": round(weeks), "alerts_a_page_week": round(total / weeks, 4), "upper_95": round(upper, 4),
        "page_weeks_with_one": round(hit / weeks, 4), "promised": round(PROMISED_A_WEEK, 4), "by_kind": by_kind,
    }  # fmt: skip


def changed(rngs: Callable[[str, int], np.random.Generator], pages: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield how soon changes are seen, by change and kind."""
    for what, (slower, failing) in CHANGES.items():
        for name, kind in KINDS.items():
            delays, tried = [], 0
            for number in range(pages):
                rng = rngs(f"{what} {name}", number)
                change = Change(int(rng.integers(4 * WEEK, TOTAL - SEEN_WITHIN)), slower, failing)
                visits, values = page(rng, kind, change)
                open_ = alerting(values)["errors" if failing > 1 else "LCP"]
                if not open_[change.at - 1]:
                    tried += 1
                    delays += [delay] if (delay := seen(visits, open_, change.at)) else []
            hours, needed = (np.median(own) for own in zip(*delays, strict=True)) if delays else (np.nan, np.nan)
            yield f"{what}, {name}", {
                "seen": f"{len(delays)} of {tried}", "median_hours": float(hours) / 4, "median_visits": float(needed)
            }  # fmt: skip


def main() -> None:
    """Score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=60, help="of each kind")
    parser.add_argument("--changes", type=int, default=20, help="pages of each kind and change; 0 leaves them out")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()

    def rngs(name: str, number: int) -> np.random.Generator:
        return np.random.default_rng([given.seed, 92, number, *name.encode()])

    print(json.dumps({"calm": calm(rngs, given.pages), **dict(changed(rngs, given.changes))}, indent=1))


if __name__ == "__main__":
    main()
