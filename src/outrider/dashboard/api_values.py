"""What the API answers with: plain values with units and times in their names or formats. Times are ISO 8601, UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrider.alerts import Quote, headline
from outrider.dashboard.changes_view import ChangesView  # noqa: TC001 - the API's description reads it
from outrider.dashboard.slower_step_view import SlowerStepView  # noqa: TC001 - likewise
from outrider.dashboard.suspects_view import SuspectsView  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from outrider.alerts import Facts, Incident
    from outrider.dashboard.lead_time_view import LeadTimeView
    from outrider.dashboard.overview import CheckStatus
    from outrider.dashboard.period_slots import Slot
    from outrider.model import Attempt, Notification, Run, RunSummary, StoredRun


@dataclass(frozen=True, slots=True)
class RunItem:
    """A run in a list; `due_count` is how many due runs it stands for."""

    id: str
    check: str
    environment: str
    location: str
    due: str | None
    started: str | None
    finished: str | None
    outcome: str
    reason: str
    due_count: int


@dataclass(frozen=True, slots=True)
class RunPage:
    """Runs, the latest due first; `next` is the cursor of the page after this one, null on the last."""

    items: tuple[RunItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class StepItem:
    """A step of an attempt; without a duration it never ended."""

    key: str
    title: str
    kind: str
    parent: str | None
    offset_ms: float
    duration_ms: float | None
    error: str | None
    source: str


@dataclass(frozen=True, slots=True)
class ErrorItem:
    """What a page, a console, a request or the runner reported."""

    source: str
    message: str
    url: str
    step: str
    stack: str


@dataclass(frozen=True, slots=True)
class SampleItem:
    """One number; durations are in ms, sizes in bytes, and `step` is empty for the whole run."""

    step: str
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class TraceItem:
    """A trace that an attempt began or met; see docs/telemetry.md for `kind` and `source`."""

    trace_id: str
    step: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class AttemptItem:
    """One try within a run; numbers of one that is not `measured` are not judged."""

    number: int
    measured: bool
    evidence: bool
    outcome: str
    reason: str
    duration_ms: float
    steps: tuple[StepItem, ...]
    errors: tuple[ErrorItem, ...]
    samples: tuple[SampleItem, ...]
    started: str | None
    attributes: dict[str, str]
    trace_ids: tuple[str, ...]
    traces: tuple[TraceItem, ...]


@dataclass(frozen=True, slots=True)
class ArtifactItem:
    """A file that an attempt left; `digest` is the SHA-256 of its content as it is kept."""

    attempt: int
    kind: str
    name: str
    media_type: str
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class RunBody:
    """A run with all that is kept of it; `omitted` says what the store's limits left out."""

    run: RunItem
    release: str
    browser: str
    host: str
    outrider_version: str
    snapshot: str
    attempts: tuple[AttemptItem, ...]
    artifacts: tuple[ArtifactItem, ...]
    omitted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckItem:
    """A check and what it did last, a run for each place."""

    id: str
    title: str
    kind: str
    group: str
    state: str
    needs_attention: bool
    reason: str
    environment: str
    locations: tuple[str, ...]
    tags: tuple[str, ...]
    labels: dict[str, str]
    path: str
    last_runs: tuple[RunItem, ...]
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckPage:
    """Checks by id; `total` fit the filter, and `next` is the cursor of the page after this one, null on the last."""

    items: tuple[CheckItem, ...]
    total: int
    next: str | None


@dataclass(frozen=True, slots=True)
class SlotItem:
    """An hour or a UTC day: runs that were good, failed, said nothing of the target, and did not happen."""

    begin: str | None
    good: int
    failed: int
    unclear: int
    absent: int


@dataclass(frozen=True, slots=True)
class CheckBody:
    """A check with its last 24 hours and 90 days; shares are between 0 and 1, null where nothing is known.

    `p95_ms` is of each hour, null where nothing was measured.
    """

    check: CheckItem
    is_configured: bool
    availability_24h: float | None
    availability_90d: float | None
    coverage_24h: float | None
    hours: tuple[SlotItem, ...]
    days: tuple[SlotItem, ...]
    p95_ms: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """What the member of an incident that leads it showed last; a text is empty where nothing is known."""

    what: str
    title: str
    predicate: str
    step: str
    address: str
    observed: str
    expected: str
    since: str | None
    release: str
    recent_release: str
    later_release: str
    run: str
    artifacts: tuple[str, ...]
    errors: tuple[str, ...]
    query: str


@dataclass(frozen=True, slots=True)
class IncidentItem:
    """An incident; `ended` is null while it is open, and `well_since` has those of its checks that are well again."""

    id: str
    title: str
    problem: str
    severity: str
    phase: str
    is_open: bool
    began: str | None
    ended: str | None
    acknowledged_by: str
    assigned_to: str
    checks: tuple[str, ...]
    check_count: int
    well_since: dict[str, str]
    release: str
    run: str
    labels: dict[str, str]
    opened: str | None
    changed: str | None
    last_bad: str | None
    relapses: tuple[str, ...]
    causes: tuple[str, ...]
    affected: int
    unwell_checks: int
    opening_labels: dict[str, str]
    past_severities: tuple[str, ...]
    earlier_events: int
    notifies: bool
    lead_subject: str
    paused: str
    lead: EvidenceItem


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Incidents of the last ninety days, the latest first; `next` is the cursor of the page after this one, or null."""

    items: tuple[IncidentItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class EventItem:
    """What happened to an incident, or a comment of its `author`, who is empty else."""

    at: str | None
    what: str
    author: str


@dataclass(frozen=True, slots=True)
class NotificationItem:
    """A notification, and what became of it."""

    receiver: str
    kind: str
    written: str | None
    status: str
    tries: int
    note: str


@dataclass(frozen=True, slots=True)
class LeadTimeItem:
    """How long before real users a prober saw an incident; negative where they met it before.

    Attributes:
        seen: When a prober saw it first; null if none did.
        first_user: When the first visit met it; null if none did: nobody was reached.
        hundredth_user: When one in a hundred of a day's visits had; null if so many did not.
        visits: Of the day before; `usual_share` of them met trouble of the kind.
        unknown: Why nothing is known; empty if it is.
    """

    seen: str | None
    first_user: str | None
    hundredth_user: str | None
    over_first_s: float | None
    over_hundredth_s: float | None
    visits: int
    usual_share: float | None
    unknown: str


@dataclass(frozen=True, slots=True)
class IncidentBody:
    """An incident with its time line, notifications, where the extra time of a slower step is, and suspects.

    `explanation` is what messages say of its cause, each with the path of the page that it is from; it stays when
    traces and logs are past their age. `follows_from` is the incident whose cause it has, null for none, and
    `consequences` are those that have its own.
    """

    incident: IncidentItem
    events: tuple[EventItem, ...]
    notifications: tuple[NotificationItem, ...]
    slower: SlowerStepView | None
    suspects: SuspectsView | None
    explanation: tuple[Quote, ...]
    changes: ChangesView | None
    follows_from: str | None
    consequences: tuple[str, ...]
    lead_time: LeadTimeItem | None


def instant(at_us: int | None) -> str | None:
    """Return a time in ISO 8601 with microseconds, UTC; None for one that no calendar has."""
    if at_us is None:
        return None
    try:
        seconds, rest = divmod(at_us, 1_000_000)
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06}Z"
    except (OverflowError, ValueError, OSError):
        return None


def run_item(run: RunSummary | Run) -> RunItem:
    """Return a run as a list shows it."""
    return RunItem(
        id=run.id, check=run.check, environment=run.environment, location=run.location, due=instant(run.due_us),
        started=instant(run.started_us), finished=instant(run.finished_us), outcome=run.outcome.value,
        reason=run.reason, due_count=run.due_count,
    )  # fmt: skip


def run_body(stored: StoredRun) -> RunBody:
    """Return a run with all that is kept of it."""
    circumstances = stored.run.circumstances
    return RunBody(
        run=run_item(stored.run),
        release=circumstances.release, browser=circumstances.browser, host=circumstances.host,
        outrider_version=circumstances.outrider_version, snapshot=circumstances.snapshot,
        attempts=tuple(_attempt(attempt) for attempt in stored.run.attempts),
        artifacts=tuple(
            ArtifactItem(file.attempt, file.kind.value, file.name, file.media_type, file.bytes, file.digest)
            for file in stored.artifacts
        ),
        omitted=stored.omitted,
    )  # fmt: skip


def _attempt(attempt: Attempt) -> AttemptItem:
    measurement = attempt.measurement
    return AttemptItem(
        attempt.number, attempt.measured, attempt.evidence, measurement.outcome.value, measurement.reason,
        measurement.duration_ms,
        tuple(
            StepItem(
                step.key, step.title, step.kind.value, step.parent, step.offset_ms, step.duration_ms, step.error,
                step.source,
            )
            for step in measurement.steps
        ),
        tuple(
            ErrorItem(error.source.value, error.message, error.url, error.step, error.stack)
            for error in measurement.errors
        ),
        tuple(SampleItem(sample.step, sample.metric, sample.value) for sample in measurement.samples),
        instant(measurement.started_us), dict(measurement.attributes), measurement.trace_ids,
        tuple(
            TraceItem(trace.trace_id, trace.step, trace.kind.value, trace.source.value)
            for trace in measurement.traces
        ),
    )  # fmt: skip


def check_item(status: CheckStatus) -> CheckItem:
    """Return a check as a list shows it."""
    check, policy = status.check, status.check.policy
    return CheckItem(
        id=check.id, title=check.title, kind=check.kind.value, group=status.group, state=status.state.value,
        needs_attention=status.needs_attention, reason=status.reason, environment=policy.environment,
        locations=policy.locations, tags=tuple(sorted(policy.tags)), labels=dict(policy.labels), path=check.path,
        last_runs=tuple(map(run_item, status.last)), incidents=tuple(incident.id for incident in status.incidents),
    )  # fmt: skip


def slot_item(slot: Slot) -> SlotItem:
    """Return an hour or a day."""
    return SlotItem(instant(slot.at_us), slot.good, slot.failed, slot.unclear, slot.absent)


def lead_time_item(view: LeadTimeView) -> LeadTimeItem:
    """Return how long before real users a prober saw an incident."""
    lead = view.lead_time
    if lead is None:
        return LeadTimeItem(None, None, None, None, None, 0, None, view.unknown)
    over_first_s, over_hundredth_s = (
        None if us is None else us / 1e6 for us in (lead.over_first_us, lead.over_hundredth_us)
    )
    return LeadTimeItem(
        instant(lead.seen_us), instant(lead.first_us), instant(lead.hundredth_us), over_first_s, over_hundredth_s,
        lead.visits, lead.usual_share, "",
    )  # fmt: skip


def incident_item(incident: Incident) -> IncidentItem:
    """Return an incident as a list shows it."""
    is_open = incident.phase.lasts
    return IncidentItem(
        id=incident.id, title=headline(incident), problem=incident.problem.value, severity=incident.severity.value,
        phase=incident.phase.value, is_open=is_open, began=instant(incident.began_us),
        ended=None if is_open else instant(incident.ended_us), acknowledged_by=incident.acknowledged_by,
        assigned_to=incident.assigned_to,
        checks=incident.checks, check_count=incident.check_count or len(incident.checks),
        well_since=_well_since(incident),
        release=incident.lead.release, run=incident.lead.run, labels=dict(incident.labels),
        opened=instant(incident.opened_us), changed=instant(incident.changed_us),
        last_bad=instant(incident.last_bad_us),
        relapses=tuple(instant(at_us) or "" for at_us in incident.relapses), causes=incident.causes,
        affected=incident.affected, unwell_checks=incident.unwell_checks,
        opening_labels=dict(incident.opening_labels), past_severities=incident.past_severities,
        earlier_events=incident.earlier_events, notifies=incident.pages, lead_subject=incident.lead_subject,
        paused=incident.paused,
        lead=_evidence(incident.lead),
    )  # fmt: skip


def _evidence(facts: Facts) -> EvidenceItem:
    return EvidenceItem(
        facts.what, facts.title, facts.predicate, facts.step, facts.address, facts.observed, facts.expected,
        instant(facts.since_us), facts.release, facts.recent_release, facts.later_release, facts.run, facts.artifacts,
        facts.errors, facts.query,
    )  # fmt: skip


def _well_since(incident: Incident) -> dict[str, str]:
    since = {check: instant(incident.well_since_us(check)) for check in incident.checks}
    return {check: moment for check, moment in since.items() if moment is not None}


def notification_item(row: Notification) -> NotificationItem:
    """Return a notification."""
    return NotificationItem(row.receiver, row.kind, instant(row.created_us), row.status.value, row.tries, row.note)
