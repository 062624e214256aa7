"""Which of the services that an incident's service depends on the problem comes from, on its page and in the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.alerts import Problem, check_of
from outrider.causes import Suspect, WorseService, service_suspects
from outrider.model import Subject, SubjectKind

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class SuspectsView:
    """The first suspects, the likeliest first.

    Attributes:
        stands_out: Whether the first one does.
        count: How many were compared.
    """

    suspects: tuple[Suspect, ...]
    stands_out: bool
    count: int


def suspects_view(sources: Sources, incident: Incident) -> SuspectsView | None:
    """Return the suspects of an incident of a service; None of another one, and where too little is known."""
    if not incident.lead_subject or incident.problem not in {Problem.DEGRADATION, Problem.FAILURE}:
        return None
    service, environment = Subject(check_of(incident.lead_subject)), incident.lead_subject.split("|")[1]
    if service.kind is not SubjectKind.SERVICE:
        return None
    since_us = incident.began_us if incident.lead.since_us is None else incident.lead.since_us
    is_failing = incident.problem is Problem.FAILURE
    worse = WorseService(service, environment, since_us, incident.ended_us or sources.now_us(), is_failing)
    suspects = service_suspects(sources.store.series, worse)
    if not suspects:
        return None
    return SuspectsView(suspects[:_SHOWN], suspects[0].stands_out, len(suspects))
