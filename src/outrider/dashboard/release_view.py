"""Releases, and the incidents that began within a day after each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import Phase, read_incidents
from outrider.dashboard.period_slots import DAY_US

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources
    from outrider.model import Release

MOST_RELEASES = 100
_MOST_INCIDENTS = 1_000


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A release and the incidents of its environment that began within a day after it, before the next one."""

    release: Release
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class ReleaseList:
    """The latest releases, the latest first; `more` are left out."""

    lines: tuple[ReleaseLine, ...]
    more: int


def release_list(sources: Sources) -> ReleaseList:
    """Return the latest releases."""
    releases = sorted(sources.store.judgements.releases(), key=lambda release: -release.at_us)
    shown = releases[:MOST_RELEASES]
    if not shown:
        return ReleaseList((), 0)
    stored = sources.store.incidents.search(since_us=shown[-1].at_us, limit=_MOST_INCIDENTS)
    incidents = [incident for incident in read_incidents(stored) if incident.phase is not Phase.PENDING]
    next_us: dict[str, int] = {}
    lines = []
    for release in shown:
        until_us = min(release.at_us + DAY_US, next_us.get(release.environment, release.at_us + DAY_US))
        next_us[release.environment] = release.at_us
        own = (incident for incident in incidents if release.at_us <= incident.began_us < until_us)
        lines.append(ReleaseLine(release, tuple(incident for incident in own if _is_in(incident, release.environment))))
    return ReleaseList(tuple(lines), len(releases) - len(shown))


def _is_in(incident: Incident, environment: str) -> bool:
    return incident.labels.get("environment", environment) == environment
