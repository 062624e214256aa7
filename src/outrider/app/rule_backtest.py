"""Alert rules, replayed over stored runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.alerts import Thresholds, parse_open, replayed, stored_findings
from outrider.app.alert_configuration import alert_settings
from outrider.app.listeners import SILENT
from outrider.app.workspace_access import judge_settings, now_us
from outrider.workspace import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts import AlertSettings, Replayed
    from outrider.app.listeners import ProgressListener
    from outrider.model import JudgeHistory
    from outrider.workspace import Workspace

_DAY_US = 86_400_000_000
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
    findings = stored_findings(
        store, judge_settings(workspace), settings, since_us=since_us, on_series=listener.counted
    )
    return {name: replayed(findings, variant) for name, variant in variants.items()}


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
