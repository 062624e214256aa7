"""Alert rules, replayed over stored runs, and over what sources keep of their series."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from outrider.alerts import Thresholds, parse_open, replayed, stored_findings
from outrider.app.alert_configuration import alert_settings
from outrider.app.listeners import SILENT
from outrider.app.source_access import workspace_sources
from outrider.app.source_rules import series_values
from outrider.app.workspace_access import judge_settings, now_us
from outrider.model import RULE_VALUE, RULE_VALUE_KEPT_S, Points, Series, SourceError, UsageError
from outrider.workspace import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts import AlertSettings, QueryRule, Replayed
    from outrider.app.listeners import ProgressListener
    from outrider.model import JudgeHistory
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
    outside, unread = _outside_values(workspace, settings, since_us)
    findings = stored_findings(
        store, judge_settings(workspace), settings, since_us=since_us, outside=outside, on_series=listener.counted
    )
    return {name: replace(replayed(findings, variant), unread=unread) for name, variant in variants.items()}


def _outside_values(
    workspace: Workspace, settings: AlertSettings, since_us: int
) -> tuple[dict[str, dict[Series, Points]], dict[str, str]]:
    """Return what sources have of the past of rules over their series, and why that of others is not known."""
    outside: dict[str, dict[Series, Points]] = {}
    unread: dict[str, str] = {}
    sources, end_s = workspace_sources(workspace), now_us() // _SECOND_US
    for rule in settings.rules if workspace.capabilities.sources else ():
        if rule.kind is None:
            learned_us = _LEARNED_US if rule.baseline is not None else round(rule.for_s * _SECOND_US)
            begin_s = (since_us - learned_us) // _SECOND_US // rule.every_s * rule.every_s
            try:
                values = series_values(sources, rule, begin_s, end_s // rule.every_s * rule.every_s)
            except (SourceError, UsageError) as error:
                unread[rule.name] = f"{error.what}; {error.fix}"
            else:
                place = workspace.defaults.environment
                series = {name: Series(rule.subject, name, RULE_VALUE, place, "", ()) for name in values}
                outside[rule.name] = {series[name]: _points(rule, own, end_s) for name, own in values.items()}
    return outside, unread


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
