"""How long before real users a prober saw an incident, on its page and in the API."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

from outrider.alerts import AFFECTED_USERS, Problem, is_check, length
from outrider.dashboard.incident_quotes import quote_of
from outrider.dashboard.page_addresses import incident_path
from outrider.dashboard.prober_sight import HOUR_US, SightRecords, page_sights, service_sights
from outrider.model import (
    CHECK_KINDS,
    CheckId,
    Outcome,
    OutriderError,
    RunId,
    RunPosition,
    Subject,
    SubjectKind,
    counted,
)
from outrider.real_users import (
    BOUNDS,
    DAY_US,
    SessionFilter,
    Trouble,
    ViewFilter,
    Vital,
    affected_visits,
    lead_time,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts import Incident, Quote
    from outrider.dashboard.sources import Sources
    from outrider.model import CheckHistory
    from outrider.real_users import AffectedVisits, LeadTime, RealUserReader, SessionRow, TroubledVisits

_SHOWN: Final = 3
_LOOKED_THROUGH: Final = 200
_TROUBLES: Final = {Problem.FAILURE: Trouble.ERROR, Problem.DEGRADATION: Trouble.SLOW}
_MEET: Final = {
    Trouble.ERROR: "met an error or a failed call", Trouble.SLOW: "were poor in LCP, INP or TTFB",
}  # fmt: skip
_MET: Final = {Trouble.ERROR: "met an error or a failed call", Trouble.SLOW: "met a poor LCP, INP or TTFB"}


class CheckedHistory(SightRecords, Protocol):
    """What runs and incidents there were."""

    @property
    def history(self) -> CheckHistory:
        """Of checks."""
        ...


@dataclass(frozen=True, slots=True)
class LeadTimeView:
    """When a prober and users met it; None with the reason where that is not known.

    Attributes:
        sessions: A few visits that met it, the latest first.
        place: Where the visits were that count, for a reader: "shop.example", "/cart of shop".
        trouble: What they met, for a reader.
    """

    lead_time: LeadTime | None
    place: str
    trouble: str
    unknown: str = ""
    sessions: tuple[SessionRow, ...] = ()

    @property
    def over_first(self) -> str:
        """How long after the prober the first user met it, or before."""
        return _apart(self.lead_time.over_first_us if self.lead_time else None)

    @property
    def over_hundredth(self) -> str:
        """How long after the prober one in a hundred had, or before."""
        return _apart(self.lead_time.over_hundredth_us if self.lead_time else None)


def lead_time_view(sources: Sources, incident: Incident) -> LeadTimeView | None:
    """Return the lead time of an incident of a check, page or service that fails or is slower; None of another one."""
    trouble = _TROUBLES.get(incident.problem)
    reach = _reach_of(sources.store, incident) if trouble and sources.telemetry.is_on else None
    if trouble is None or reach is None:
        return None
    try:
        reader = sources.telemetry.real_users()
        lead = incident_lead_time(sources.store, reader, incident, sources.now_us())
        met = _met(reader, reach, trouble, sources.now_us() if incident.ended_us is None else incident.ended_us)
    except OutriderError as error:
        return LeadTimeView(None, reach.place, _MEET[trouble], error.what)
    unknown = "" if lead else f"the day before, no visit to {reach.place} is known"
    return LeadTimeView(lead, reach.place, _MEET[trouble], unknown, met)


def _met(reader: RealUserReader, reach: _Reach, trouble: Trouble, until_us: int) -> tuple[SessionRow, ...]:
    """Return a few visits that met trouble, the latest first: with an error or a failed call, or a poor LCP."""
    rows: dict[str, SessionRow] = {}
    for wanted in reach.wanted:
        views = replace(wanted, since_us=reach.since_us, until_us=until_us + 1)
        for has in ("error", "failed call") if trouble is Trouble.ERROR else ("",):
            limit = _SHOWN if has else _LOOKED_THROUGH
            rows |= {row.session: row for row in reader.sessions(SessionFilter(views, has), limit=limit)}
    poor_ms = BOUNDS[Vital.LCP].poor if trouble is Trouble.SLOW else 0.0
    met = [row for row in rows.values() if (row.worst_lcp_ms or 0.0) > poor_ms or trouble is Trouble.ERROR]
    return tuple(sorted(met, key=lambda row: -row.start_us)[:_SHOWN])


def incident_lead_time(
    store: CheckedHistory, reader: RealUserReader, incident: Incident, now_us: int
) -> LeadTime | None:
    """Return the lead time of an incident of a check, page or service; None where no visits are known.

    Users may have met it since the last run that passed before a prober saw it, or within the hour before.

    Raises:
        TelemetryError: If the page views cannot be asked.
    """
    visits = _visits(store, reader, incident, now_us)
    return lead_time(visits.seen_us, visits.since_us, visits.before, visits.after) if visits else None


def user_quotes(store: CheckedHistory, reader: RealUserReader, incident: Incident, now_us: int) -> tuple[Quote, ...]:
    """Return how many visits an incident of a check has reached so far, and since when; nothing where too few came.

    Raises:
        TelemetryError: If the page views cannot be asked.
    """
    visits = _visits(store, reader, incident, now_us) if is_of_check(incident) else None
    affected = affected_visits(visits.before, visits.after) if visits else None
    if visits is None or affected is None:
        return ()
    text = _reach(affected, visits, _MET[_TROUBLES[incident.problem]], incident.began_us)
    return (quote_of(AFFECTED_USERS, text, f"{incident_path(incident.id)}#lead"),)


def _reach(affected: AffectedVisits, visits: _Visits, met: str, seen_us: int) -> str:
    """Return whom it has reached, for a reader."""
    within = f"{counted(affected.visits, 'visit')} within {length(visits.until_us - visits.since_us)} {met}"
    if not affected.troubled:
        return f"nobody so far: none of {within}"
    reach = f"{affected.troubled} of {within}, usually {affected.usual_share * 100:.2g} %"
    if not affected.is_more:
        return f"no more than usual so far: {reach}"
    apart_us = visits.after.first_met[0][0] - seen_us
    return f"{reach}; the first {length(abs(apart_us))} {'after' if apart_us >= 0 else 'before'} a prober saw it"


@dataclass(frozen=True, slots=True)
class _Reach:
    """Whose visits may have met an incident, and when a prober first saw it.

    Attributes:
        wanted: Filters, of which the first counts that has visits; each of some time.
        since_us: From when on visits may have met it.
    """

    place: str
    wanted: tuple[ViewFilter, ...]
    seen_us: int | None
    since_us: int


@dataclass(frozen=True, slots=True)
class _Visits:
    """Visits of the day before an incident, and of those since it may have begun, until a time."""

    seen_us: int | None
    since_us: int
    until_us: int
    before: TroubledVisits
    after: TroubledVisits


def _visits(store: CheckedHistory, reader: RealUserReader, incident: Incident, now_us: int) -> _Visits | None:
    trouble, reach = _TROUBLES.get(incident.problem), _reach_of(store, incident)
    if trouble is None or reach is None:
        return None
    since_us = reach.since_us
    until_us = now_us if incident.phase.lasts or incident.ended_us is None else incident.ended_us
    for wanted in reach.wanted:
        before, after = (
            reader.troubled_visits(replace(wanted, since_us=begin, until_us=end), trouble)
            for begin, end in ((since_us - DAY_US, since_us), (since_us, until_us + 1))
        )
        if before.visits or wanted is reach.wanted[-1]:
            return _Visits(reach.seen_us, since_us, until_us, before, after)
    return None


def is_of_check(incident: Incident) -> bool:
    """Return whether an incident is what runs of a check show, and not what users or a service tell."""
    is_told = _labels(incident).get("kind") in {SubjectKind.PAGE, SubjectKind.SERVICE}
    return is_check(incident.lead_subject) and not is_told


def _reach_of(store: CheckedHistory, incident: Incident) -> _Reach | None:
    labels = _labels(incident)
    environment = labels.get("environment", "")
    if is_of_check(incident):
        host = labels.get("host", "") or incident.labels.get("host", "")
        wanted = ViewFilter(0, 0, environment=environment, host=host)
        since_us = _well_until_us(store.history, incident)
        return _Reach(host, (wanted,), incident.began_us, since_us) if host else None
    match labels.get("kind"):
        case SubjectKind.PAGE:
            service, _, page = labels.get("page", "").partition(" ")
            sights = page_sights(store, incident, page, environment)
            wanted = ViewFilter(0, 0, service=service, environment=environment, page=page)
            return _seen_by(store, incident, sights, f"{page} of {service}", (wanted,))
        case SubjectKind.SERVICE:
            service = labels.get("service", "")
            sights = service_sights(store, incident, service, environment)
            hosts = dict.fromkeys(host for own in sights if (host := _labels(own).get("host", "")))
            own = ViewFilter(0, 0, service=service, environment=environment)
            others = (ViewFilter(0, 0, environment=environment, host=host) for host in hosts)
            place = " or ".join([f"pages of {service}", *hosts])
            return _seen_by(store, incident, sights, place, (own, *others))
        case _:
            return None


def _seen_by(
    store: CheckedHistory, incident: Incident, sights: Sequence[Incident], place: str, wanted: tuple[ViewFilter, ...]
) -> _Reach:
    """Return the reach of an incident that no check is about; the earliest of its sights comes first."""
    if not sights:
        return _Reach(place, wanted, None, incident.began_us)
    first = sights[0]
    return _Reach(place, wanted, first.began_us, min(incident.began_us, _well_until_us(store.history, first)))


def _well_until_us(history: CheckHistory, incident: Incident) -> int:
    check = next((own for own in incident.checks if Subject(own).kind in {None, *CHECK_KINDS}), "")
    position = RunPosition(incident.began_us, RunId(str(UUID(int=0))))
    passed = history.runs_before(CheckId(check), position, outcome=Outcome.PASSED, limit=1)
    earliest_us = incident.began_us - HOUR_US
    return max(passed[0].due_us, earliest_us) if passed else earliest_us


def _labels(incident: Incident) -> Mapping[str, str]:
    return incident.opening_labels or incident.labels


def _apart(us: int | None) -> str:
    if us is None:
        return ""
    return f"{length(abs(us))} {'later' if us >= 0 else 'earlier'}"
