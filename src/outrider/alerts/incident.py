"""The life of an incident: a pure state machine.

    pending ──X of Y──> open ──somebody acknowledges──> acknowledged
       │                 │ ▲                           │
       │ all well        │ └── a bad run ──┐           │
       ▼                 ▼                 │           ▼
    (withdrawn)      recovering <──── no bad run any more
                         │  └── too many relapses ──> flapping ── calm for long ──┐
                         ▼                                                        ▼
                      resolved <──────────────────────────────────────────── resolved

An acknowledged incident that relapses stays acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from outrider.alerts.finding import SEVERITIES, Facts, Problem, Severity, check_of
from outrider.alerts.route import INCIDENT
from outrider.model import ASSIGN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from outrider.alerts.confirmation import Confirmation
    from outrider.alerts.finding import Finding
    from outrider.model import Acknowledgement

NOT_KNOWN: Final = "not known: "
"""Begins a line that says why something is not known."""

AFFECTED_USERS: Final = "users"
"""Title of the line that says how many users met an incident."""

ERROR_MEANWHILE: Final = "error meanwhile"
"""Title of a line about an error that began with an incident, whatever else they share."""

_BESIDE = frozenset({AFFECTED_USERS, ERROR_MEANWHILE})
_MOST_EVENTS = 50
_MOST_NAMED = 20
_ORDER = list(Severity)


class Phase(StrEnum):
    """Where an incident is in its life."""

    PENDING = "pending"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RECOVERING = "recovering"
    FLAPPING = "flapping"
    RESOLVED = "resolved"

    @property
    def lasts(self) -> bool:
        """Whether it is open: somebody may have to act."""
        return self not in {Phase.PENDING, Phase.RESOLVED}


class Transition(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    RECOVERING = "recovering"
    RELAPSED = "relapsed"
    FLAPPING = "flapping"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    ASSIGNED = "assigned"


@dataclass(frozen=True, slots=True)
class Stability:
    """When an incident counts as flapping, and as the same again.

    Attributes:
        relapses: So many within `window_us` are flapping.
        calm_us: Time without a bad run that ends flapping.
        reopen_us: A problem of the same cause so soon after the end is the same incident.
    """

    relapses: int = 3
    window_us: int = 3_600_000_000
    calm_us: int = 1_800_000_000
    reopen_us: int = 600_000_000


@dataclass(frozen=True, slots=True)
class Quote:
    """A line of what explains an incident, as it was when it was looked up.

    Attributes:
        title: What it is, such as "log".
        path: Of the page that it is from, without what addresses begin with; a whole address where another program
            keeps it; empty for none.
    """

    title: str
    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How the members of an incident do: how many are confirmed, of those how many are bad now, how many not well."""

    bad: int = 0
    confirmed: int = 0
    unwell: int = 0


def tally_of(confirmation: Confirmation | None) -> Tally:
    """Return what one member adds to the tally of its incident."""
    if confirmation is None:
        return Tally()
    return Tally(
        int(confirmation.is_bad and confirmation.confirmed), int(confirmation.confirmed), int(not confirmation.is_well)
    )


@dataclass(frozen=True, slots=True)
class Incident:
    """A problem with a life of its own; times in microseconds UTC.

    Attributes:
        causes: What unites its members.
        labels: Those that all its members share, and its own.
        began_us: When the earliest problem of its members began, as `Finding` has it; "since" wherever it is shown.
        lead: What the leading member showed last: the first that was confirmed, or once that is well another bad one.
        last_bad_us: When the last bad run of a member was due; as stored, up to ten seconds before that.
        lead_subject: Key of the leading member's subject.
        checks: Ids of the first checks that were affected.
        check_count: How many checks were affected so far.
        affected: How many subjects were confirmed so far.
        opening_labels: Those of the first member when it was confirmed; they never change.
        past_severities: Those that it had before it became more severe.
        relapses: When it came back, within the window of `Stability`.
        events: What happened last, with the time.
        earlier_events: How many events before those are not kept.
        recovered: When each of `checks` that is well again became so.
        unwell_checks: How many checks are affected now; 0 if that is not known.
        assigned_to: Who works on it; empty for nobody.
        paused: That all its checks that are not well are paused, and why; empty if one is not.
        pages: Whether its evidence disturbs somebody; what is weak and stands alone is told in the digest.
        explanation: Where the time or the error lies; empty until that was looked up.
        named: Services and issues, `KIND:NAME`, in which the traces of its runs say that it lies.
        reopened_us: When the problem began that opened it again after its end; None if it was never over.
    """

    id: str
    problem: Problem
    began_us: int
    changed_us: int
    lead: Facts
    causes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = Severity.WARNING
    phase: Phase = Phase.PENDING
    checks: tuple[str, ...] = ()
    affected: int = 0
    opened_us: int | None = None
    ended_us: int | None = None
    last_bad_us: int = 0
    relapses: tuple[int, ...] = ()
    acknowledged_by: str = ""
    events: tuple[tuple[int, str], ...] = ()
    lead_subject: str = ""
    check_count: int = 0
    opening_labels: Mapping[str, str] = field(default_factory=dict)
    past_severities: tuple[str, ...] = ()
    earlier_events: int = 0
    pages: bool = True
    recovered: Mapping[str, int] = field(default_factory=dict)
    unwell_checks: int = 0
    assigned_to: str = ""
    paused: str = ""
    explanation: tuple[Quote, ...] = ()
    named: tuple[str, ...] = ()
    reopened_us: int | None = None

    @property
    def since_us(self) -> int:
        """When the problem began that it shows now: what explains it is looked for at that time."""
        return self.began_us if self.reopened_us is None else self.reopened_us

    @property
    def confirmed_us(self) -> int | None:
        """When that problem was confirmed; None while it is not."""
        return self.opened_us if self.reopened_us is None or not self.relapses else self.relapses[-1]

    @property
    def shows(self) -> tuple[str, int]:
        """The member that it describes, and when it opened again: an explanation is of these."""
        return self.lead_subject, self.reopened_us or 0

    @property
    def is_explained(self) -> bool:
        """Whether it is known where the time or the error lies, or what may have caused it."""
        return any(own.title not in _BESIDE and not own.text.startswith(NOT_KNOWN) for own in self.explanation)

    def is_led_by(self, member: Confirmation, lead: Confirmation | None) -> bool:
        """Return whether messages describe a member: the first that was confirmed, as long as it is bad.

        Args:
            member: That is bad.
            lead: The leading member; None if it is gone.
        """
        if self.affected and not member.confirmed:
            return False
        is_bad = lead is not None and lead.incident == self.id and lead.is_bad and lead.confirmed
        return not self.affected or member.key == self.lead_subject or not (self.lead_subject and is_bad)

    def well_since_us(self, check: str) -> int | None:
        """Return since when a check is well while others are not; None if it is not well, or the incident is over."""
        return self.recovered.get(check) if self.phase.lasts else None

    def marked(self, check: str, at_us: int, unwell: Collection[str]) -> Incident:
        """Return the incident after a check fell ill or became well, with the checks that are not well now."""
        recovered = {name: since_us for name, since_us in self.recovered.items() if name != check}
        if check not in unwell and check in self.checks:
            recovered[check] = at_us
        return replace(self, recovered=recovered, unwell_checks=len(unwell))

    def led_by(self, key: str, facts: Facts) -> Incident:
        """Return the incident as a member shows it; what explained another member explains nothing of this one."""
        explanation = self.explanation if key == self.lead_subject else ()
        return replace(self, lead=facts, lead_subject=key, explanation=explanation)

    def joined(self, check: str, labels: Mapping[str, str], confirmation: Confirmation, *, affected: int) -> Incident:
        """Return the incident after a subject was confirmed: with the labels that all share, and the worst severity.

        One that was over is about a new problem: what explained the last one is gone.

        Args:
            check: Whose subject it is; of those affected it is one of `affected`.
            labels: Of the subject.
            confirmation: Of the subject.
            affected: How many checks were affected so far.
        """
        named = self.checks if check in self.checks else (*self.checks, check)[:_MOST_NAMED]
        severity = min(Severity(labels.get("severity") or self.severity), self.severity, key=_ORDER.index)
        own = {INCIDENT: self.id, "severity": self.severity.value}
        is_over = self.phase is Phase.RESOLVED
        shared = {name: value for name, value in self.labels.items() if labels.get(name, "") == value} | own
        return replace(
            self, checks=named, affected=self.affected + 1, severity=severity,
            labels={**(shared if self.affected else self.labels), "severity": severity.value},
            check_count=max(self.check_count, affected),
            opening_labels=self.opening_labels if self.affected else labels,
            past_severities=self.severities_before(severity), began_us=min(self.began_us, confirmation.began_us),
            reopened_us=self._again_us(confirmation),
            explanation=() if is_over else self.explanation, named=() if is_over else self.named,
        )  # fmt: skip

    def _again_us(self, confirmation: Confirmation) -> int | None:
        """Return when the problem began that opens it again: with its first bad run if not after the last one ended."""
        if self.phase is not Phase.RESOLVED:
            return None if self.reopened_us is None else min(self.reopened_us, confirmation.bad_us)
        is_since = confirmation.began_us > (self.ended_us or 0)
        return confirmation.began_us if is_since else confirmation.bad_us

    def severities_before(self, severity: Severity) -> tuple[str, ...]:
        """Return those that it had before it has this one."""
        if not self.affected or severity is self.severity:
            return self.past_severities
        return (*self.past_severities, self.severity.value)


def suspect(
    identity: str, finding: Finding, causes: tuple[str, ...], labels: Mapping[str, str], now_us: int
) -> Incident:
    """Return an incident of one finding, which is not more than a suspicion yet."""
    severity = Severity(labels.get("severity") or SEVERITIES.get(finding.key.problem, Severity.WARNING))
    own = {**labels, INCIDENT: identity, "severity": severity.value}
    return Incident(
        identity, finding.key.problem, finding.began_us, now_us, finding.facts, causes, own, severity,
        pages=finding.chance_months is None,
    )  # fmt: skip


def step(  # noqa: PLR0911 - a state a branch
    incident: Incident, tally: Tally, now_us: int, rules: Stability
) -> tuple[Incident, Transition | None]:
    """Return the incident after its members did as `tally` says, and what that changed, if anything."""
    match incident.phase:
        case Phase.PENDING:
            return _pending(incident, tally, now_us)
        case Phase.RESOLVED:
            return _relapse(incident, now_us, rules) if tally.confirmed else (incident, None)
        case Phase.FLAPPING:
            calm = not tally.bad and not tally.confirmed and now_us - incident.last_bad_us >= rules.calm_us
            return _resolve(incident, now_us) if calm else (incident, None)
        case Phase.RECOVERING:
            if tally.bad:
                return _relapse(incident, now_us, rules)
            return (incident, None) if tally.confirmed else _resolve(incident, now_us)
        case Phase.OPEN | Phase.ACKNOWLEDGED:
            if tally.bad:
                return incident, None
            if not tally.confirmed:
                return _resolve(incident, now_us)
            return _moved(incident, Phase.RECOVERING, now_us, Transition.RECOVERING, "no run is bad any more")


def acknowledge(incident: Incident, author: str, now_us: int) -> tuple[Incident, Transition | None]:
    """Return the incident after somebody acknowledged it; one that is over or pending cannot be."""
    if not incident.phase.lasts or incident.acknowledged_by:
        return incident, None
    incident = replace(incident, acknowledged_by=author)
    phase = Phase.ACKNOWLEDGED if incident.phase is Phase.OPEN else incident.phase
    return _moved(incident, phase, now_us, Transition.ACKNOWLEDGED, f"acknowledged by {author}")


def assign(incident: Incident, author: str, assignee: str, now_us: int) -> tuple[Incident, Transition | None]:
    """Return the incident after somebody assigned it, to nobody if `assignee` is empty; not once it is over."""
    if not incident.phase.lasts or incident.assigned_to == assignee:
        return incident, None
    what = f"assigned to {assignee} by {author}" if assignee else f"assigned to nobody by {author}"
    return _noted(replace(incident, assigned_to=assignee), now_us, what), Transition.ASSIGNED


def act_on(incident: Incident, what: Acknowledgement, now_us: int) -> tuple[Incident, Transition | None]:
    """Return the incident after what somebody did to it."""
    match what.action:
        case "close":
            return close(incident, what.author, now_us)
        case action if action == ASSIGN:
            return assign(incident, what.author, what.assignee, now_us)
        case _:
            return acknowledge(incident, what.author, now_us)


def pause(incident: Incident, unwell: Collection[str], pauses: Mapping[str, str], now_us: int) -> Incident:
    """Return the incident after checks were paused or resumed: once all that are not well are, it notifies nobody.

    Args:
        incident: As it was.
        unwell: Its checks that are not well.
        pauses: Reasons by paused check; empty where none was given.
        now_us: Microseconds UTC.
    """
    why = ""
    if unwell and all(check in pauses for check in unwell):
        reason = next((pauses[check] for check in unwell if pauses[check]), "")
        why = f"its checks are paused{': ' if reason else ''}{reason}"
    if not incident.phase.lasts or bool(why) == bool(incident.paused):
        return incident
    what = f"{why}; nobody is notified until they are resumed" if why else "its checks are resumed: it notifies again"
    return _noted(replace(incident, paused=why), now_us, what)


def strengthen(incident: Incident, now_us: int) -> Incident:
    """Return the incident after its evidence became strong enough to disturb somebody."""
    return _noted(replace(incident, pages=True), now_us, "evidence grew: it notifies from now on")


def retire(incident: Incident, now_us: int) -> tuple[Incident, Transition | None]:
    """Return the incident after all its checks were deleted from the workspace."""
    if not incident.phase.lasts:
        return incident, None
    return _resolve(replace(incident, causes=()), now_us, "resolved: its checks or rules were deleted or switched off")


def close(incident: Incident, author: str, now_us: int) -> tuple[Incident, Transition | None]:
    """Return the incident after somebody closed it; the same problem is a new incident from then on."""
    if not incident.phase.lasts:
        return incident, None
    return _resolve(replace(incident, causes=()), now_us, f"closed by {author}")


def _pending(incident: Incident, tally: Tally, now_us: int) -> tuple[Incident, Transition | None]:
    if tally.confirmed:
        incident = replace(incident, opened_us=now_us)
        return _moved(incident, Phase.OPEN, now_us, Transition.OPENED, "opened")
    if not tally.unwell:
        return _resolve(incident, now_us, "withdrawn")[0], Transition.WITHDRAWN
    return incident, None


def _resolve(incident: Incident, now_us: int, why: str = "resolved") -> tuple[Incident, Transition]:
    return _moved(replace(incident, ended_us=now_us), Phase.RESOLVED, now_us, Transition.RESOLVED, why)


def _relapse(incident: Incident, now_us: int, rules: Stability) -> tuple[Incident, Transition]:
    relapses = (*(relapse for relapse in incident.relapses if now_us - relapse < rules.window_us), now_us)
    incident = replace(incident, relapses=relapses, ended_us=None)
    if len(relapses) >= rules.relapses:
        why = f"flapping: {len(relapses)} relapses within {rules.window_us // 60_000_000} minutes"
        return _moved(incident, Phase.FLAPPING, now_us, Transition.FLAPPING, why)
    phase = Phase.ACKNOWLEDGED if incident.acknowledged_by else Phase.OPEN
    return _moved(incident, phase, now_us, Transition.RELAPSED, "relapsed")


def _moved(
    incident: Incident, phase: Phase, now_us: int, transition: Transition, why: str
) -> tuple[Incident, Transition]:
    return replace(_noted(incident, now_us, why), phase=phase, changed_us=now_us), transition


def _noted(incident: Incident, now_us: int, what: str) -> Incident:
    events = (*incident.events, (now_us, what))
    kept = events[-_MOST_EVENTS:]
    return replace(incident, events=kept, earlier_events=incident.earlier_events + len(events) - len(kept))


def check_of_evidence(incident: Incident) -> str:
    """Return the check that the evidence is of."""
    return check_of(incident.lead_subject) if incident.lead_subject else "".join(incident.checks[:1])
