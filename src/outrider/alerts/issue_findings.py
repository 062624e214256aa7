"""Findings of issues: new, regressed and escalating ones call people, until somebody deals with them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem
from outrider.alerts.subject_findings import subject_labels
from outrider.errors import current
from outrider.model import IssueState, Subject, SubjectKind, TagCount

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from outrider.model import Issue

QUIET_US: Final = 3_600 * 1_000_000
"""An issue that was not seen for so long calls nobody."""
CALLING: Final = frozenset({IssueState.NEW, IssueState.REGRESSED, IssueState.ESCALATING})
_LEVELS: Final = frozenset({"error", "fatal"})
_LEAST_EVENTS: Final = 2
"""One single event of a new issue calls nobody, unless it is fatal."""


def issue_findings(issues: Sequence[Issue], open_keys: Collection[FindingKey], now_us: int) -> Iterator[Finding]:
    """Yield whether issues are a problem, in each environment for itself.

    Issues of one service share a cause, so that a release that brings many is one incident of an environment.

    Args:
        issues: Those that were seen lately.
        open_keys: Of issues that are in an incident.
        now_us: Microseconds UTC.
    """
    calling = [(_key(issue, place), issue, place) for issue in issues for place in _calling_places(issue, now_us)]
    for key, issue, place in calling:
        yield Finding(
            key, True, place.last_us, _facts(issue, place, now_us), _causes(key.subject, issue),
            _labels(key, issue, now_us), once=True,
        )  # fmt: skip
    texts = {key.text for key, _, _ in calling}
    for key in open_keys:
        if key.text not in texts:
            labels = subject_labels(key.subject, key.environment, "", "", Problem.ISSUE)
            facts = Facts("it is dealt with, or was not seen for an hour", title=f"#{key.subject.name}")
            yield Finding(key, False, now_us, facts, (), labels, once=True)


def _key(issue: Issue, place: TagCount) -> FindingKey:
    return FindingKey(Problem.ISSUE, Subject.of(SubjectKind.ISSUE, str(issue.id)), place.value or "")


def _calling_places(issue: Issue, now_us: int) -> list[TagCount]:
    """Return the environments in which an issue calls: where it was seen lately, and since it is in its state.

    That is one that is not known where its events name none.
    """
    life = current(issue.life, now_us)
    if life.state not in CALLING or issue.level not in _LEVELS or now_us - issue.last_us >= QUIET_US:
        return []
    if life.state is IssueState.NEW and issue.events < _LEAST_EVENTS and issue.level != "fatal":
        return []
    since_us = 0 if life.state is IssueState.NEW else life.since_us
    known = (own for own in issue.environments if own.last_us >= since_us and now_us - own.last_us < QUIET_US)
    return [*known] or [TagCount("environment", None, issue.events, issue.last_us)]


def _facts(issue: Issue, place: TagCount, now_us: int) -> Facts:
    life = current(issue.life, now_us)
    what = issue.value.partition("\n")[0] or issue.culprit
    return Facts(
        f"{what} ({issue.reach})",
        title=f"{issue.title} #{issue.id}",
        predicate=_predicate(issue, place.value or "", life.state),
        address=issue.culprit,
        since_us=life.since_us,
        release=issue.first_release if life.state is IssueState.NEW else issue.last_release,
    )


def _predicate(issue: Issue, environment: str, state: IssueState) -> str:
    place = " of ".join(name for name in (issue.service, environment) if name)
    does = "came back" if state is IssueState.REGRESSED else f"is {state}"
    return f"{does} in {place}" if place else does


def _causes(subject: Subject, issue: Issue) -> tuple[str, ...]:
    service = (f"errors:{issue.service}",) if issue.service else ()
    return (*service, f"subject:{subject}")


def _labels(key: FindingKey, issue: Issue, now_us: int) -> dict[str, str]:
    own = {"service": issue.service, "level": issue.level, "state": current(issue.life, now_us).state.value}
    known = subject_labels(key.subject, key.environment, "", "", Problem.ISSUE)
    return {**known, **{name: text for name, text in own.items() if text}}
