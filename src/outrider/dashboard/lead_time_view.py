"""How long before real users a prober saw an incident, on its page and in the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

from outrider.alerts import Problem, is_check, length
from outrider.dashboard.incident_quotes import quote_of
from outrider.dashboard.page_addresses import incident_path
from outrider.model import CheckId, Outcome, OutriderError, RunId, RunPosition, counted
from outrider.real_users import DAY_US, Trouble, ViewFilter, affected_visits, lead_time

if TYPE_CHECKING:
    from outrider.alerts import Incident, Quote
    from outrider.dashboard.sources import Sources
    from outrider.model import CheckHistory
    from outrider.real_users import AffectedVisits, LeadTime, RealUserReader, TroubledVisits

_MOST_BEFORE_US: Final = 3_600 * 10**6
_TROUBLES: Final = {Problem.FAILURE: Trouble.ERROR, Problem.DEGRADATION: Trouble.SLOW}
_MEET: Final = {
    Trouble.ERROR: "met an error or a failed call", Trouble.SLOW: "were poor in LCP, INP or TTFB",
}  # fmt: skip
_MET: Final = {Trouble.ERROR: "met an error or a failed call", Trouble.SLOW: "met a poor LCP, INP or TTFB"}


class CheckedHistory(Protocol):
    """What runs there were."""

    @property
    def history(self) -> CheckHistory:
        """Of checks."""
        ...


@dataclass(frozen=True, slots=True)
class LeadTimeView:
    """When a prober and users met it; None with the reason where that is not known.

    Attributes:
        host: Whose visits count.
        trouble: What they met, for a reader.
    """

    lead_time: LeadTime | None
    host: str
    trouble: str
    unknown: str = ""

    @property
    def over_first(self) -> str:
        """How long after the prober the first user met it, or before."""
        return _apart(self.lead_time.over_first_us if self.lead_time else None)

    @property
    def over_hundredth(self) -> str:
        """How long after the prober one in a hundred had, or before."""
        return _apart(self.lead_time.over_hundredth_us if self.lead_time else None)


def lead_time_view(sources: Sources, incident: Incident) -> LeadTimeView | None:
    """Return the lead time of an incident of a check that fails or is slower; None of another one."""
    trouble, host = _TROUBLES.get(incident.problem), _host(incident)
    if trouble is None or not host or not sources.telemetry.is_on or not is_check(incident.lead_subject):
        return None
    try:
        lead = incident_lead_time(sources.store, sources.telemetry.real_users(), incident, sources.now_us())
    except OutriderError as error:
        return LeadTimeView(None, host, _MEET[trouble], error.what)
    unknown = "" if lead else f"the day before, no visit to {host} is known"
    return LeadTimeView(lead, host, _MEET[trouble], unknown)


def incident_lead_time(
    store: CheckedHistory, reader: RealUserReader, incident: Incident, now_us: int
) -> LeadTime | None:
    """Return the lead time of an incident of a check; None where it has none, or no visits to its host are known.

    Users may have met it since the last run that passed before it, or within the hour before.

    Raises:
        TelemetryError: If the page views cannot be asked.
    """
    visits = _visits(store, reader, incident, now_us)
    return lead_time(incident.began_us, visits.since_us, visits.before, visits.after) if visits else None


def user_quotes(store: CheckedHistory, reader: RealUserReader, incident: Incident, now_us: int) -> tuple[Quote, ...]:
    """Return how many visits an incident of a check has reached so far, and since when; nothing where too few came.

    Raises:
        TelemetryError: If the page views cannot be asked.
    """
    visits = _visits(store, reader, incident, now_us)
    affected = affected_visits(visits.before, visits.after) if visits else None
    if visits is None or affected is None:
        return ()
    text = _reach(affected, visits, _MET[_TROUBLES[incident.problem]], incident.began_us)
    return (quote_of("users", text, f"{incident_path(incident.id)}#lead"),)


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
class _Visits:
    """Visits of the day before an incident, and of those since it may have begun, until a time."""

    since_us: int
    until_us: int
    before: TroubledVisits
    after: TroubledVisits


def _visits(store: CheckedHistory, reader: RealUserReader, incident: Incident, now_us: int) -> _Visits | None:
    trouble, host = _TROUBLES.get(incident.problem), _host(incident)
    if trouble is None or not host or not is_check(incident.lead_subject):
        return None
    environment = incident.opening_labels.get("environment", "")
    since_us = _well_until_us(store.history, incident)
    until_us = now_us if incident.phase.lasts or incident.ended_us is None else incident.ended_us
    before, after = (
        reader.troubled_visits(ViewFilter(begin, end, environment=environment, host=host), trouble)
        for begin, end in ((since_us - DAY_US, since_us), (since_us, until_us + 1))
    )
    return _Visits(since_us, until_us, before, after)


def _well_until_us(history: CheckHistory, incident: Incident) -> int:
    check = next(iter(incident.checks), "")
    position = RunPosition(incident.began_us, RunId(str(UUID(int=0))))
    passed = history.runs_before(CheckId(check), position, outcome=Outcome.PASSED, limit=1)
    earliest_us = incident.began_us - _MOST_BEFORE_US
    return max(passed[0].due_us, earliest_us) if passed else earliest_us


def _host(incident: Incident) -> str:
    return incident.opening_labels.get("host", "") or incident.labels.get("host", "")


def _apart(us: int | None) -> str:
    if us is None:
        return ""
    return f"{length(abs(us))} {'later' if us >= 0 else 'earlier'}"
