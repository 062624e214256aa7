"""One check: what it did, how long its steps take, its last runs, and the policy that it runs under."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.dashboard.annotation_view import annotations_of
from outrider.dashboard.check_state import State
from outrider.dashboard.incident_view import incidents_of
from outrider.dashboard.overview import (
    CheckLine,
    CheckStatus,
    check_lines,
    check_statuses,
    recent_releases,
)
from outrider.dashboard.place_lines import PlaceLine, place_lines
from outrider.dashboard.recent_history import strip_starts
from outrider.dashboard.running_load import running_loads
from outrider.dashboard.step_trends import Span, StepTrend, step_trends
from outrider.model import Check, CheckId, Kind, Policy, RunPosition, UsageError, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources
    from outrider.model import (
        Annotation,
        Excerpt,
        Outcome,
        Release,
        RunId,
        RunSummary,
        ServiceView,
        StoredCheck,
        StoredProof,
    )

PAGE_RUNS = 25
SPANS = (1, 7, 30, 90)
USUAL_DAYS = 7
_SHOWN_INCIDENTS = 10


@dataclass(frozen=True, slots=True)
class CheckQuery:
    """What is asked of a check.

    Attributes:
        location: Of this one only; empty for all.
        days: How long back trends go; one of SPANS.
        outcome: Runs that ended so only; None for all.
        before: Runs earlier than this position only.
    """

    location: str = ""
    days: int = USUAL_DAYS
    outcome: Outcome | None = None
    before: RunPosition | None = None


@dataclass(frozen=True, slots=True)
class CheckDetail:
    """A check at one moment.

    Attributes:
        is_configured: Whether the workspace has it; one that was deleted has its history only.
        trends: Of its steps; `more_steps` are left out.
        incidents: Of the last ninety days, the latest first.
        proofs: What `outrider prove` reported last, a fault each; empty if it never did.
        annotations: What people noted of it in ninety days.
        origins: Where each value of the policy comes from, by its name.
        running: Its loads that are under way.
        places: Its locations side by side; none of a check that has one.
    """

    line: CheckLine
    query: CheckQuery
    is_configured: bool
    trends: tuple[StepTrend, ...]
    more_steps: int
    runs: Excerpt[RunSummary]
    incidents: tuple[Incident, ...]
    releases: tuple[Release, ...]
    service: ServiceView
    now_us: int
    hours_from_us: int
    days_from_us: int
    proofs: tuple[StoredProof, ...]
    origins: Mapping[str, str]
    running: tuple[RunId, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    places: tuple[PlaceLine, ...] = ()

    @property
    def status(self) -> CheckStatus:
        """What it did last."""
        return self.line.status

    @property
    def check(self) -> Check:
        """The check as it is configured."""
        return self.line.status.check


def check_detail(sources: Sources, name: str, query: CheckQuery) -> CheckDetail:
    """Return what is known of a check, by its id or a former one.

    Raises:
        UsageError: unknown-check.
    """
    now_us, service, store = sources.now_us(), sources.service(), sources.store
    check, is_configured = named_check(sources, name)
    incidents = incidents_of(sources, check.id)
    lasting = [incident for incident in incidents if incident.phase.lasts]
    (status,) = check_statuses(sources, [_switched_on(_in_place(check, query))], service, lasting, now_us)
    if not check.policy.enabled or not is_configured:
        status = replace(status, state=State.PAUSED, needs_attention=False)
    (line,) = check_lines(sources, [status], now_us)
    places = [(check.policy.environment, location) for location in status.check.policy.locations]
    trends, more = step_trends(store, check, places, Span.of_days(query.days, now_us))
    hours_us, days_us = strip_starts(now_us)
    return CheckDetail(
        line=replace(line, status=replace(status, check=check)), query=query, is_configured=is_configured,
        trends=trends, more_steps=more,
        runs=store.history.runs_before(check.id, query.before, outcome=query.outcome, limit=PAGE_RUNS),
        incidents=incidents[:_SHOWN_INCIDENTS], service=service, now_us=now_us,
        releases=tuple(
            release
            for release in recent_releases(store, days_us, now_us)
            if release.environment == check.policy.environment
        ),
        hours_from_us=hours_us, days_from_us=days_us,
        running=running_loads(sources, check.id) if check.kind is Kind.LOAD else (),
        annotations=annotations_of(sources, check, days_us, now_us),
        places=place_lines(sources.store.history, check, Span.of_days(query.days, now_us).since_us, now_us),
        proofs=store.proofs.latest(check.id), origins=sources.policy_origins(check) if is_configured else {},
    )  # fmt: skip


def named_check(sources: Sources, name: str) -> tuple[Check, bool]:
    """Return a check by its id or a former one, and whether the workspace has it.

    Raises:
        UsageError: unknown-check.
    """
    configured = {check.id: check for check in sources.checks() or ()}
    if name in configured:
        return configured[CheckId(name)], True
    for stored in sources.store.checks.all():
        if name == stored.id or name in stored.aliases:
            return (configured[stored.id], True) if stored.id in configured else (_former(sources, stored), False)
    raise UsageError(
        f'no check is called "{name}"', slug="unknown-check", fix="the overview lists those that there are"
    )


def _former(sources: Sources, stored: StoredCheck) -> Check:
    """Return a check that only the store knows, in the places in which it ran last."""
    runs = sources.store.history.last_runs([stored.id], sources.now_us(), depth=20)
    environment = runs[-1].environment if runs else "production"
    locations = tuple(sorted({run.location for run in runs if run.environment == environment})) or ("local",)
    kind = stored.kind or Kind.PROBE
    name = stored.name or title_of(stored.id)
    return Check(stored.id, kind, stored.path or "", name, name, Policy(environment=environment, locations=locations))


def _in_place(check: Check, query: CheckQuery) -> Check:
    """Return a check in the one location that is asked for; in all of them if it has no such one."""
    if query.location not in check.policy.locations:
        return check
    return replace(check, policy=replace(check.policy, locations=(query.location,)))


def _switched_on(check: Check) -> Check:
    return replace(check, policy=replace(check.policy, enabled=True))
