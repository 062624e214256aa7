"""What a run shows of one subject: whether it has a problem, and what would explain it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from outrider.model import Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


RECEIVER = "channel:"
"""What the subject of a receiver begins with."""

LOCATION = "location:"
"""What the subject of a location begins with."""

_CHECK_KINDS = frozenset({None, SubjectKind.JOURNEY, SubjectKind.PROBE, SubjectKind.LOAD})


class Problem(StrEnum):
    """The kinds of problem that incidents are about."""

    FAILURE = "failure"
    DEGRADATION = "degradation"
    UNJUDGED = "unjudged"  # runs happen, and for long none of them says anything of the target
    COVERAGE = "coverage"  # runs that were due and did not happen
    CERTIFICATE = "certificate"
    BUDGET = "budget"  # an error budget that burns too fast
    FORECAST = "forecast"  # a limit that a trend will reach
    CHANGE = "change"  # a new level in a history
    RULE = "rule"  # what a rule over a query of telemetry says
    ISSUE = "issue"  # errors that are new, came back, or became more
    QUOTA = "quota"  # errors that are refused, since the day of their project is used up
    LOCATION = "location"  # one location alone: nobody measures there, or a check is bad there and good elsewhere
    NETWORK = "network"  # our own network, not the target
    OUTRIDER = "outrider"  # Outrider's own: disk full, browser missing, channel dead


class Severity(StrEnum):
    """How much an incident hurts, the worst first."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


SEVERITIES = {
    Problem.FAILURE: Severity.CRITICAL,
    Problem.NETWORK: Severity.CRITICAL,
    Problem.BUDGET: Severity.CRITICAL,
    Problem.FORECAST: Severity.INFO,
    Problem.CHANGE: Severity.INFO,
}
"""Severity of a problem where no label says otherwise; the others are warnings."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a problem, for the message; empty where nothing is.

    Attributes:
        what: One line: what is wrong, without the check.
        title: What people call the check.
        predicate: What the check does, such as "fails too often"; empty for the usual one of the problem.
        address: The address that was asked, without credentials and query.
        observed: The value seen, with its unit.
        expected: The band or limit it should keep to.
        since_us: When the first run that deviates was due, as the judge estimates it, microseconds UTC; None where
            no judge does.
        release: The last release before it began.
        recent_release: The former, if it came so shortly before that chance alone rarely puts one so near.
        later_release: The last release that came after it began, which is not its cause.
        run: Id of the run that showed it.
        artifacts: Where its screenshot, trace and log lie.
        errors: What pages, consoles and requests reported meanwhile.
        query: What was asked of telemetry, "logs level>=error", where a rule asks.
    """

    what: str
    step: str = ""
    observed: str = ""
    expected: str = ""
    since_us: int | None = None
    release: str = ""
    run: str = ""
    artifacts: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    title: str = ""
    predicate: str = ""
    address: str = ""
    later_release: str = ""
    query: str = ""
    recent_release: str = ""


@dataclass(frozen=True, slots=True)
class FindingKey:
    """What a finding is about: a problem of a subject, or of a part of it, in one environment and location.

    Attributes:
        subject: A check, or anything else that is judged.
        step: Part of the subject; empty for the whole.
    """

    problem: Problem
    subject: Subject
    environment: str = ""
    location: str = ""
    step: str = ""

    @property
    def text(self) -> str:
        """The key as one text."""
        environment = self.environment.replace("|", "/")  # clients name it as they like
        return "|".join((self.problem, environment, self.location, self.subject, self.step))

    @classmethod
    def of_text(cls, text: str) -> FindingKey:
        """Return the key that has a text; the subject must hold no "|"."""
        problem, environment, location, subject, step = text.split("|", 4)
        return cls(Problem(problem), Subject(subject), environment, location, step)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of a subject at a time.

    Attributes:
        present: Whether the problem is there.
        at_us: When the run was due, microseconds UTC.
        causes: Possible causes, such as "host:shop.example", the likeliest first; who shares one shares the incident.
        labels: What routes and silences match.
        least_bad: So many bad runs in a row it takes at least, whatever the thresholds are.
        runs: How many runs in a row it stands for.
        chance_months: Months between two such findings of a series by chance alone; None if it is none of chance.
        release_share: Probability that a deviation by chance begins so shortly after a release; 1 if it did not.
        once: It is confirmed by being seen once: the statistic behind it has confirmed it already.
    """

    key: FindingKey
    present: bool
    at_us: int
    facts: Facts
    causes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    least_bad: int = 1
    runs: int = 1
    chance_months: float | None = None
    release_share: float = 1.0

    @property
    def began_us(self) -> int:
        """When the problem began: with the first run that deviates where the judge knows it, else with this run."""
        return self.at_us if self.facts.since_us is None else min(self.facts.since_us, self.at_us)


def problem_labels(problem: Problem) -> dict[str, str]:
    """Return the labels that name a problem; `trouble` is an alias of `problem` that older routes and silences use."""
    return {"problem": problem.value, "trouble": problem.value}


def check_of(key: str, checks: Collection[str] = ()) -> str:
    """Return the subject of a finding's key; ids that hold a "|" are recognised among `checks`."""
    place = key.split("|", 3)[3]
    check, _, rest = place.partition("|")
    while rest and check not in checks and any(known.startswith(f"{check}|") for known in checks):
        more, _, rest = rest.partition("|")
        check = f"{check}|{more}"
    return check


def is_gone(key: str, checks: Collection[str], rules: Collection[str]) -> bool:
    """Return whether a finding's key is of a check or rule that is not among these."""
    if is_check(key):
        return check_of(key, checks) not in checks
    subject = Subject(check_of(key))
    return subject.kind is SubjectKind.RULE and subject not in rules


def is_check(key: str) -> bool:
    """Return whether a finding's key is of a check: an explicit id may lack the kind."""
    subject = Subject(check_of(key))
    return subject.kind in _CHECK_KINDS and not subject.startswith((RECEIVER, LOCATION))
