"""Findings of subjects that no run measures, such as a service: what the judge says of their aggregates. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem, problem_labels
from outrider.alerts.run_findings import amount_of, band_of, chance_of
from outrider.baselines import Condition, Signal
from outrider.charts import milliseconds
from outrider.model import DURATION, FAILING, REQUESTS, SubjectKind, per_cent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.model import MovedOperation, Subject
    from outrider.runs import Judgement, SubjectJudgement


_FEWER = "number of requests"
"""What stands in place of a step's name where a service gets fewer requests than usual."""

_FAILS = {None: "fails more often than usual", SubjectKind.PAGE: "shows errors to more users than usual"}
_QUOTED_OPERATIONS = 3


def subject_findings(
    judged: SubjectJudgement, suffered: Sequence[str] = (), moved: Sequence[MovedOperation] = ()
) -> list[Finding]:
    """Return the findings of a subject, for `AlertProcessor.noticed`; steps that the judge still learns are well.

    Args:
        judged: What the judge says of one of its metrics.
        suffered: What else got worse and would explain it, `KIND:NAME`, the likeliest first.
        moved: Its operations that deviate, the worst first.
    """
    quoted = operations_text([own for own in moved if own.metric == judged.metric] or moved)
    of_metric = _failing if judged.metric == FAILING else _degradation
    findings = [finding for judgement in judged.judgements for finding in of_metric(judged, judgement, suffered)]
    return [_quoting(finding, quoted) for finding in findings] if quoted else findings


def operations_text(moved: Sequence[MovedOperation]) -> str:
    """Return what moved, for a reader: "POST /pay p95 820 ms, usually 210 ms; 2 more"; empty if nothing did."""
    texts = [f"{own.operation} {movement_text(own)}" for own in moved[:_QUOTED_OPERATIONS]]
    left = len(moved) - len(texts)
    return "; ".join([*texts, f"{left} more"] if left else texts)


def movement_text(moved: MovedOperation) -> str:
    """Return what an operation does, and what it usually does."""
    if moved.metric == DURATION:
        return f"p95 {milliseconds(moved.value)}, usually {milliseconds(moved.usual)}"
    if moved.metric == FAILING:
        return f"{per_cent(moved.value)} fail, usually {per_cent(moved.usual)}"
    return f"{moved.value:,.0f} requests in five minutes, usually {moved.usual:,.0f}"


def _quoting(finding: Finding, quoted: str) -> Finding:
    if not finding.present:
        return finding
    what = f"{finding.facts.what}; operations: {quoted}" if finding.facts.what else f"operations: {quoted}"
    return replace(finding, facts=replace(finding.facts, what=what))


def _failing(judged: SubjectJudgement, judgement: Judgement, suffered: Sequence[str]) -> Iterator[Finding]:
    """Yield whether a service fails more often than usual: confirmed at once, since the statistic is."""
    signal, subject = judgement.signal, judged.subject
    facts = Facts(
        signal.reason, title=subject.name, predicate=f"{_FAILS.get(subject.kind, _FAILS[None])}{_after(suffered)}",
        release=judgement.release, later_release=judgement.later_release,
    )  # fmt: skip
    key = FindingKey(Problem.FAILURE, subject, judged.environment, judged.location)
    degraded = signal.condition is Condition.DEGRADED
    labels = subject_labels(subject, judged.environment, judged.location, "", Problem.FAILURE)
    yield Finding(key, degraded, judged.at_us, facts, _causes(subject, suffered), labels, once=True)


def _after(suffered: Sequence[str]) -> str:
    """Return what a reader is told of what got worse with it."""
    return f", as its calls to {suffered[0].partition(':')[2]} do" if suffered else ""


def _causes(subject: Subject, suffered: Sequence[str]) -> tuple[str, ...]:
    return (*(f"subject:{node}" for node in suffered), f"subject:{subject}")


def _degradation(judged: SubjectJudgement, judgement: Judgement, suffered: Sequence[str]) -> Iterator[Finding]:
    signal, subject = judgement.signal, judged.subject
    fewer = judged.metric == REQUESTS
    step = judgement.step or (_FEWER if fewer else "")
    if not isinstance(signal, Signal) or signal.ignored:
        return
    band = band_of(signal)
    facts = Facts(
        f"{band['observed']}, usually {band['expected']}" if fewer and band else amount_of(signal),
        step=step,
        title=subject.name,
        predicate="gets fewer requests than usual" if fewer else f"{_slow(judgement.step)}{_after(suffered)}",
        observed=band.get("observed", ""),
        expected=band.get("expected", ""),
        since_us=None if signal.since is None else signal.since * 1_000_000,
        release=judgement.release,
        later_release=judgement.later_release,
        recent_release=judgement.recent_release,
    )
    key = FindingKey(Problem.DEGRADATION, subject, judged.environment, judged.location, step)
    degraded = signal.condition is Condition.DEGRADED
    labels = subject_labels(subject, judged.environment, judged.location, step)
    yield Finding(
        key, degraded, judged.at_us, facts, _causes(subject, suffered), labels,
        chance_months=chance_of(signal), release_share=judgement.release_share,
    )  # fmt: skip


def _slow(step: str) -> str:
    return f"is slow in {step}" if step else "is slow"


def subject_labels(
    subject: Subject, environment: str, location: str, step: str, problem: Problem = Problem.DEGRADATION
) -> dict[str, str]:
    """Return what routes and silences match; the name of a service is the label `service`, and so for other kinds."""
    kind = subject.kind.value if subject.kind else ""
    labels = {
        **problem_labels(problem),
        "subject": str(subject),
        "kind": kind,
        kind or "subject": subject.name,
        "environment": environment,
        "location": location,
        "step": step,
    }
    return {name: value for name, value in labels.items() if value}
