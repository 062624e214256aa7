"""Releases, and the incidents and issues that began within a day after each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from outrider.alerts import Phase, read_incidents
from outrider.dashboard.page_addresses import write_moment
from outrider.dashboard.period_slots import DAY_US
from outrider.model import Excerpt, IssueQuery, OutriderError, printable, release_number
from outrider.real_users import ViewFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources
    from outrider.model import DashboardRecords, Issue, Release, ReleaseHealth, ReleaseVisits
    from outrider.real_users import RealUserReader

PAGE_RELEASES = 50
HEALTH_ROWS = 50
HEALTH_DAYS = 14
_MOST_INCIDENTS = 1_000
_MOST_ISSUES = 1_000


class HealthList(NamedTuple):
    """What sessions of releases came to.

    Attributes:
        unknown: Why visits to pages are not among them; "" where they are, or where nobody keeps any.
    """

    releases: Excerpt[ReleaseHealth]
    unknown: str = ""


_NO_HEALTH: Final = HealthList(Excerpt(()))


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A release, and what began in its environment within a day after it, before the next one.

    Attributes:
        issues: Issues of errors that were first seen then, in it or in events that name no release.
    """

    release: Release
    incidents: tuple[Incident, ...]
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseList:
    """A page of releases, the latest first.

    Attributes:
        next: Cursor of the page after this one; empty on the last.
        text: That their names contain.
        health: What sessions of the last fourteen days came to, on the first page of all.
    """

    lines: tuple[ReleaseLine, ...]
    next: str
    is_first: bool = True
    text: str = ""
    health: HealthList = _NO_HEALTH


def release_list(
    sources: Sources, text: str = "", *, before: tuple[int, str] | None = None, limit: int = PAGE_RELEASES
) -> ReleaseList:
    """Return a page of releases, or of those whose names contain a text.

    A cursor names a time, and how many releases of that time are on pages before.
    """
    named = (release for release in sources.store.judgements.releases() if text in printable(release.name))
    releases = sorted(named, key=_order)
    now_us, is_first = sources.now_us(), before is None and not text
    health = source_health(sources, now_us - HEALTH_DAYS * DAY_US) if is_first else _NO_HEALTH
    start = _start(releases, before)
    shown = releases[start : start + limit]
    if not shown:
        return ReleaseList((), "", before is None, text, health)
    stored = sources.store.incidents.search(since_us=shown[-1].at_us, limit=_MOST_INCIDENTS)
    incidents = [incident for incident in read_incidents(stored) if incident.phase is not Phase.PENDING]
    issues = sources.store.errors.list(IssueQuery(now_us, new_since_us=shown[-1].at_us), _MOST_ISSUES)
    next_us = {release.environment: release.at_us for release in releases[:start]}
    lines = []
    for release in shown:
        until_us = min(release.at_us + DAY_US, next_us.get(release.environment, release.at_us + DAY_US))
        next_us[release.environment] = release.at_us
        own = (incident for incident in incidents if release.at_us <= incident.began_us < until_us)
        new = tuple(issue for issue in issues if release.at_us <= issue.first_us < until_us and _is_of(issue, release))
        incidents_of = tuple(incident for incident in own if _is_in(incident, release.environment))
        lines.append(ReleaseLine(release, incidents_of, new))
    return ReleaseList(tuple(lines), _cursor(releases, start + len(shown)), before is None, text, health)


def source_health(sources: Sources, since_us: int, environment: str = "", limit: int = HEALTH_ROWS) -> HealthList:
    """Return what sessions of releases came to since a time, as `release_health` does."""
    open_reader = sources.telemetry.real_users if sources.telemetry.is_on else None
    return release_health(sources.store, open_reader, sources.now_us(), since_us, environment, limit=limit)


def release_health(
    store: DashboardRecords, open_reader: Callable[[], RealUserReader] | None, now_us: int, since_us: int,
    environment: str = "", *, limit: int = HEALTH_ROWS,
) -> HealthList:  # fmt: skip
    """Return what sessions of releases came to since a time, in whole UTC days, with when each was marked live.

    Args:
        open_reader: Returns what answers about page views; None where nobody keeps them.
    """
    visits: Sequence[ReleaseVisits] = ()
    unknown = ""
    if open_reader is not None:
        views = ViewFilter(since_us - since_us % DAY_US, now_us + 1, environment=environment)
        try:
            visits = open_reader().release_visits(views, recent_us=now_us - DAY_US)
        except OutriderError as error:
            unknown = error.what
    listed = store.release_health.list(now_us, since_us, environment=environment, limit=limit, visits=visits)
    live = {(own.environment, release_number(own.name)): own.at_us for own in store.judgements.releases()}
    joined = (replace(own, live_us=live.get((own.environment, release_number(own.release)))) for own in listed)
    return HealthList(Excerpt(joined, is_complete=listed.is_complete), unknown)


def _order(release: Release) -> tuple[int, str, str]:
    return -release.at_us, release.environment, release.name


def _start(releases: Sequence[Release], before: tuple[int, str] | None) -> int:
    """Return where a page begins."""
    if before is None:
        return 0
    at_us, shown = before
    first = next((place for place, release in enumerate(releases) if release.at_us <= at_us), len(releases))
    return first + (int(shown) if shown.isascii() and shown.isdigit() else 0)


def _cursor(releases: Sequence[Release], end: int) -> str:
    if end >= len(releases):
        return ""
    at_us = releases[end].at_us
    return write_moment(at_us, str(sum(release.at_us == at_us for release in releases[:end])))


def _is_of(issue: Issue, release: Release) -> bool:
    """Return whether an issue may have come with a release."""
    return release_number(issue.first_release) in {"", release_number(release.name)}


def _is_in(incident: Incident, environment: str) -> bool:
    return incident.labels.get("environment", environment) == environment
