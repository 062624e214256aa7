"""Findings of projects that have used up their day: what is refused, nobody sees. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem
from outrider.alerts.subject_findings import subject_labels
from outrider.model import Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from outrider.model import ErrorProject, QuotaUse


def quota_findings(used: Iterable[QuotaUse], open_subjects: Collection[Subject], now_us: int) -> Iterator[Finding]:
    """Yield whether the day of a service's projects is used up.

    Args:
        used: What projects refuse now; of several of a service, the one is told that refused most.
        open_subjects: Services that are in an incident of this kind.
        now_us: Microseconds UTC.
    """
    calling = {_subject(use.project): use for use in sorted(used, key=lambda use: use.refused)}
    for subject, use in calling.items():
        facts = Facts(
            f"{_amount(use)} of project {use.project.id} were taken today, which is its limit; "
            f"{use.refused:,} were refused, and more will be until midnight UTC",
            title=use.project.service,
            predicate=f"has used up its {use.what} of the day",
        )
        yield _finding(subject, facts, now_us, present=True)
    for subject in open_subjects:
        if subject not in calling:
            yield _finding(subject, Facts("all is taken again", title=subject.name), now_us, present=False)


def _amount(use: QuotaUse) -> str:
    match use.what:
        case "errors":
            return f"{use.most:,} events"
        case "page views":
            return f"{use.most:,} beacons of page views"
        case _:
            return f"{use.most / 1e6:,.0f} MB of {use.what}"


def _subject(project: ErrorProject) -> Subject:
    return Subject.of(SubjectKind.SERVICE, project.service)


def _finding(subject: Subject, facts: Facts, now_us: int, *, present: bool) -> Finding:
    key, labels = FindingKey(Problem.QUOTA, subject), subject_labels(subject, "", "", "", Problem.QUOTA)
    return Finding(key, present, now_us, facts, (f"quota:{subject.name}",), labels, once=True)
