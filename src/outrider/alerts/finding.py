"""What a run says of one subject: is it in trouble, and what would explain that."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model import Subject


class Problem(StrEnum):
    """The kinds of trouble that incidents are about."""

    FAILURE = "failure"
    DEGRADATION = "degradation"
    COVERAGE = "coverage"  # runs that were due and did not happen
    CERTIFICATE = "certificate"
    BUDGET = "budget"  # an error budget that burns too fast
    FORECAST = "forecast"  # a limit that a trend will reach
    CHANGE = "change"  # a new level in a history
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
"""Severity of a trouble where no label says otherwise; the others are warnings."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a trouble, for the message; empty where nothing is.

    Attributes:
        what: One line: what is wrong.
        observed: The value seen, with its unit.
        expected: The band or limit it should keep to.
        since_us: Since when, microseconds UTC.
        release: The last release before.
        run: Id of the run that showed it.
        artifacts: Where its screenshot, trace and log lie.
        errors: What pages, consoles and requests reported meanwhile.
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


@dataclass(frozen=True, slots=True)
class FindingKey:
    """What a finding is about: a problem of a subject, or of a part of it, in one environment and location.

    Attributes:
        subject: A check, or anything else that is judged.
        step: Part of the subject; empty for the whole.
    """

    trouble: Problem
    subject: Subject
    environment: str = ""
    location: str = ""
    step: str = ""

    @property
    def text(self) -> str:
        """The key as one text."""
        return "|".join((self.trouble, self.environment, self.location, self.subject, self.step))


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of a subject at a time.

    Attributes:
        present: Whether the trouble is there.
        at_us: When the run was due, microseconds UTC.
        causes: Possible causes, such as "host:shop.example", the likeliest first; who shares one shares the incident.
        labels: What routes and silences match.
        once: It is confirmed by being seen once: the statistic behind it has confirmed it already.
    """

    key: FindingKey
    present: bool
    at_us: int
    facts: Facts
    causes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
