"""The overview: every check by its group, with what it did in the last day and the last ninety days."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.alerts import Phase, Severity, headline, read_incidents, release_note
from outrider.dashboard.check_state import ATTENTION, State, needs_attention, state_of
from outrider.dashboard.reader_clock import ReaderClock
from outrider.dashboard.recent_history import strip_starts
from outrider.model import Kind, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.dashboard.period_slots import Slot
    from outrider.dashboard.sources import Sources
    from outrider.model import (
        Check,
        DashboardRecords,
        IncidentLog,
        Release,
        RunSummary,
        ServiceView,
    )

PAGE_CHECKS = 50
MOST_INCIDENTS = 200
_KINDS = {Kind.JOURNEY: "Journeys", Kind.PROBE: "Probes", Kind.LOAD: "Load profiles"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which checks are shown; an empty field leaves none out.

    Attributes:
        text: Part of a title, an id or a reason.
        state: A `State`, or ATTENTION.
        page: From one; a number beyond the last page is the last.
    """

    text: str = ""
    tag: str = ""
    environment: str = ""
    location: str = ""
    state: str = ""
    page: int = 1

    @property
    def is_empty(self) -> bool:
        """Whether it leaves no check out."""
        return not (self.text or self.tag or self.environment or self.location or self.state)


@dataclass(frozen=True, slots=True)
class CheckStatus:
    """A check and what it did last.

    Attributes:
        last: Its last run in each place, the worst first.
        incidents: Those that last and affect it.
    """

    check: Check
    group: str
    state: State
    needs_attention: bool
    last: tuple[RunSummary, ...]
    incidents: tuple[Incident, ...]

    @property
    def latest(self) -> RunSummary | None:
        """The latest of its last runs."""
        return max(self.last, key=lambda run: run.due_us, default=None)

    @property
    def reason(self) -> str:
        """Why it needs attention, or why it was not measured; empty where all is well.

        What its own run says comes first: an incident is told of by the one of its checks that leads it.
        """
        own = next((run.reason for run in self.last if run.reason and not run.outcome.is_good), "")
        return own or (headline(self.incidents[0]) if self.incidents else "")


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check with its strips.

    Attributes:
        p95_ms: By hour, the oldest first; None where nothing was measured.
    """

    status: CheckStatus
    hours: tuple[Slot, ...]
    days: tuple[Slot, ...]
    p95_ms: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """Checks of one service, tag or kind: how many, how many need attention, and those on this page."""

    name: str
    total: int
    attention: int
    lines: tuple[CheckLine, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a filter can be set to."""

    tags: tuple[str, ...]
    environments: tuple[str, ...]
    locations: tuple[str, ...]
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The overview at one moment.

    Attributes:
        total: How many checks there are; `matching` fit the filter, and `pages` hold them.
        incidents: Those that last, the latest first; `more_incidents` if there are further ones.
        releases: Of the last ninety days.
        is_loaded: Whether the workspace is loaded, so that its checks are known.
    """

    verdict: str
    total: int
    attention: int
    matching: int
    page: int
    pages: int
    groups: tuple[CheckGroup, ...]
    counts: Mapping[State, int]
    choices: Choices
    filter: Filter
    incidents: tuple[Incident, ...]
    more_incidents: bool
    releases: tuple[Release, ...]
    service: ServiceView
    now_us: int
    is_loaded: bool = True
    hours_from_us: int = 0
    days_from_us: int = 0
    unreadable: int = field(default=0)


def overview(sources: Sources, wanted: Filter) -> OverviewView:
    """Return the overview of the checks that fit a filter."""
    now_us, service, checks = sources.now_us(), sources.service(), sources.checks()
    lasting, are_all, unreadable = lasting_incidents(sources.store.incidents)
    statuses = check_statuses(sources, checks or (), service, lasting, now_us)
    matching = sorted((status for status in statuses if fits(status, wanted)), key=_order(statuses))
    pages = max(1, -(-len(matching) // PAGE_CHECKS))
    page = min(max(wanted.page, 1), pages)
    shown = matching[(page - 1) * PAGE_CHECKS : page * PAGE_CHECKS]
    hours_us, days_us = strip_starts(now_us)
    attention = sum(status.needs_attention for status in statuses)
    return OverviewView(
        verdict=verdict(statuses, lasting, ReaderClock(service.timezone, now_us), is_loaded=checks is not None),
        total=len(statuses), attention=attention, matching=len(matching), page=page, pages=pages,
        groups=_groups(matching, check_lines(sources, shown, now_us)),
        counts=Counter(status.state for status in statuses), choices=_choices(statuses), filter=wanted,
        incidents=lasting, more_incidents=not are_all, unreadable=unreadable,
        releases=recent_releases(sources.store, days_us, now_us), service=service, now_us=now_us,
        is_loaded=checks is not None, hours_from_us=hours_us, days_from_us=days_us,
    )  # fmt: skip


def lasting_incidents(log: IncidentLog) -> tuple[tuple[Incident, ...], bool, int]:
    """Return the incidents that last, whether these are all, and how many could not be read."""
    unreadable: list[str] = []
    stored = log.search(lasting=True, limit=MOST_INCIDENTS)
    incidents = read_incidents(stored, lambda row: unreadable.append(row.id))
    return (
        tuple(incident for incident in incidents if incident.phase is not Phase.PENDING),
        stored.is_complete,
        len(unreadable),
    )


def check_statuses(
    sources: Sources, checks: Sequence[Check], service: ServiceView, incidents: Sequence[Incident], now_us: int
) -> tuple[CheckStatus, ...]:
    """Return what each check that is switched on did last in its places."""
    enabled = [check for check in checks if check.policy.enabled]
    paused = {check.check for check in service.checks if check.paused}
    by_check = defaultdict(list)
    for incident in incidents:
        for check in incident.checks:
            by_check[check].append(incident)
    last = sources.last_runs.values(enabled, now_us)
    return tuple(
        _status(check, last[check.id], by_check.get(check.id, ()), is_paused=check.id in paused) for check in enabled
    )


def _status(
    check: Check, last: tuple[RunSummary, ...], incidents: Iterable[Incident], *, is_paused: bool
) -> CheckStatus:
    incidents = tuple(incidents)
    state = state_of((run.outcome for run in last), incidents, is_paused=is_paused)
    return CheckStatus(check, group_of(check), state, needs_attention(state, incidents), last, incidents)


def group_of(check: Check) -> str:
    """Return the group that a check is shown in: its service, its first tag, or its kind."""
    policy = check.policy
    return policy.labels.get("service") or min(policy.tags, default="") or _KINDS[check.kind]


def fits(status: CheckStatus, wanted: Filter) -> bool:
    """Return whether a filter leaves a check in."""
    policy, text = status.check.policy, wanted.text.casefold()
    state_fits = status.needs_attention if wanted.state == ATTENTION else wanted.state in {"", status.state}
    return (
        state_fits
        and (not wanted.tag or wanted.tag in policy.tags)
        and wanted.environment in {"", policy.environment}
        and (not wanted.location or wanted.location in policy.locations)
        and (
            not text or any(text in field.casefold() for field in (status.check.title, status.check.id, status.reason))
        )
    )


def _texts(status: CheckStatus) -> tuple[str, ...]:
    return status.check.title, status.check.id, status.reason


def _order(statuses: Sequence[CheckStatus]) -> Callable[[CheckStatus], tuple[int | str, ...]]:
    """Return the order of checks: groups with the worst check first, and the worst first within each."""
    worst: dict[str, int] = {}
    for status in statuses:
        worst[status.group] = min(worst.get(status.group, len(State)), _severity(status))
    return lambda status: (
        worst[status.group], status.group.casefold(), status.group, _severity(status),
        status.check.title.casefold(), status.check.id,
    )  # fmt: skip


def _severity(status: CheckStatus) -> int:
    return min(status.state.rank, State.DEGRADED.rank) if status.needs_attention else status.state.rank


def check_lines(sources: Sources, statuses: Sequence[CheckStatus], now_us: int) -> tuple[CheckLine, ...]:
    """Return checks with their strips."""
    strips = sources.strips.values([status.check for status in statuses], now_us)
    return tuple(CheckLine(status, *strips[status.check.id]) for status in statuses)


def recent_releases(store: DashboardRecords, since_us: int, until_us: int) -> tuple[Release, ...]:
    """Return the releases of a time, the earliest first."""
    return tuple(release for release in store.judgements.releases() if since_us <= release.at_us <= until_us)


def _groups(matching: Sequence[CheckStatus], lines: Sequence[CheckLine]) -> tuple[CheckGroup, ...]:
    totals = Counter(status.group for status in matching)
    attention = Counter(status.group for status in matching if status.needs_attention)
    by_group: dict[str, list[CheckLine]] = defaultdict(list)
    for line in lines:
        by_group[line.status.group].append(line)
    return tuple(CheckGroup(name, totals[name], attention[name], tuple(some)) for name, some in by_group.items())


def _choices(statuses: Sequence[CheckStatus]) -> Choices:
    policies = [status.check.policy for status in statuses]
    return Choices(
        tags=tuple(sorted({tag for policy in policies for tag in policy.tags})),
        environments=tuple(sorted({policy.environment for policy in policies})),
        locations=tuple(sorted({location for policy in policies for location in policy.locations})),
        states=(ATTENTION, *(state.value for state in State)),
    )


def verdict(
    statuses: Sequence[CheckStatus], incidents: Sequence[Incident], clock: ReaderClock, *, is_loaded: bool = True
) -> str:
    """Return one sentence: whether somebody has to act, and on what first."""
    if not is_loaded:
        return "The workspace is being loaded."
    if not statuses:
        return "There is no check yet."
    urgent = [status for status in statuses if status.needs_attention]
    if not urgent:
        return _calm(statuses)
    verb = "needs" if len(urgent) == 1 else "need"
    first = _first_cause(urgent, incidents, clock)
    return f"{len(urgent):,} of {counted(len(statuses), 'check')} {verb} you" + (f"; {first}." if first else ".")


def _first_cause(urgent: Sequence[CheckStatus], incidents: Sequence[Incident], clock: ReaderClock) -> str:
    pressing = [incident for incident in incidents if incident.pages]
    if pressing:
        first = min(pressing, key=_urgency)
        release = f", {note}" if (note := release_note(first)) else ""
        return f"{headline(first, is_brief=True)}, since {clock.brief(first.began_us)}{release}"
    worst = min(urgent, key=lambda status: status.state.rank)
    latest = worst.latest
    return f"{worst.check.title}: {worst.state}" + (f" at {clock.brief(latest.due_us)}" if latest else "")


def _urgency(incident: Incident) -> tuple[bool, int, int]:
    return bool(incident.acknowledged_by), list(Severity).index(incident.severity), -incident.began_us


def _calm(statuses: Sequence[CheckStatus]) -> str:
    counts = Counter(status.state for status in statuses)
    if counts[State.WELL] == len(statuses):
        return f"All {counted(len(statuses), 'check')} are well." if len(statuses) > 1 else "The check is well."
    states = [f"{counts[state]:,} {state}" for state in reversed(State) if counts[state]]
    return f"No check needs you: {', '.join(states)}."
