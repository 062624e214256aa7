"""A store filled with simulated history: `python -m benchmarks.history FOLDER [CHECKS] [DAYS] [SEED]`.

Every run is marked as simulated by the name of its host. Journeys have five steps, probes one; one check in ten takes
a new level with the last release, one run in a hundred does not pass, one check in fifteen is down for half a day.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from outrider.model import (
    Attempt,
    Check,
    CheckId,
    Circumstances,
    Kind,
    Measurement,
    Outcome,
    Release,
    Run,
    Sample,
    Step,
    StepKind,
    new_run_id,
)
from outrider.store import Store

MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
STEPS = ("Open the shop", "Search", "Put into the cart", "Sign in", "Pay")
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class History:
    """What is made: so many checks, days, and minutes between runs, up to a time in microseconds UTC."""

    until_us: int
    checks: int = 50
    days: int = 35
    minutes: int = 30
    seed: int = 7
    failing: float = 0.005
    prefix: str = "simulated"


def checks_of(history: History) -> list[Check]:
    """Return the checks: one journey to four probes."""
    made = []
    for number in range(history.checks):
        kind, path = (Kind.JOURNEY, "journeys/test_shop.py") if number % 5 == 0 else (Kind.PROBE, "probes/shop.toml")
        name = f"{history.prefix}_{number:03}"
        made.append(Check(CheckId(f"{kind.value}:{path}::{name}"), kind, path, name, name))
    return made


def fill(store: Store, history: History) -> None:
    """Write the history; the same one twice is stored twice."""
    random = np.random.default_rng(history.seed)
    begins_us = history.until_us - history.days * DAY_US
    checks = checks_of(history)
    store.checks.record(checks, begins_us)
    deploys = [history.until_us - back * DAY_US for back in (24, 10, 3) if back < history.days]
    for number, at_us in enumerate(deploys):
        store.judgements.record_release(Release(f"2.{number}.0", "production", at_us))
    times_us = np.arange(begins_us, history.until_us, history.minutes * MINUTE_US)
    made: list[Run] = []
    for number, check in enumerate(checks):
        made += _runs(history, number, check, times_us, random)
        while len(made) >= _BATCH:
            store.runs.record_many(made[:_BATCH])
            del made[:_BATCH]
    store.runs.record_many(made)


def _runs(history: History, number: int, check: Check, times_us: np.ndarray, random: np.random.Generator) -> list[Run]:
    journey = check.kind is Kind.JOURNEY
    names = STEPS if journey else (check.name,)
    levels = random.uniform(40, 400, len(names))
    hour = times_us / (60 * MINUTE_US) % 24
    tide = 1 + 0.15 * np.sin((hour - 9) / 24 * 2 * np.pi)
    noise = np.exp(random.normal(0, 0.1, (len(times_us), len(names))))
    durations = levels * tide[:, None] * noise
    if number % 10 == 0:
        durations[times_us >= history.until_us - 3 * DAY_US, -1] *= 1.3
    lucky = random.random(len(times_us))
    down = (
        (number % 15 == 3)
        & (times_us > history.until_us - 2 * DAY_US)
        & (times_us < history.until_us - DAY_US * 3 // 2)
    )
    outcomes = np.select(
        [down | (lucky < history.failing), lucky < history.failing + 0.004, lucky < history.failing + 0.005],
        [Outcome.FAILED, Outcome.PASSED_ON_RETRY, Outcome.MISSED],
        Outcome.PASSED,
    )
    return [
        _run(check, int(at_us), Outcome(str(outcome)), names, row)
        for at_us, outcome, row in zip(times_us, outcomes, durations.tolist(), strict=True)
    ]


def _run(check: Check, at_us: int, outcome: Outcome, names: tuple[str, ...], row: list[float]) -> Run:
    passed = outcome is Outcome.PASSED
    starts = np.cumsum([0.0, *row]).tolist()
    reason = "" if outcome.is_good else f"{names[-1]} answered 503 (simulated)"
    steps = tuple(
        Step(name, name, StepKind.NAMED, start, took) for name, start, took in zip(names, starts, row, strict=False)
    )
    samples = tuple(Sample(name, "duration_ms", took) for name, took in zip(names, row, strict=True))
    measurement = Measurement(
        outcome=Outcome.PASSED if outcome.is_good else Outcome.FAILED,
        reason=reason,
        started_us=at_us,
        duration_ms=starts[-1],
        steps=steps if passed else (),
        samples=samples if passed else (),
    )
    attempts = () if outcome is Outcome.MISSED else (Attempt(1, True, False, measurement),)
    circumstances = Circumstances(release="", browser="", outrider_version="simulated", host="simulated", snapshot="")
    return Run(
        id=new_run_id(at_us),
        check=check.id,
        environment="production",
        location="local",
        due_us=at_us,
        started_us=at_us,
        finished_us=at_us + round(starts[-1] * 1000),
        outcome=outcome,
        reason=reason,
        attempts=attempts,
        circumstances=circumstances,
    )


def main() -> None:
    """Fill a workspace's store, making the workspace where there is none."""
    folder = Path(sys.argv[1])
    checks, days, seed = (int(text) for text in (*sys.argv[2:5], *("50", "35", "7")[len(sys.argv) - 2 :]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "outrider.toml").touch()
    began = time.perf_counter()
    with Store.open(folder / ".outrider/outrider.db", artifacts=folder / ".outrider/artifacts") as store:
        fill(store, History(time.time_ns() // 1000, checks, days, seed=seed))
    print(f"simulated {checks} checks x {days} days in {time.perf_counter() - began:.1f} s: {folder}")


if __name__ == "__main__":
    main()
