"""The content of a report: frozen values, each with its sample size."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.baselines import Quantile
    from outrider.model import CheckId, Outcome
    from outrider.real_users import LeadTimes
    from outrider.reports.period import Period


@dataclass(frozen=True, slots=True)
class Availability:
    """The share of conclusive runs that were good, with its 95 % interval."""

    good: int
    total: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Between zero and one."""
        return self.good / self.total


@dataclass(frozen=True, slots=True)
class StepFigures:
    """A step's durations [ms] now, in the period before, and in the four weeks before now; None is too little data."""

    name: str
    count: int
    p50: Quantile | None
    p75: Quantile | None
    p95: Quantile | None
    before: Quantile | None
    usual: Quantile | None

    @property
    def change(self) -> float | None:
        """By how much the median moved since the period before, as a ratio less one."""
        return self.p50.value / self.before.value - 1 if self.p50 and self.before and self.before.value else None


@dataclass(frozen=True, slots=True)
class Change:
    """A new level of a step, that began or ended within the period; times in microseconds UTC, levels in ms.

    Attributes:
        earliest_us, latest_us: The 95 % interval of when.
        release: The release that explains it, or empty.
        count: Hours of history with values, among which levels were compared.
        ended_us: When the step returned to the level before; None if the new level lasts.
    """

    check: str
    step: str
    at_us: int
    earliest_us: int
    latest_us: int
    before_ms: float
    after_ms: float
    release: str
    count: int
    ended_us: int | None = None

    @property
    def ratio(self) -> float:
        """How much slower (above zero) or quicker (below) it became."""
        return self.after_ms / self.before_ms - 1 if self.before_ms else 0.0


@dataclass(frozen=True, slots=True)
class Outage:
    """Failed runs of a check in one place, with no other between them; times in microseconds UTC.

    Attributes:
        until_us: When the next run was due; the period's end, or what is known of it, if none was.
        is_over: Whether a run followed that did not fail.
        reason: Of the first failed run.
    """

    check: str
    name: str
    environment: str
    location: str
    began_us: int
    until_us: int
    is_over: bool
    runs: int
    reason: str

    @property
    def length_us(self) -> int:
        """How long it lasted, as far as runs tell."""
        return self.until_us - self.began_us


@dataclass(frozen=True, slots=True)
class Health:
    """One check in one place.

    Attributes:
        counts: Runs of the period by outcome.
        name: What people call it: without kind and file where that is enough to tell it from others.
        budget_used: Share of the error budget of the days that end with the period, or of a longer period, as
            `budget_name` calls them; infinite if no failure is allowed and there is one; None without runs.
        coverage: Share of what was due that ran; None if nothing was due.
        unrecorded: Runs that used to be due and of which nothing is recorded; they count against coverage.
        reasons: Why runs failed, the most frequent first.
        unclear: Why runs ended in a setup error, or inconclusive: the most frequent reason of each.
        charts: SVG by name, and the caption of the trend.
        outages: Failed runs that follow each other, the oldest first.
        tells_outages: Whether they are known; if not, failed runs are too old or too many to be read one by one.
        affected_us: How long it failed; by the share of failed runs where outages are not known.
        days: Of each of the period's days, or of longer stretches of a long period, as `calendar_of` has them.
    """

    check: CheckId
    name: str
    kind: str
    environment: str
    location: str
    counts: Mapping[Outcome, int]
    availability: Availability | None
    before: Availability | None
    budget_used: float | None
    coverage: float | None
    steps: tuple[StepFigures, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    charts: Mapping[str, str] | None = None
    unclear: Mapping[Outcome, str] | None = None
    unrecorded: int = 0
    outages: tuple[Outage, ...] = ()
    tells_outages: bool = True
    affected_us: int = 0
    days: tuple[Availability | None, ...] = ()

    @property
    def runs(self) -> int:
        """How many were due, whatever became of them."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Incident:
    """A problem with a life of its own; `ended_us` is None while it lasts.

    Attributes:
        severity: critical, warning or info; empty if that is not known.
        checks: How many were affected.
    """

    title: str
    check: str
    began_us: int
    ended_us: int | None
    cause: str
    severity: str = ""
    checks: int = 1


@dataclass(frozen=True, slots=True)
class CheckNoise:
    """Alerts and incidents of a check, and on how many of the incidents somebody acted."""

    check: str
    sent: int
    incidents: int
    acted_on: int


@dataclass(frozen=True, slots=True)
class ReceiverNoise:
    """How many alerts a receiver got."""

    receiver: str
    sent: int


@dataclass(frozen=True, slots=True)
class Noise:
    """How many alerts were sent, of how many incidents, and what became of those.

    Attributes:
        acted_on: Somebody acknowledged, assigned, closed or commented on them.
        folded: Follow from another one, and notified nobody of their own.
        alone: Of one check, with nothing that follows from them.
        weak: Of weak evidence: nobody was notified.
        receivers: The one that got the most first.
    """

    sent: int
    acted_on: int
    incidents: int = 0
    checks: tuple[CheckNoise, ...] = ()
    folded: int = 0
    alone: int = 0
    weak: int = 0
    receivers: tuple[ReceiverNoise, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceRoom:
    """How far a service's real traffic is from what it sustains, requests a second.

    Attributes:
        peak: The busiest five minutes of the last seven days; None without real traffic.
        headroom: How much more is sustained, as a ratio less one; None is unknown.
        reached: When it will be reached, or why that is unknown.
    """

    service: str
    sustained: float
    peak: float | None
    headroom: float | None
    reached: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """What ends first under a load profile, and the services that it loads.

    Attributes:
        first: A sentence: what ends first, or why that is unknown.
        unknown: Why there are no services; empty if there are some.
    """

    check: str
    environment: str
    at_us: int
    first: str
    unknown: str
    services: tuple[ServiceRoom, ...]


class Incidents(Protocol):
    """Where incidents come from, and what else the store does not tell."""

    def capacity(self, until_us: int) -> Sequence[Capacity]:
        """Return what ends first under each load profile, and how far traffic up to then is from it."""
        ...

    def incidents(self, since_us: int, until_us: int) -> Sequence[Incident]:
        """Return the incidents that lasted at any time in since_us <= t < until_us, the oldest first."""
        ...

    def noise(self, since_us: int, until_us: int) -> Noise | None:
        """Return what was sent in that time; None if nothing records it."""
        ...

    def lead_times(self, since_us: int, until_us: int) -> LeadTimes | None:
        """Return how long before users probers saw the incidents that began in that time; None if that is not known."""
        ...


class NoIncidents:
    """Knows of none: nothing records incidents."""

    def capacity(self, until_us: int) -> Sequence[Capacity]:  # noqa: ARG002 - the protocol's
        """Return nothing."""
        return ()

    def incidents(self, since_us: int, until_us: int) -> Sequence[Incident]:  # noqa: ARG002 - the protocol's
        """Return nothing."""
        return ()

    def noise(self, since_us: int, until_us: int) -> Noise | None:  # noqa: ARG002 - the protocol's
        """Return that nothing records it."""
        return None

    def lead_times(self, since_us: int, until_us: int) -> LeadTimes | None:  # noqa: ARG002 - the protocol's
        """Return that nothing is known."""
        return None


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast: in how many days something happens, with the interval."""

    subject: str
    what: str
    days: float
    earliest: float
    latest: float
    count: int


@dataclass(frozen=True, slots=True)
class KneeFigures:
    """What a load that was stepped up showed: requests a second at the knee, an 80 % interval of it, and its users.

    Attributes:
        reached: Whether it went far enough; if not, the target sustains at least this.
        count: How many levels it went through.
    """

    at_us: int
    run: str
    rate: float
    low: float
    high: float
    users: float
    reached: bool
    count: int


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """A load profile in one place.

    Attributes:
        rates: Requests a second that its runs reached, the oldest first.
        failure_share: Of the latest.
        usual: The median rate; None is too little data.
        knees: What the target sustained, the oldest first.
        headroom: How much more than its usual load the target sustained last, as a ratio less one; None is unknown.
        chart: The curve of the latest knee as SVG.
        is_complete: Whether all loads of the history were looked at.
    """

    check: str
    rates: tuple[float, ...]
    failure_share: float
    environment: str = ""
    location: str = ""
    usual: Quantile | None = None
    knees: tuple[KneeFigures, ...] = ()
    headroom: float | None = None
    chart: str = ""
    is_complete: bool = True


class Light(StrEnum):
    """The colour of a verdict."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a period went.

    Attributes:
        light: Red if a check missed the objective or is down, or a critical incident is open; amber if one may have
            missed it, or ran more seldom than was due, or another incident is open; unknown if nothing was measured, or
            too little to say more of any check.
        word: The light in a word.
        sentence: Names every check by its standing, and what else a reader has to know.
        missed, unsure, met, without_data, seldom: How many checks; one in several places counts once, as its worst.
            Those that ran too `seldom` to say passed, as far as is known.
        broken: How many more there are, of which no run says anything and some ended in setup errors.
        affected_us: For how long one check or more failed; None where runs are too old or too many to tell.
        open_incidents: How many of the period's incidents last.
    """

    light: Light
    word: str
    sentence: str
    missed: int
    unsure: int
    met: int
    without_data: int
    affected_us: int | None = 0
    open_incidents: int = 0
    seldom: int = 0
    broken: int = 0

    @property
    def checks(self) -> int:
        """How many there are."""
        return self.missed + self.unsure + self.seldom + self.met + self.broken + self.without_data


@dataclass(frozen=True, slots=True)
class Report:
    """The content of a report.

    Attributes:
        now_us: When it was made.
        verdict: Whether things are fine.
        summary: Three sentences: that of the verdict, what changed, what to do.
        unmeasured: What was not measured, a line each.
        simulated: Whether any of its history is simulated.
        unforecast: How many checks ran too seldom for a forecast of their budget.
        lead_times: How long before real users probers saw the incidents; None if no visits are known.
        capacity: Of reports of four weeks and more.
    """

    title: str
    workspace: str
    period: Period
    now_us: int
    objective: float
    verdict: Verdict
    summary: tuple[str, ...]
    health: tuple[Health, ...]
    changes: tuple[Change, ...]
    incidents: tuple[Incident, ...]
    noise: Noise | None
    load: tuple[LoadFigures, ...]
    forecasts: tuple[Forecast, ...]
    unmeasured: tuple[str, ...]
    simulated: bool
    releases: tuple[tuple[int, str], ...] = ()
    unforecast: int = 0
    lead_times: LeadTimes | None = None
    capacity: tuple[Capacity, ...] = ()
