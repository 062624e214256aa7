"""Findings of issues: new, regressed and escalating ones call people, until somebody deals with them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem
from outrider.alerts.subject_findings import subject_labels
from outrider.errors import current
from outrider.model import IssueState, Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from outrider.model import Issue

QUIET_US: Final = 3_600 * 1_000_000
"""An issue that was not seen for so long calls nobody."""
CALLING: Final = frozenset({IssueState.NEW, IssueState.REGRESSED, IssueState.ESCALATING})
_LEVELS: Final = frozenset({"error", "fatal"})
_LEAST_EVENTS: Final = 2
"""One single event of a new issue calls nobody, unless it is fatal."""


def issue_findings(issues: Sequence[Issue], open_subjects: Collection[Subject], now_us: int) -> Iterator[Finding]:
    """Yield whether issues are a problem.

    Issues of one service share a cause, so that a release that brings many is one incident.

    Args:
        issues: Those that were seen lately.
        open_subjects: Subjects of issues that are in an incident.
        now_us: Microseconds UTC.
    """
    calling = {_subject(issue): issue for issue in issues if _calls(issue, now_us)}
    for subject, issue in calling.items():
        yield Finding(
            FindingKey(Problem.ISSUE, subject), True, issue.last_us, _facts(issue, now_us), _causes(subject, issue),
            _labels(subject, issue, now_us), once=True,
        )  # fmt: skip
    for subject in open_subjects:
        if subject not in calling:
            labels = subject_labels(subject, "", "", "", Problem.ISSUE)
            facts = Facts("it is dealt with, or was not seen for an hour", title=f"#{subject.name}")
            yield Finding(FindingKey(Problem.ISSUE, subject), False, now_us, facts, (), labels, once=True)


def _subject(issue: Issue) -> Subject:
    return Subject.of(SubjectKind.ISSUE, str(issue.id))


def _calls(issue: Issue, now_us: int) -> bool:
    life = current(issue.life, now_us)
    if life.state not in CALLING or issue.level not in _LEVELS or now_us - issue.last_us >= QUIET_US:
        return False
    return life.state is not IssueState.NEW or issue.events >= _LEAST_EVENTS or issue.level == "fatal"


def _facts(issue: Issue, now_us: int) -> Facts:
    life = current(issue.life, now_us)
    what = issue.value.partition("\n")[0] or issue.culprit
    return Facts(
        f"{what} ({issue.reach})",
        title=f"{issue.title} #{issue.id}",
        predicate=_predicate(issue, life.state),
        address=issue.culprit,
        since_us=life.since_us,
        release=issue.first_release if life.state is IssueState.NEW else issue.last_release,
    )


def _predicate(issue: Issue, state: IssueState) -> str:
    service = f" in {issue.service}" if issue.service else ""
    return f"is {state}{service}" if state is not IssueState.REGRESSED else f"came back{service}"


def _causes(subject: Subject, issue: Issue) -> tuple[str, ...]:
    service = (f"errors:{issue.service}",) if issue.service else ()
    return (*service, f"subject:{subject}")


def _labels(subject: Subject, issue: Issue, now_us: int) -> dict[str, str]:
    own = {"service": issue.service, "level": issue.level, "state": current(issue.life, now_us).state.value}
    return {**subject_labels(subject, "", "", "", Problem.ISSUE), **{name: text for name, text in own.items() if text}}
