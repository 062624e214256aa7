"""Incidents as pages and the API show them: the list, and one with its time line, evidence and notifications."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.alerts import Phase, consequences_of, headline, message_incidents, read_incidents, root_of
from outrider.dashboard.changes_view import changes_view
from outrider.dashboard.lead_time_view import lead_time_view
from outrider.dashboard.notable_view import incident_patterns
from outrider.dashboard.page_addresses import write_moment
from outrider.dashboard.period_slots import DAY_US
from outrider.dashboard.slower_step_view import slower_step_view
from outrider.dashboard.suffered_page import SufferedPage, suffered_page
from outrider.dashboard.suspects_view import suspects_view
from outrider.model import IncidentQuery, UsageError, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.dashboard.changes_view import ChangesView
    from outrider.dashboard.lead_time_view import LeadTimeView
    from outrider.dashboard.notable_view import NotableView
    from outrider.dashboard.slower_step_view import SlowerStepView
    from outrider.dashboard.sources import Sources
    from outrider.dashboard.suspects_view import SuspectsView
    from outrider.model import Comment, Notification

PAGE_INCIDENTS = 50
DAYS = 90
_LASTING = tuple(phase.value for phase in Phase if phase.lasts)
_OPENED = (*_LASTING, Phase.RESOLVED.value)
_MOST_NOTIFICATIONS = 2_000
_SHOWN_NOTIFICATIONS = 100
_SIMILAR = 10
_LOOKED_THROUGH = 200
_ID = re.compile(r"[\w.-]{4,64}")


@dataclass(frozen=True, slots=True)
class IncidentList:
    """A page of incidents, the latest begun first.

    Attributes:
        lasting: Those that last, on the first page of all; `more_lasting` are left out there.
        incidents: Of all those that are over, or those that last if only these are asked for.
        total: How many there are of the last ninety days, of which `lasting_count` last.
        next: Cursor of the page after this one; empty on the last.
        unreadable: How many of the page could not be read.
    """

    lasting: tuple[Incident, ...]
    more_lasting: int
    incidents: tuple[Incident, ...]
    total: int
    lasting_count: int
    only_lasting: bool
    is_first: bool
    next: str
    unreadable: int


@dataclass(frozen=True, slots=True)
class TimeLineEntry:
    """What happened to an incident; a comment has an author."""

    at_us: int
    text: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class IncidentDetail:
    """One incident.

    Attributes:
        notifications: Who was notified, the earliest first; `more_notifications` are left out.
        comments: In their order.
        similar: Earlier ones of the same problem and check, the latest first.
        titles: Of the affected checks that the workspace has, by their ids.
        patterns: Of logs of the affected services, new or exploding about that time.
        slower: Where the extra time of its step is; None where it is of no slower step.
        suspects: Which service it comes from; None where it is of no service.
        changes: What changed when it began; None where it is of no check.
        root: The incident that it follows from, and `consequences` those that follow from it, while they last.
        lead_time: How long before users a prober saw it; None where it is of no check, or there are no page views.
        suffered: The page of real users that it is of; None of another one.
    """

    incident: Incident
    notifications: tuple[Notification, ...]
    more_notifications: int
    similar: tuple[Incident, ...]
    now_us: int
    comments: tuple[Comment, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    patterns: tuple[NotableView, ...] = ()
    slower: SlowerStepView | None = None
    suspects: SuspectsView | None = None
    changes: ChangesView | None = None
    root: Incident | None = None
    consequences: tuple[Incident, ...] = ()
    lead_time: LeadTimeView | None = None
    suffered: SufferedPage | None = None

    def check_title(self, check: str) -> str:
        """Return what people call an affected check."""
        return self.titles.get(check) or title_of(check)

    @property
    def time_line(self) -> tuple[TimeLineEntry, ...]:
        """What happened and what was remarks, in the order of time."""
        events = [TimeLineEntry(at_us, what) for at_us, what in self.incident.events]
        remarks = [TimeLineEntry(comment.at_us, comment.text, comment.author) for comment in self.comments]
        return tuple(sorted((*events, *remarks), key=lambda entry: entry.at_us))

    @property
    def title(self) -> str:
        """One line about it."""
        return headline(self.incident)


def incident_list(
    sources: Sources, *, only_lasting: bool = False, before: tuple[int, str] | None = None
) -> IncidentList:
    """Return a page of the incidents that last, or of all of the last ninety days."""
    since_us = sources.now_us() - DAYS * DAY_US
    counts = sources.store.incidents.counts(since_us)
    lasting_count = sum(counts.get(phase, 0) for phase in _LASTING)
    with_lasting = not only_lasting and before is None and lasting_count > 0
    last = read_page(sources, IncidentQuery(_LASTING), PAGE_INCIDENTS) if with_lasting else IncidentExcerpt()
    phases = _LASTING if only_lasting else (Phase.RESOLVED.value,)
    page = read_page(sources, IncidentQuery(phases, since_us, before), PAGE_INCIDENTS)
    return IncidentList(
        last.incidents, max(lasting_count - PAGE_INCIDENTS, 0) if with_lasting else 0, page.incidents,
        lasting_count + counts.get(Phase.RESOLVED.value, 0), lasting_count, only_lasting, before is None, page.next,
        last.unreadable + page.unreadable,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class IncidentExcerpt:
    """Some incidents, the cursor of what follows, and how many could not be read."""

    incidents: tuple[Incident, ...] = ()
    next: str = ""
    unreadable: int = 0


def read_page(sources: Sources, query: IncidentQuery, limit: int) -> IncidentExcerpt:
    """Return incidents that fit a query, the latest begun first."""
    unreadable: list[str] = []
    stored = sources.store.incidents.list(query, limit)
    incidents = read_incidents(stored, lambda row: unreadable.append(row.id))
    following = "" if stored.is_complete else write_moment(stored[-1].began_us, stored[-1].id)
    return IncidentExcerpt(incidents, following, len(unreadable))


def opened_incidents(
    sources: Sources, *, only_lasting: bool, before: tuple[int, str] | None, limit: int
) -> IncidentExcerpt:
    """Return incidents of the last ninety days, the latest begun first, whether they last or not."""
    since_us = sources.now_us() - DAYS * DAY_US
    return read_page(sources, IncidentQuery(_LASTING if only_lasting else _OPENED, since_us, before), limit)


def incidents_of(sources: Sources, check: str, limit: int = _LOOKED_THROUGH) -> tuple[Incident, ...]:
    """Return the incidents of the last ninety days that affect a check, the latest begun first."""
    query = IncidentQuery(_OPENED, sources.now_us() - DAYS * DAY_US, naming=check)
    return tuple(incident for incident in read_page(sources, query, limit).incidents if check in incident.checks)


def incident_detail(sources: Sources, name: str) -> IncidentDetail:
    """Return one incident by its id, or a beginning or end of it that is unique.

    Raises:
        UsageError: unknown-incident.
    """
    incident = named_incident(sources, name)
    similar = [
        other for other in _sharing(sources, incident) if other.problem is incident.problem and other.id != incident.id
    ]
    notifications = _notifications(sources, incident)
    lasting = read_page(sources, IncidentQuery(_LASTING), _LOOKED_THROUGH).incidents
    explains = sources.telemetry.explains
    suspects = explains and "suspects" not in sources.off
    return IncidentDetail(
        incident,
        notifications[:_SHOWN_NOTIFICATIONS],
        max(len(notifications) - _SHOWN_NOTIFICATIONS, 0),
        tuple(similar[:_SIMILAR]),
        sources.now_us(),
        sources.store.incidents.comments(incident.id),
        {check.id: check.title for check in sources.checks() or () if check.id in incident.checks},
        incident_patterns(sources, incident),
        slower_step_view(sources, incident) if explains else None,
        suspects_view(sources, incident) if suspects else None,
        changes_view(sources, incident) if suspects else None,
        root_of(incident, lasting) if incident.phase.lasts else None,
        consequences_of(incident, lasting),
        lead_time_view(sources, incident) if explains else None,
        suffered_page(sources, incident),
    )


def grouping(causes: Sequence[str]) -> str:
    """Return what an incident's findings share, for readers: "host shop.example; step pay; the same fault".

    The check itself is left out: it stands among those that are affected.
    """
    return "; ".join(dict.fromkeys(filter(None, map(_shared, causes))))


def _shared(cause: str) -> str:
    """Return a cause, written "problem|environment|kind:value" or "problem|environment|word", as readers see it."""
    kind, colon, value = cause.split("|", 2)[-1].partition(":")
    if kind == "check":
        return ""
    return "the same fault" if kind == "fault" else f"{kind} {value}" if colon else kind


def _sharing(sources: Sources, incident: Incident) -> list[Incident]:
    """Return incidents that affect one of the first checks of an incident, the latest begun first."""
    by_id = {other.id: other for check in incident.checks[:_SIMILAR] for other in incidents_of(sources, check)}
    return sorted(by_id.values(), key=lambda other: (-other.began_us, other.id))


def incidents_named(sources: Sources, name: str) -> list[Incident]:
    """Return the incidents whose id is, begins or ends with a name; a few of them, where there are many."""
    stored = sources.store.incidents.named(name, _SIMILAR) if _ID.fullmatch(name) else ()
    return [incident for incident in read_incidents(stored) if incident.phase is not Phase.PENDING]


def named_incident(sources: Sources, name: str) -> Incident:
    """Return an incident by its id, or a beginning or end of it that is unique.

    Raises:
        UsageError: unknown-incident.
    """
    incidents = incidents_named(sources, name)
    matching = [incident for incident in incidents if incident.id == name] or incidents
    if len(matching) == 1:
        return matching[0]
    meaning = f"means {len(matching)} incidents or more" if matching else "is no incident"
    raise UsageError(f'"{name[:80]}" {meaning}', slug="unknown-incident", fix="the list of incidents has them all")


def _notifications(sources: Sources, incident: Incident) -> tuple[Notification, ...]:
    """Return the rows of the outbox whose message is about an incident, the earliest first."""
    until_us = (incident.ended_us or sources.now_us()) + DAY_US
    rows = sources.store.outbox.search(
        created_since_us=incident.began_us, created_until_us=until_us, limit=_MOST_NOTIFICATIONS
    )
    return tuple(row for row in rows if incident.id in row.message and incident.id in message_incidents(row))
