"""Findings of subjects that no run measures, such as a service: what the judge says of their aggregates. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem, problem_labels
from outrider.alerts.run_findings import amount_of, band_of, chance_of
from outrider.baselines import Condition, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.runs import Judgement, SubjectJudgement


def subject_findings(judged: SubjectJudgement) -> list[Finding]:
    """Return the findings of a subject, for `AlertProcessor.noticed`; none of steps that the judge still learns."""
    return [finding for judgement in judged.judgements for finding in _degradation(judged, judgement)]


def _degradation(judged: SubjectJudgement, judgement: Judgement) -> Iterator[Finding]:
    signal, subject, step = judgement.signal, judged.subject, judgement.step
    if not isinstance(signal, Signal) or signal.condition is Condition.LEARNING or signal.ignored:
        return
    band = band_of(signal)
    facts = Facts(
        amount_of(signal),
        step=step,
        title=subject.name,
        predicate=f"is slow in {step}" if step else "is slow",
        observed=band.get("observed", ""),
        expected=band.get("expected", ""),
        since_us=None if signal.since is None else signal.since * 1_000_000,
        release=judgement.release,
        later_release=judgement.later_release,
    )
    key = FindingKey(Problem.DEGRADATION, subject, judged.environment, judged.location, step)
    degraded = signal.condition is Condition.DEGRADED
    labels = _labels(judged, step)
    yield Finding(
        key, degraded, judged.at_us, facts, (f"subject:{subject}",), labels,
        chance_months=chance_of(signal), release_share=judgement.release_share,
    )  # fmt: skip


def _labels(judged: SubjectJudgement, step: str) -> dict[str, str]:
    """Return what routes and silences match; the name of a service is the label `service`, and so for other kinds."""
    kind = judged.subject.kind.value if judged.subject.kind else ""
    labels = {
        **problem_labels(Problem.DEGRADATION),
        "subject": str(judged.subject),
        "kind": kind,
        kind or "subject": judged.subject.name,
        "environment": judged.environment,
        "location": judged.location,
        "step": step,
    }
    return {name: value for name, value in labels.items() if value}
