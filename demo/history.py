"""A history for a new workspace: simulated runs, marked as such, modelled on real ones.

`python -m demo.history FOLDER` gives a workspace a past of a fortnight: a run every quarter of an hour, of each check
that has passed.
"""

from __future__ import annotations

import math
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.model import SIMULATED, Attempt, Circumstances, Outcome, Release, new_run_id
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.model import Measurement, Run, Sample

MARK = SIMULATED
"""What stands in place of a host and a release, and among the attributes, of every run that was never made."""

_RUN_SPREAD, _STEP_SPREAD = 0.05, 0.10
_AT_ONCE = 500
_SECOND_US = 1_000_000
_RELEASE = "v2.3"  # which the shop's pages and services say they are
_DAYS, _EVERY_S, _SEED = 14.0, 900.0, 1


def main() -> None:
    """Simulate a past of the workspace that is named; a second argument is the seconds from one run to the next."""
    folder, every_s = Path(sys.argv[1]), float(sys.argv[2]) if sys.argv[2:] else _EVERY_S
    with Store.open(folder / ".outrider/outrider.db", artifacts=folder / ".outrider/artifacts") as store:
        count = simulate_past(store, days=_DAYS, every_s=every_s, seed=_SEED)
    print(f"simulated {count:,} runs in {_DAYS:g} days")


def simulate_past(store: Store, *, days: float, every_s: float, seed: int) -> int:
    """Simulate a past of the checks that have passed, and return how many runs it has; arguments as of `simulate`."""
    latest = {summary.check: summary.id for summary in reversed(store.runs.search(outcome=Outcome.PASSED))}
    patterns = [store.runs.get(run).run for run in latest.values()]
    until_us = min(run.due_us for run in patterns) - 60 * _SECOND_US
    return simulate(store, patterns, until_us=until_us, days=days, every_s=every_s, seed=seed)


def simulate(store: Store, patterns: Sequence[Run], *, until_us: int, days: float, every_s: float, seed: int) -> int:
    """Store a past of each of these runs, of a release that is accepted, and return how many runs it has.

    Args:
        store: Where it goes.
        patterns: Real runs that passed; the past is like them, with a spread of some ten per cent.
        until_us: When the past ends, microseconds UTC.
        days: How long it is.
        every_s: From one run to the next.
        seed: Of the spread.
    """
    numbers = random.Random(seed)
    past: list[Run] = []
    count = 0
    for run in _runs(patterns, until_us, int(days * 86_400 / every_s), int(every_s * _SECOND_US), numbers):
        past.append(run)
        count += 1
        if len(past) == _AT_ONCE:
            store.runs.record_many(past)
            past.clear()
    store.runs.record_many(past)
    store.prune(until_us)  # rolls up what is stored late, which pages count from then on
    # What was judged of the real runs is forgotten, so that the judge begins with the past.
    began_us = until_us - int(days * 86_400 * _SECOND_US)
    for environment in {run.environment for run in patterns}:
        store.judgements.record_release(Release(_RELEASE, environment, began_us, accepted=True))
    return count


def _runs(
    patterns: Sequence[Run], until_us: int, count: int, every_us: int, numbers: random.Random
) -> Iterator[Run]:  # fmt: skip
    for number in range(count, 0, -1):
        for pattern in patterns:
            yield _past(pattern, until_us - number * every_us, numbers)


def _past(pattern: Run, due_us: int, numbers: random.Random) -> Run:
    attempt = next((attempt for attempt in pattern.attempts if attempt.measured), pattern.attempts[-1])
    measurement = _varied(attempt.measurement, numbers)
    return replace(
        pattern,
        id=new_run_id(due_us),
        due_us=due_us,
        started_us=due_us,
        finished_us=due_us + int(measurement.duration_ms * 1000),
        attempts=(Attempt(1, True, False, replace(measurement, started_us=due_us)),),
        circumstances=Circumstances(release=MARK, host=MARK, outrider_version=pattern.circumstances.outrider_version),
    )


def _varied(measurement: Measurement, numbers: random.Random) -> Measurement:
    """Return a measurement with the durations of another, each varied at random."""
    whole = math.exp(numbers.gauss(0, _RUN_SPREAD))
    factors = {step.key: whole * math.exp(numbers.gauss(0, _STEP_SPREAD)) for step in measurement.steps}
    return replace(
        measurement,
        duration_ms=measurement.duration_ms * whole,
        steps=tuple(
            replace(step, duration_ms=step.duration_ms and step.duration_ms * factors[step.key])
            for step in measurement.steps
        ),
        samples=tuple(
            _scaled(sample, factors.get(sample.step, whole)) if sample.metric.endswith("_ms") else sample
            for sample in measurement.samples
        ),
        errors=(),
        artifacts=(),
        traces=(),
        host=None,
        attributes={**measurement.attributes, MARK: "true"},
    )


def _scaled(sample: Sample, factor: float) -> Sample:
    return replace(sample, value=sample.value * factor)


if __name__ == "__main__":
    main()
