"""Findings of projects that have used up their day: errors are refused, so that nobody sees them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem
from outrider.alerts.subject_findings import subject_labels
from outrider.model import Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from outrider.model import ErrorProject


def quota_findings(
    refused: Mapping[ErrorProject, int], open_subjects: Collection[Subject], now_us: int
) -> Iterator[Finding]:
    """Yield whether the day of a service's projects is used up.

    Args:
        refused: Events that were refused today of each project that refuses them now.
        open_subjects: Services that are in an incident of this kind.
        now_us: Microseconds UTC.
    """
    calling = {_subject(project): project for project in sorted(refused, key=lambda own: refused[own])}
    for subject, project in calling.items():
        facts = Facts(
            f"{project.per_day:,} events of project {project.id} were taken today, which is its limit; "
            f"{refused[project]:,} were refused, and more will be until midnight UTC",
            title=project.service,
        )
        yield _finding(subject, facts, now_us, present=True)
    for subject in open_subjects:
        if subject not in calling:
            yield _finding(subject, Facts("errors are taken again", title=subject.name), now_us, present=False)


def _subject(project: ErrorProject) -> Subject:
    return Subject.of(SubjectKind.SERVICE, project.service)


def _finding(subject: Subject, facts: Facts, now_us: int, *, present: bool) -> Finding:
    key, labels = FindingKey(Problem.QUOTA, subject), subject_labels(subject, "", "", "", Problem.QUOTA)
    return Finding(key, present, now_us, facts, (f"quota:{subject.name}",), labels, once=True)
