"""Incidents as pages and the API show them: the list, and one with its time line, evidence and notifications."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import Phase, headline, read_incidents
from outrider.dashboard.period_slots import DAY_US
from outrider.model import UsageError

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources
    from outrider.model import Notification

PAGE_INCIDENTS = 50
MOST_INCIDENTS = 1_000
DAYS = 90
_MOST_NOTIFICATIONS = 2_000
_SHOWN_NOTIFICATIONS = 100
_SIMILAR = 10
_ID = re.compile(r"[\w.-]{4,64}")


@dataclass(frozen=True, slots=True)
class IncidentList:
    """Incidents, those that last first, then the latest.

    Attributes:
        total: How many there are of the last ninety days; `is_complete` is false where older ones are left out.
        unreadable: How many could not be read.
    """

    incidents: tuple[Incident, ...]
    total: int
    lasting: int
    page: int
    pages: int
    only_lasting: bool
    is_complete: bool
    unreadable: int


@dataclass(frozen=True, slots=True)
class IncidentDetail:
    """One incident.

    Attributes:
        notifications: Who was notified, the earliest first; `more_notifications` are left out.
        similar: Earlier ones of the same problem and check, the latest first.
    """

    incident: Incident
    notifications: tuple[Notification, ...]
    more_notifications: int
    similar: tuple[Incident, ...]
    now_us: int

    @property
    def title(self) -> str:
        """One line about it."""
        return headline(self.incident)


def incident_list(sources: Sources, *, only_lasting: bool, page: int) -> IncidentList:
    """Return a page of the incidents that last, or of all of the last ninety days; beyond the last page, the last."""
    incidents, is_complete, unreadable = recent_incidents(sources)
    lasting = sum(incident.phase.lasts for incident in incidents)
    wanted = [incident for incident in incidents if incident.phase.lasts or not only_lasting]
    wanted.sort(key=lambda incident: (not incident.phase.lasts, -incident.began_us))
    pages = max(1, -(-len(wanted) // PAGE_INCIDENTS))
    page = min(max(page, 1), pages)
    shown = tuple(wanted[(page - 1) * PAGE_INCIDENTS : page * PAGE_INCIDENTS])
    return IncidentList(shown, len(incidents), lasting, page, pages, only_lasting, is_complete, unreadable)


def incident_detail(sources: Sources, name: str) -> IncidentDetail:
    """Return one incident by its id, or a beginning or end of it that is unique.

    Raises:
        UsageError: unknown-incident.
    """
    incidents = recent_incidents(sources)[0]
    incident = _named(incidents, name)
    similar = [
        other
        for other in incidents
        if other.problem is incident.problem and other.id != incident.id and set(other.checks) & set(incident.checks)
    ]
    notifications = _notifications(sources, incident)
    return IncidentDetail(
        incident,
        notifications[:_SHOWN_NOTIFICATIONS],
        max(len(notifications) - _SHOWN_NOTIFICATIONS, 0),
        tuple(similar[:_SIMILAR]),
        sources.now_us(),
    )


def recent_incidents(sources: Sources) -> tuple[tuple[Incident, ...], bool, int]:
    """Return the incidents of the last ninety days, whether these are all, and how many could not be read."""
    unreadable: list[str] = []
    stored = sources.store.incidents.search(since_us=sources.now_us() - DAYS * DAY_US, limit=MOST_INCIDENTS)
    incidents = read_incidents(stored, lambda row: unreadable.append(row.id))
    opened = tuple(incident for incident in incidents if incident.phase is not Phase.PENDING)
    return opened, stored.is_complete, len(unreadable)


def _named(incidents: tuple[Incident, ...], name: str) -> Incident:
    exact = [incident for incident in incidents if incident.id == name]
    matching = exact or (
        [incident for incident in incidents if incident.id.startswith(name) or incident.id.endswith(name)]
        if _ID.fullmatch(name)
        else []
    )
    if len(matching) == 1:
        return matching[0]
    meaning = f"means {len(matching)} incidents" if matching else f"is no incident of the last {DAYS} days"
    raise UsageError(f'"{name[:80]}" {meaning}', slug="unknown-incident", fix="the list of incidents has them all")


def _notifications(sources: Sources, incident: Incident) -> tuple[Notification, ...]:
    """Return the rows of the outbox whose message names an incident, the earliest first."""
    until_us = (incident.ended_us or sources.now_us()) + DAY_US
    rows = sources.store.outbox.search(
        created_since_us=incident.began_us, created_until_us=until_us, limit=_MOST_NOTIFICATIONS
    )
    return tuple(row for row in rows if incident.id in row.message)
