"""Which numbers of a run are judged: one series a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import CheckId, Run, RunHistory, RunLog, Series, Step

METRIC = "duration_ms"
WHOLE_REQUEST = "request"
"""The step of a probe that makes one request."""
GATE_SUFFIX = "-gate"
"""What a gate's runs add to the name of their environment, which keeps them apart from what is watched."""
LOAD_SUFFIX = "-load"
"""What a journey's runs under load add, likewise."""
TRIAL_SUFFIX = "-trial"
"""What loads that differ from their profile add, likewise."""
CONCLUSIVE = frozenset({Outcome.PASSED, Outcome.PASSED_ON_RETRY, Outcome.FAILED})
"""Outcomes that say something about the system under test; all but PASSED say that an attempt failed."""


def primary_durations(run: Run) -> dict[str, float]:
    """Return the duration [ms] of each primary step of a run's measured attempt; empty if it has none.

    Named steps are primary where the test names any, else the automatic ones on the first level.
    """
    attempt = next((attempt for attempt in run.attempts if attempt.measured), None)
    steps = primary_steps(attempt.measurement.steps) if attempt else []
    return {step.key: step.duration_ms for step in steps if step.duration_ms is not None}


def primary_steps(steps: Sequence[Step]) -> list[Step]:
    """Return the steps of a run that are judged: the named ones, else the automatic ones on the first level."""
    return [step for step in preferred_steps(steps) if step.duration_ms is not None]


def preferred_steps(steps: Sequence[Step]) -> list[Step]:
    """Return the named ones among steps, else the automatic ones on the first level, whether they ended or not."""
    first = [step for step in steps if step.parent is None]
    return [step for step in first if step.kind == StepKind.NAMED] or first


def primary_series(store: RunHistory, check: CheckId) -> list[Series]:
    """Return the series of a check's primary steps, as the last run that passed in each place names them.

    What a gate or a trial measured, or a journey under load, is left out.
    """
    durations = [series for series in store.series.of(check) if series.metric == METRIC]
    named = {
        place: {step.key for step in primary_steps(store.runs.passed_steps(check, *place))}
        for place in watched_places(durations)
    }
    return [series for series in durations if series.step in named.get((series.environment, series.location), ())]


def is_kept_apart(environment: str) -> bool:
    """Whether an environment holds what a gate or a trial measured, or a journey under load, which nobody watches."""
    return environment.endswith((GATE_SUFFIX, LOAD_SUFFIX, TRIAL_SUFFIX))


def base_environment(environment: str) -> str:
    """Return the environment that a trial, a gate or a journey under load belongs to; any other as it is."""
    for suffix in (GATE_SUFFIX, LOAD_SUFFIX, TRIAL_SUFFIX):
        environment = environment.removesuffix(suffix)
    return environment


def watched_places(series: Sequence[Series]) -> list[tuple[str, str]]:
    """Return the environments and locations of series, those left out whose runs are kept apart."""
    places = dict.fromkeys((place_series.environment, place_series.location) for place_series in series)
    return [place for place in places if not is_kept_apart(place[0])]


def last_passed(runs: RunLog, check: CheckId, environment: str, location: str) -> Run | None:
    """Return a check's last run that passed in a place, or none."""
    last = runs.search(check, outcome=Outcome.PASSED, environment=environment, location=location, limit=1)
    return runs.get(last[0].id).run if last else None
