"""The values of a rule over a query -> findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.alerts import baseline_findings, threshold_findings
from outrider.baselines import Condition
from outrider.model import RULE_VALUE, RULE_VALUE_KEPT_S, Checkpoint
from outrider.runs import Judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts import Finding, QueryRule
    from outrider.baselines import Settings
    from outrider.model import JudgeHistory, NotablePattern, Series

_SECOND_US = 1_000_000


class RuleJudge:
    """Says of stored values of rules what follows from them.

    Args:
        history: Where values and checkpoints are kept.
        settings: Of the judge of the workspace; a rule has the budget of a check.
    """

    def __init__(self, history: JudgeHistory, settings: Settings) -> None:
        self._history = history
        self._settings = settings

    def findings(self, rule: QueryRule, environment: str, notable: Sequence[NotablePattern] = ()) -> list[Finding]:
        """Return the findings of values that were not judged yet, and of the last that was.

        Args:
            rule: The rule.
            environment: Which the telemetry is of.
            notable: The patterns that it has found, if it is about patterns.
        """
        if rule.baseline is not None:
            return self._unusual(rule, environment)
        of_rule = [own for own in self._history.series.of(rule.subject) if self._is_of(rule, own, environment)]
        known = {checkpoint.series: checkpoint for checkpoint in self._history.judgements.checkpoints(of_rule)}
        findings: list[Finding] = []
        checkpoints: list[Checkpoint] = []
        for series in of_rule:
            after_us = known[series].at_us - 1 if series in known else 0
            since_us = after_us - round((rule.for_s + rule.every_s) * _SECOND_US)
            points = self._history.series.samples(series, since_us=max(0, since_us))
            pairs = list(zip(points.at_us.tolist(), points.value.tolist(), strict=True))
            own = list(
                threshold_findings(rule, pairs, environment, after_us=after_us, value=series.step, notable=notable)
            )
            if own:
                condition = Condition.DEGRADED if own[-1].present else Condition.STEADY
                checkpoints.append(Checkpoint(series, pairs[-1][0], condition, own[-1].facts.what, b""))
            findings += own
        self._history.judgements.record_checkpoints(checkpoints)
        return findings

    def _is_of(self, rule: QueryRule, series: Series, environment: str) -> bool:
        return series.environment == environment and rule.holds(series)

    def _unusual(self, rule: QueryRule, environment: str) -> list[Finding]:
        judge = Judge(self._history, rule.baseline_settings(self._settings))
        judged = judge.judge_subject(rule.subject, environment=environment, metric=RULE_VALUE)
        if judged is None:
            return []
        since_us = judged.at_us - RULE_VALUE_KEPT_S * _SECOND_US
        lasting = {
            series.step
            for series in self._history.series.of(rule.subject)
            if self._is_of(rule, series, environment) and len(self._history.series.samples(series, since_us).at_us)
        }
        judgements = tuple(judgement for judgement in judged.judgements if judgement.step in lasting)
        return list(baseline_findings(rule, replace(judged, judgements=judgements)))
