"""Alert rules, replayed over stored runs, and over what telemetry and sources keep of the past."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from outrider.alerts import Thresholds, parse_open, replayed, stored_findings
from outrider.app.access.listeners import SILENT
from outrider.app.access.workspace_access import judge_settings, now_us
from outrider.app.alerting.alert_configuration import alert_settings
from outrider.app.lookup.source_access import workspace_sources
from outrider.app.lookup.telemetry_access import open_telemetry
from outrider.app.telemetry.rule_watch import past_samples
from outrider.app.telemetry.source_rules import series_values
from outrider.model import RULE_VALUE, RULE_VALUE_KEPT_S, Points, Series, SourceError, TelemetryError, UsageError
from outrider.workspace import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts import AlertSettings, QueryRule, Replayed
    from outrider.app.access.listeners import ProgressListener
    from outrider.model import AggregateSample, JudgeHistory
    from outrider.workspace import Workspace

_SECOND_US = 1_000_000
_DAY_US = 86_400_000_000
_LEARNED_US = 14 * _DAY_US
"""How much before the replayed time a baseline is learned from, as while Outrider runs."""

EVERY_RUN, CONFIGURED = "every bad run", "as configured"


def backtest_rules(
    workspace: Workspace,
    store: JudgeHistory,
    rules: Sequence[str] = (),
    *,
    days: int = 30,
    listener: ProgressListener = SILENT,
) -> dict[str, Replayed]:
    """Return the incidents that there would have been, by rule: with none, with the configured ones, and with others.

    Args:
        workspace: Whose routes and thresholds hold.
        store: Where the runs are.
        rules: Others to try, such as "3 of 5".
        days: How far to look back.
        listener: Follows the series.

    Raises:
        ConfigErrors: If the alert settings are wrong.
        ValueError: If a rule cannot be read; the message says what to write.
    """
    settings = alert_settings(workspace)
    variants = {EVERY_RUN: _with(settings, Thresholds(1, 1, 1)), CONFIGURED: settings}
    variants |= {rule: _with(settings, rule_thresholds(rule, settings.thresholds)) for rule in rules}
    since_us = now_us() - days * _DAY_US
    outside, unread = _past_values(workspace, store, settings, since_us)
    findings = stored_findings(
        store, judge_settings(workspace), settings, since_us=since_us, outside=outside, on_series=listener.counted
    )
    return {name: replace(replayed(findings, variant), unread=unread) for name, variant in variants.items()}


def _past_values(
    workspace: Workspace, store: JudgeHistory, settings: AlertSettings, since_us: int
) -> tuple[dict[str, dict[Series, Points]], dict[str, str]]:
    """Return the past of rules over series, and of those over telemetry of which nothing was measured yet.

    Returns:
        Values by series, by the name of the rule; and why those of others are not known.
    """
    values: dict[str, dict[Series, Points]] = {}
    unread: dict[str, str] = {}
    for rule in settings.rules:
        try:
            if rule.kind is None:
                if workspace.capabilities.sources:
                    values[rule.name] = _outside_values(workspace, rule, since_us)
            elif any(map(rule.holds, store.series.of(rule.subject))):
                continue
            elif rule.pattern is not None:
                unread[rule.name] = "nothing of it was measured yet, and which patterns were notable is not kept"
            else:
                values[rule.name] = _unmeasured_values(workspace, rule, since_us)
        except (SourceError, TelemetryError, UsageError) as error:
            unread[rule.name] = f"{error.what}; {error.fix}"
    return values, unread


def _outside_values(workspace: Workspace, rule: QueryRule, since_us: int) -> dict[Series, Points]:
    """Return what the source of a rule has of its series."""
    end_s = now_us() // _SECOND_US
    learned_us = _LEARNED_US if rule.baseline is not None else round(rule.for_s * _SECOND_US)
    begin_s = (since_us - learned_us) // _SECOND_US // rule.every_s * rule.every_s
    values = series_values(workspace_sources(workspace), rule, begin_s, end_s // rule.every_s * rule.every_s)
    place = workspace.defaults.environment
    return {
        Series(rule.subject, name, RULE_VALUE, place, "", ()): _points(rule, own, end_s) for name, own in values.items()
    }


def _unmeasured_values(workspace: Workspace, rule: QueryRule, since_us: int) -> dict[Series, Points]:
    """Return what is kept of the telemetry that a rule asks for."""
    place = workspace.defaults.environment
    begin_s, end_s = since_us / _SECOND_US - rule.for_s, now_us() / _SECOND_US
    with open_telemetry(workspace) as telemetry:
        samples = past_samples(telemetry, rule, place, begin_s, end_s)
    by_series: dict[Series, list[AggregateSample]] = {}
    for sample in samples:
        by_series.setdefault(Series(rule.subject, sample.step, RULE_VALUE, place, "", ()), []).append(sample)
    return {
        series: Points(np.array([own.at_us for own in measured], np.int64), np.array([own.value for own in measured]))
        for series, measured in by_series.items()
    }


def _points(rule: QueryRule, values: Mapping[int, float], end_s: int) -> Points:
    """Return the values of a series; after its first one, times without a value are as they are while judging."""
    times = sorted(values)
    if times and rule.of_nothing is not None:
        times = list(range(times[0], min(times[-1] + RULE_VALUE_KEPT_S, end_s), rule.every_s))
    at_us = np.array(times, np.int64) * _SECOND_US
    return Points(at_us, np.array([values.get(at_s, rule.of_nothing) for at_s in times], np.float64))


def rule_thresholds(rule: str, thresholds: Thresholds) -> Thresholds:
    """Return thresholds that open an incident by a rule such as "3 of 5".

    Raises:
        ValueError: If it cannot be read; the message says what to write.
    """
    try:
        bad, of = parse_open(rule)
    except Refused as refused:
        message = f'"{rule}" {refused.what}; {refused.fix}'
        raise ValueError(message) from None
    return replace(thresholds, bad=bad, of=of)


def _with(settings: AlertSettings, thresholds: Thresholds) -> AlertSettings:
    return replace(settings, thresholds=thresholds, threshold_rules=())
