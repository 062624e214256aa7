"""Findings of whole histories, made once a day: limits that a trend will reach, and new levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem, problem_labels
from outrider.alerts.matcher import all_hold
from outrider.baselines import Settings, days_to_breach, lasting_changes
from outrider.charts import milliseconds
from outrider.model import TooFewSamples, counted, title_of
from outrider.runs import primary_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outrider.alerts.alert_settings import AlertSettings, Forecast
    from outrider.model import CheckId, Points, RunHistory, Series

_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US
_HISTORY_DAYS = 60
_NEWS_DAYS = 2
_LEAST_A_DAY = 5
_P95 = 95


def survey(
    store: RunHistory,
    checks: Iterable[CheckId],
    settings: AlertSettings,
    now_us: int,
    *,
    judging: Settings | None = None,
) -> list[Finding]:
    """Return the findings of the histories of checks, for `AlertProcessor.noticed`; meant for once a day.

    Args:
        judging: For the time zone and the floor of milliseconds below which nobody is told; the defaults if absent.
    """
    findings: list[Finding] = []
    for series in (series for check in checks for series in primary_series(store, check)):
        points = store.series.samples(series, since_us=now_us - _HISTORY_DAYS * _DAY_US)
        findings += _changes(series, points, judging or Settings(), now_us)
        labels = _labels(series, Problem.FORECAST)
        rule = next((series for series in settings.forecasts if all_hold(series.matchers, labels)), None)
        if rule is not None:
            findings += _forecast(series, points, rule, now_us)
    return findings


def _changes(series: Series, points: Points, judging: Settings, now_us: int) -> Iterator[Finding]:
    """A history that got worse within the last two days."""
    changes = lasting_changes(points.at_us.astype("datetime64[us]").astype("datetime64[s]"), points.value, judging)
    latest = changes[-1] if changes else None
    since_us = latest.at_s * _SECOND_US if latest else 0
    is_news = bool(latest and latest.after > latest.before and now_us - since_us < _NEWS_DAYS * _DAY_US)
    facts = Facts("no new level")
    if latest:
        facts = Facts(
            f"{series.step} {latest.change}",
            title=title_of(series.subject),
            step=series.step,
            observed=milliseconds(latest.after),
            expected=milliseconds(latest.before),
            since_us=since_us,
        )
    yield _finding(Problem.CHANGE, series, facts, now_us, present=is_news)


def _forecast(series: Series, points: Points, rule: Forecast, now_us: int) -> Iterator[Finding]:
    """A trend that reaches its limit soon; no finding where the history is too short."""
    days = (points.at_us - (now_us - _HISTORY_DAYS * _DAY_US)) // _DAY_US
    daily = np.full(_HISTORY_DAYS, np.nan)
    for day in range(_HISTORY_DAYS):
        values = points.value[days == day]
        if len(values) >= _LEAST_A_DAY:
            daily[day] = np.percentile(values, _P95)
    begun = np.flatnonzero(~np.isnan(daily))
    if not len(begun):
        return
    try:
        breach = days_to_breach(daily[begun[0] :], rule.limit_ms)
    except TooFewSamples:
        return
    soon = breach is not None and breach.days <= rule.within_days
    facts = Facts("no limit in sight", step=series.step)
    if breach is not None:
        facts = Facts(
            f"{series.step} reaches {rule.limit_ms:.0f} ms in about {counted(round(breach.days), 'day')}",
            title=title_of(series.subject),
            step=series.step,
            observed=f"{breach.per_day:+.1f} ms a day",
            expected=f"a p95 below {rule.limit_ms:.0f} ms for {rule.within_days:g} days",
        )
    yield _finding(Problem.FORECAST, series, facts, now_us, present=soon)


def _finding(problem: Problem, series: Series, facts: Facts, now_us: int, *, present: bool) -> Finding:
    key = FindingKey(problem, series.subject, series.environment, series.location, series.step)
    causes = (f"step:{series.step}", f"check:{series.subject}")
    return Finding(key, present, now_us, facts, causes, _labels(series, problem), once=True)


def _labels(series: Series, problem: Problem) -> dict[str, str]:
    return {
        **problem_labels(problem),
        "check": series.subject,
        "kind": series.subject.partition(":")[0],
        "environment": series.environment,
        "location": series.location,
        "step": series.step,
    }
