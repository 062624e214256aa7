"""Which incidents of checks show what an incident of a page or of a service is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from outrider.alerts import is_check, read_incidents
from outrider.model import Kind, Subject, SubjectKind
from outrider.real_users import read_page_metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.alerts import Incident
    from outrider.model import CheckId, CheckRegistry, IncidentLog, SeriesReader

HOUR_US: Final = 3_600 * 10**6
_LOOKED_THROUGH: Final = 1_000
_PLACES: Final = 2
"""No environment, and one that both name."""


class SightRecords(Protocol):
    """What tells which checks saw a problem."""

    @property
    def checks(self) -> CheckRegistry:
        """Which checks there are."""
        ...

    @property
    def series(self) -> SeriesReader:
        """What they measured."""
        ...

    @property
    def incidents(self) -> IncidentLog:
        """Incidents."""
        ...


def page_journeys(store: SightRecords, page: str, environment: str) -> Iterator[CheckId]:
    """Yield the journeys that open a page; in any environment, if none is named."""
    for check in store.checks.all():
        if check.kind is not Kind.JOURNEY:
            continue
        series = (own for own in store.series.of(check.id) if environment in {"", own.environment})
        if any(named is not None and named[2] == page for named in (read_page_metric(own.metric) for own in series)):
            yield check.id


def near_incidents(store: SightRecords, incident: Incident) -> tuple[Incident, ...]:
    """Return the incidents that began from an hour before one until its end, the earliest first."""
    stored = store.incidents.search(since_us=incident.began_us - HOUR_US, limit=_LOOKED_THROUGH)
    near = [
        other for other in read_incidents(stored)
        if other.id != incident.id and other.opened_us is not None and incident.began_us - HOUR_US <= other.began_us
        and (incident.ended_us is None or other.began_us <= incident.ended_us)
    ]  # fmt: skip
    return tuple(sorted(near, key=lambda other: other.began_us))


def page_sights(store: SightRecords, incident: Incident, page: str, environment: str) -> Sequence[Incident]:
    """Return the incidents of journeys that open a page, about the time of one of that page, the earliest first."""
    journeys = set(page_journeys(store, page, environment))
    return [other for other in near_incidents(store, incident) if journeys.intersection(other.checks)]


def service_sights(store: SightRecords, incident: Incident, service: str, environment: str) -> Sequence[Incident]:
    """Return the incidents of checks whose traces name a service, about the time of one of it, the earliest first."""
    named = Subject.of(SubjectKind.SERVICE, service)
    near = (other for other in near_incidents(store, incident) if named in other.named)
    return [
        own for own in near
        if is_check(own.lead_subject) and len({"", environment, own.opening_labels.get("environment", "")}) <= _PLACES
    ]  # fmt: skip
