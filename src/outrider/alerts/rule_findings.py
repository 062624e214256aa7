"""Findings of rules over queries: whether the measure of each period is a problem. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem, problem_labels
from outrider.alerts.run_findings import band_of, chance_of
from outrider.baselines import Condition, Direction, Signal
from outrider.model import Notable, bounded, labels_of_name
from outrider.workspace import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.alerts.query_rule import QueryRule
    from outrider.model import NotablePattern, Subject
    from outrider.runs import SubjectJudgement

_SECOND_US = 1_000_000
_QUOTED, _QUOTED_CHARACTERS = 3, 120
"""How many patterns a sentence names, and how long each may be."""
_UNUSUAL = {
    Direction.UP: "is higher than usual",
    Direction.DOWN: "is lower than usual",
    Direction.BOTH: "is not as usual",
}


def threshold_findings(
    rule: QueryRule,
    points: Sequence[tuple[int, float]],
    environment: str,
    *,
    after_us: int,
    value: str = "",
    notable: Sequence[NotablePattern] = (),
) -> Iterator[Finding]:
    """Yield whether the limit of a rule was exceeded for long enough, for each period that began after a time.

    Args:
        rule: One without a baseline.
        points: When each period began (microseconds UTC) and its measure, in the order of time; those of `for_s` before
            `after_us` among them.
        environment: Which the telemetry is of.
        after_us: Microseconds UTC.
        value: That of its key which the measures are of; empty where it has none.
        notable: The patterns that a rule over patterns has found.
    """
    every_us, since_us, last_us = rule.every_s * _SECOND_US, None, None
    for at_us, measured in points:
        if not _is_beyond(rule, measured):
            since_us = None
        elif since_us is None or last_us is None or at_us - last_us > every_us:
            since_us = at_us
        last_us = at_us
        if at_us > after_us:
            present = since_us is not None and at_us + every_us - since_us >= rule.for_s * _SECOND_US
            facts = replace(_facts(rule, measured, since_us), title=rule_title(rule.name, value))
            if present and (quoted := _quoted(notable, since_us or at_us, at_us + every_us)):
                facts = replace(facts, what=f"{facts.what}: {quoted}")
            yield _finding(rule, environment, present, at_us + every_us, facts, value=value, once=True)


def _quoted(notable: Sequence[NotablePattern], since_us: int, until_us: int) -> str:
    """Return what the first patterns of a time say, each with a line of it."""
    own = [row for row in notable if row.since_s * _SECOND_US < until_us and row.until_s * _SECOND_US > since_us]
    quotes = [f'{row.service}: "{bounded(row.text, _QUOTED_CHARACTERS)}"{_example(row)}' for row in own[:_QUOTED]]
    return "; ".join([*quotes, f"and {len(own) - _QUOTED} more"] if len(own) > _QUOTED else quotes)


def _example(row: NotablePattern) -> str:
    return "" if row.example in {"", row.text} else f', such as "{bounded(row.example, _QUOTED_CHARACTERS)}"'


def _is_beyond(rule: QueryRule, value: float) -> bool:
    if rule.absent:
        return value == 0
    return (rule.above is not None and value > rule.above) or (rule.below is not None and value < rule.below)


def _facts(rule: QueryRule, value: float, since_us: int | None) -> Facts:
    every = format_duration(rule.every_s)
    period = f"every {every}" if rule.kind is None else f"{rule.measure} of {every}"
    if rule.absent:
        lasting = format_duration(max(rule.for_s, rule.every_s))
        predicate = "has no values" if rule.kind is None else "has no records"
        return Facts(f"none in {lasting}", predicate=predicate, since_us=since_us, query=_asked(rule))
    if rule.pattern is not None:
        are = "pattern of log records is" if value == 1 else "patterns of log records are"
        what = f"{value:.0f} {are} {rule.pattern}"
        predicate = "finds new log patterns" if rule.pattern is Notable.NEW else "finds exploding log patterns"
        return Facts(what, predicate=predicate, observed=f"{value:.0f}", since_us=since_us, query=_asked(rule))
    is_above = rule.above is not None and value > rule.above
    limit = rule.above if is_above or rule.below is None else rule.below
    side = "above" if limit == rule.above else "below"
    unit = " ms" if rule.is_of_durations else ""
    return Facts(
        f"{value:,.6g}{unit}, {side} {limit:,.6g}{unit} ({period})",
        predicate="is too high" if side == "above" else "is too low",
        observed=f"{value:,.6g}{unit}",
        since_us=since_us,
        query=_asked(rule),
    )


def baseline_findings(rule: QueryRule, judged: SubjectJudgement) -> Iterator[Finding]:
    """Yield whether the measure of a rule is as usual; nothing while the judge learns."""
    for judgement in judged.judgements:
        signal = judgement.signal
        if not isinstance(signal, Signal) or signal.ignored:
            continue
        band = band_of(signal)
        facts = Facts(
            f"{band['observed']}, usually {band['expected']}" if band else signal.reason,
            title=rule_title(rule.name, judgement.step),
            predicate=_UNUSUAL[rule.baseline or Direction.BOTH],
            observed=band.get("observed", ""),
            expected=band.get("expected", ""),
            since_us=None if signal.since is None else signal.since * _SECOND_US,
            release=judgement.release,
            later_release=judgement.later_release,
            recent_release=judgement.recent_release,
            query=_asked(rule),
        )
        degraded = signal.condition is Condition.DEGRADED
        yield _finding(
            rule, judged.environment, degraded, judged.at_us + rule.every_s * _SECOND_US, facts, value=judgement.step,
            chance_months=chance_of(signal), release_share=judgement.release_share,
        )  # fmt: skip


def _asked(rule: QueryRule) -> str:
    return f"{rule.language} {rule.query}".strip()


def rule_title(name: str, value: str) -> str:
    """Return what people call a rule, or the part of it that is about a value of its key."""
    return f"{name} ({value})" if value else name


def rule_causes(subject: Subject, value: str) -> tuple[str, ...]:
    """Return what unites findings of a rule: each value has incidents of its own."""
    return (f"subject:{subject}|{value}" if value else f"subject:{subject}",)


def _finding(
    rule: QueryRule,
    environment: str,
    present: bool,
    at_us: int,
    facts: Facts,
    *,
    value: str,
    once: bool = False,
    chance_months: float | None = None,
    release_share: float = 1.0,
) -> Finding:
    of_series = labels_of_name(value) if rule.series_labels else {}
    labels = {
        **{name: of_series[name] for name in rule.series_labels if of_series.get(name)}, **rule.labels,
        **problem_labels(Problem.RULE), "subject": str(rule.subject), "kind": "rule", "rule": rule.name,
        "environment": environment,
    }  # fmt: skip
    if value:
        labels |= {"step": value} | ({"service": value} if rule.by == "service" else {})
    key, causes = FindingKey(Problem.RULE, rule.subject, environment, step=value), rule_causes(rule.subject, value)
    return Finding(
        key, present, at_us, facts, causes, labels, once=once, chance_months=chance_months, release_share=release_share,
    )  # fmt: skip
