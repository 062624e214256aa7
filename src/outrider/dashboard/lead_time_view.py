"""How long before real users a prober saw an incident, on its page and in the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

from outrider.alerts import Problem, is_check, length
from outrider.model import CheckId, Outcome, OutriderError, RunId, RunPosition
from outrider.real_users import DAY_US, Trouble, ViewFilter, lead_time

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources
    from outrider.model import CheckHistory
    from outrider.real_users import LeadTime, RealUserReader

_MOST_BEFORE_US: Final = 3_600 * 10**6
_TROUBLES: Final = {Problem.FAILURE: Trouble.ERROR, Problem.DEGRADATION: Trouble.SLOW}
_MEET: Final = {
    Trouble.ERROR: "met an error or a failed call", Trouble.SLOW: "were poor in LCP, INP or TTFB",
}  # fmt: skip


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
    return lead_time(incident.began_us, since_us, before, after)


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
