"""The public status page at one moment: components under names of its own, and nothing else of the workspace."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from outrider.alerts import Phase, read_incidents
from outrider.dashboard.component_state import ComponentState, check_state, component_state
from outrider.dashboard.day_strips import DayStrips, is_place_of
from outrider.dashboard.period_slots import AHEAD_US, DAY_US, DAYS, HOUR_US, Slot, availability
from outrider.dashboard.status_incidents import StatusIncident, announced_updates, status_incidents
from outrider.workspace import Cron, matches, names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.model import Check, CheckId, PlannedMaintenance, RunSummary, StatusPageRecords
    from outrider.workspace import StatusComponent, StatusPageSettings

_MOST_INCIDENTS = 500
_AHEAD_US = 14 * DAY_US
_RECENT_INTERVALS = 3
_LATE_US = HOUR_US
"""How much later than its interval a run may be and still tell how a check does."""


@dataclass(frozen=True, slots=True)
class StatusPageSources:
    """What the page is made from; may be asked by any thread.

    Attributes:
        settings: What it shows.
        checks: Of the workspace as it is now; None while it is not loaded.
        planned: Returns the maintenance of checks within a period.
        current: Returns the present id of a check that was renamed.
        confirms: Whether incidents confirm failures.
    """

    store: StatusPageRecords
    settings: StatusPageSettings
    checks: Callable[[], Sequence[Check] | None]
    planned: Callable[[Sequence[Check], int, int], Sequence[PlannedMaintenance]]
    now_us: Callable[[], int]
    timezone: str = "UTC"
    current: Callable[[str], str] = str
    confirms: bool = True
    day_strips: DayStrips = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "day_strips", DayStrips(self.store.history))


@dataclass(frozen=True, slots=True)
class ComponentView:
    """A component at one moment.

    Attributes:
        days: The last ninety UTC days, the oldest first.
    """

    id: str
    name: str
    group: str
    description: str
    state: ComponentState
    days: tuple[Slot, ...]

    @property
    def availability(self) -> float | None:
        """Share of conclusive runs of ninety days that were good; None without any."""
        return availability(self.days)


@dataclass(frozen=True, slots=True)
class MaintenanceView:
    """A time of maintenance: of which components, and what the public is told."""

    begins_us: int
    ends_us: int
    components: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class StatusPageView:
    """All that the public can read, apart from where it reads it.

    Attributes:
        incidents: Of ninety days, those that last first.
        maintenance: Under way or planned for the next two weeks.
        is_current: Whether it tells how things are now; otherwise the store cannot be read.
    """

    title: str
    description: str
    url: str
    state: ComponentState
    components: tuple[ComponentView, ...]
    incidents: tuple[StatusIncident, ...]
    maintenance: tuple[MaintenanceView, ...]
    now_us: int
    timezone: str
    is_current: bool = True

    @property
    def groups(self) -> tuple[tuple[str, tuple[ComponentView, ...]], ...]:
        """Components by group, in the order in which groups are named first."""
        names = list(dict.fromkeys(component.group for component in self.components))
        ordered = sorted(self.components, key=lambda component: names.index(component.group))
        return tuple((name, tuple(members)) for name, members in groupby(ordered, lambda component: component.group))

    def named(self, components: Iterable[str]) -> tuple[str, ...]:
        """Return the names of components by their ids; those that the page no longer has are left out."""
        known = {component.id: component.name for component in self.components}
        return tuple(known[component] for component in components if component in known)


def status_page_view(sources: StatusPageSources) -> StatusPageView:
    """Return the page as it is now.

    Raises:
        StoreError: If the store cannot be read.
    """
    now_us, settings, checks = sources.now_us(), sources.settings, sources.checks() or ()
    by_component = {component.id: _checks_of(sources, component, checks) for component in settings.components}
    chosen = list({check.id: check for members in by_component.values() for check in members}.values())
    planned = sources.planned(chosen, now_us, now_us + _AHEAD_US)
    incidents = _incidents(sources, by_component, now_us)
    states = _states(sources, chosen, planned, incidents[0], now_us)
    strips = sources.day_strips.read(chosen, _first_day(now_us), now_us)
    lasting = [incident for incident in incidents[1] if not incident.is_over]
    components = tuple(
        ComponentView(
            component.id, component.name, component.group, component.description,
            component_state(
                [states[check.id] for check in by_component[component.id]],
                [written.impact for written in lasting if written.tells_state and component.id in written.components],
            ),
            _added([strips[check.id] for check in by_component[component.id]], _first_day(now_us)),
        )
        for component in settings.components
    )  # fmt: skip
    return StatusPageView(
        settings.title, settings.description, settings.url, _overall(components), components, incidents[1],
        tuple(_maintenance(planned, by_component)), now_us, sources.timezone,
    )  # fmt: skip


def status_page_incidents(sources: StatusPageSources) -> tuple[StatusIncident, ...]:
    """Return the incidents of the page of ninety days, those that last first.

    Raises:
        StoreError: If the store cannot be read.
    """
    checks = sources.checks() or ()
    by_component = {component.id: _checks_of(sources, component, checks) for component in sources.settings.components}
    return _incidents(sources, by_component, sources.now_us())[1]


def _checks_of(sources: StatusPageSources, component: StatusComponent, checks: Sequence[Check]) -> tuple[Check, ...]:
    patterns = [sources.current(pattern) for pattern in component.patterns]
    enabled = (check for check in checks if check.policy.enabled)
    return tuple(check for check in enabled if any(matches(pattern, names_of(check)) for pattern in patterns))


def _incidents(
    sources: StatusPageSources, by_component: Mapping[str, Sequence[Check]], now_us: int
) -> tuple[list[Incident], tuple[StatusIncident, ...]]:
    """Return the workspace's incidents that last, and those of the page of ninety days."""
    since_us = now_us - DAYS * DAY_US
    log, updates = sources.store.incidents, sources.store.status_updates
    lasting = read_incidents(log.search(lasting=True, limit=_MOST_INCIDENTS))
    announces = any(component.announcement for component in sources.settings.components)
    recent = read_incidents(log.search(since_us=since_us, limit=_MOST_INCIDENTS)) if announces else ()
    known = {incident.id: incident for incident in (*recent, *lasting)}
    ids = {name: frozenset(check.id for check in checks) for name, checks in by_component.items()}
    announced = announced_updates(known.values(), sources.settings.components, ids)
    written = updates.search(since_us=since_us, limit=_MOST_INCIDENTS * 4)
    opened = [incident for incident in lasting if incident.phase is not Phase.PENDING]
    return opened, status_incidents(written, announced)


def _states(
    sources: StatusPageSources,
    checks: Sequence[Check],
    planned: Sequence[PlannedMaintenance],
    incidents: Sequence[Incident],
    now_us: int,
) -> dict[CheckId, ComponentState]:
    paused = {pause.check for pause in sources.store.schedule.pauses()} if checks else set()
    closed = {check for window in planned if window.begins_us <= now_us < window.ends_us for check in window.checks}
    runs = _last_runs(sources, [check for check in checks if check.id not in paused], now_us)
    return {
        check.id: check_state(
            check.id, runs.get(check.id, ()), [incident for incident in incidents if check.id in incident.checks],
            confirms=sources.confirms, is_in_window=check.id in closed,
        )
        for check in checks
    }  # fmt: skip


def _last_runs(sources: StatusPageSources, checks: Sequence[Check], now_us: int) -> dict[CheckId, list[RunSummary]]:
    """Return each check's last run in each of its places, without those that are too old to tell how it does now."""
    by_id = {check.id: check for check in checks}
    depth = max((len(check.policy.locations) for check in checks), default=1)
    rows = sources.store.history.last_runs(list(by_id), now_us + AHEAD_US, depth=depth if depth == 1 else depth * 4)
    last: dict[CheckId, list[RunSummary]] = {}
    for run in rows:
        check = by_id[run.check]
        if is_place_of(check, run) and now_us < _stale_us(check, run.due_us, sources.timezone):
            last.setdefault(run.check, []).append(run)
    return last


def _stale_us(check: Check, due_us: int, timezone: str) -> int:
    """Return when a run that was due then no longer tells how its check does."""
    if check.policy.cron:
        following_us = Cron(check.policy.cron, timezone).after(due_us) or due_us
        return following_us + _LATE_US
    return due_us + max(round(check.policy.every_s * 1e6) * _RECENT_INTERVALS, _LATE_US)


def _first_day(now_us: int) -> int:
    return now_us // DAY_US * DAY_US - (DAYS - 1) * DAY_US


def _added(strips: Sequence[Sequence[Slot]], first_us: int) -> tuple[Slot, ...]:
    """Return the days of several checks as those of one."""
    days = []
    for place in range(DAYS):
        slots = [strip[place] for strip in strips]
        counts = (sum(slot[part] for slot in slots) for part in range(1, 5))
        days.append(Slot(first_us + place * DAY_US, *counts))
    return tuple(days)


def _overall(components: Sequence[ComponentView]) -> ComponentState:
    """Return the state of the page: down only if every component is; else the worst, at most degraded."""
    states = [component.state for component in components]
    worst = min(states, key=lambda state: state.rank, default=ComponentState.NO_DATA)
    if worst is ComponentState.DOWN and any(state is not ComponentState.DOWN for state in states):
        return ComponentState.DEGRADED
    return worst


def _maintenance(
    planned: Sequence[PlannedMaintenance], by_component: Mapping[str, Sequence[Check]]
) -> Iterable[MaintenanceView]:
    for window in planned:
        affected = tuple(
            name for name, checks in by_component.items() if any(check.id in window.checks for check in checks)
        )
        if affected:
            yield MaintenanceView(window.begins_us, window.ends_us, affected, window.public)
