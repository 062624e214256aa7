"""What a target sustains: the knee of each load that was stepped up, and the headroom over the usual load."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines import find_knee, quantile_of
from outrider.charts import Curve, draw_curve
from outrider.load import levels
from outrider.model import BadSeries, Kind, TooFewSamples
from outrider.reports.facts import KneeFigures, LoadFigures
from outrider.reports.step_history import past_of
from outrider.runs import TRIAL_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.baselines import Knee
    from outrider.load import Level
    from outrider.model import ReportHistory, Run, RunHistory, RunLog, RunSummary, Series
    from outrider.reports.period import Period
    from outrider.reports.report_settings import ReportSettings

FEWEST_LEVELS = 5
MOST_LOADS = 40


def loads_of(store: ReportHistory, period: Period, settings: ReportSettings) -> tuple[LoadFigures, ...]:
    """Return what each load profile reached, and what its target sustains, place by place."""
    figures: list[LoadFigures] = []
    for check in store.checks.all():
        if check.kind is Kind.LOAD and any(fnmatchcase(check.id, pattern) for pattern in settings.checks):
            figures += _figures(store, str(check.id), store.series.of(check.id), period, settings)
    return tuple(figures)


def _figures(
    store: RunHistory, check: str, series: Sequence[Series], period: Period, settings: ReportSettings
) -> Iterable[LoadFigures]:
    whole = [run_series for run_series in series if not run_series.step]
    places = sorted({(run_series.environment.removesuffix(TRIAL_SUFFIX), run_series.location) for run_series in whole})
    for environment, location in places:
        if settings.environment and environment != settings.environment:
            continue
        by_metric = {
            run_series.metric: run_series
            for run_series in whole
            if (run_series.environment, run_series.location) == (environment, location)
        }
        rates, failed = (
            past_of(store.series, [by_metric[name]], period)[0].value if name in by_metric else np.empty(0)
            for name in ("requests_per_s", "failure_share")
        )
        runs, is_complete = _loads(store.runs, check, (environment, location), period)
        knees, curve = _knees(store.runs, check, runs)
        if not len(rates) and not knees:
            continue
        usual = quantile_of(rates, 0.5)
        last = knees[-1] if knees else None
        typical = float(np.median(rates)) if len(rates) else 0.0
        yield LoadFigures(
            check=check,
            rates=tuple(rates.tolist()),
            failure_share=float(failed[-1]) if len(failed) else 0.0,
            environment=environment,
            location=location,
            usual=usual,
            knees=tuple(knees),
            headroom=last.rate / typical - 1 if last and typical else None,
            chart=curve,
            is_complete=is_complete,
        )


def _loads(log: RunLog, check: str, place: tuple[str, str], period: Period) -> tuple[list[RunSummary], bool]:
    """Return the latest loads of a profile and of its trials, the oldest first, and whether these are all."""
    environment, location = place
    excerpts = [
        log.search(
            check,
            since_us=period.history_us,
            until_us=period.until_us,
            environment=variant,
            location=location,
            limit=MOST_LOADS,
        )
        for variant in (environment, f"{environment}{TRIAL_SUFFIX}")
    ]
    runs = sorted((run for excerpt in excerpts for run in excerpt), key=lambda run: run.due_us)
    return runs, all(excerpt.is_complete for excerpt in excerpts)


def _knees(log: RunLog, check: str, runs: Sequence[RunSummary]) -> tuple[list[KneeFigures], str]:
    """Return the knees of the loads that show one, the oldest first, and the curve of the latest."""
    knees: list[KneeFigures] = []
    chart = ""
    for summary in runs:
        run = log.get(summary.id).run
        climbed = climb(run)
        if len(climbed) < FEWEST_LEVELS:
            continue
        knee = knee_of(climbed)
        if knee is None:
            continue
        knees.append(
            KneeFigures(run.due_us, str(run.id), knee.rate, knee.low, knee.high, knee.users, knee.reached, len(climbed))
        )
        chart = draw_curve(curve_of(f"Rate by users, {check}", climbed, knee))
    return knees, chart


def climb(run: Run) -> tuple[Level, ...]:
    """Return the levels of a load that answered anything."""
    result = next((attempt.measurement.load for attempt in run.attempts if attempt.measurement.load is not None), None)
    return tuple(level for level in levels(result.intervals) if level.requests_per_s > 0) if result else ()


def knee_of(climbed: Sequence[Level]) -> Knee | None:
    """Return the knee of a load's levels; None where they are too few."""
    users, rates = [level.users for level in climbed], [level.requests_per_s for level in climbed]
    try:
        return find_knee(users, rates, np.random.default_rng(len(climbed)))
    except (TooFewSamples, BadSeries):
        return None


def curve_of(title: str, climbed: Sequence[Level], knee: Knee | None) -> Curve:
    """Return what a chart of the levels shows."""
    return Curve(
        title,
        [(float(level.users), level.requests_per_s) for level in climbed],
        (knee.users, knee.rate, knee.low, knee.high) if knee else None,
        reached=knee.reached if knee else False,
    )
