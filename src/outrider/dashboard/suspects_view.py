"""Which of the services that an incident's service depends on the problem comes from, on its page and in the API."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.alerts import Problem, check_of
from outrider.causes import Suspect, WorseService, service_suspects, span_tree
from outrider.dashboard.incident_quotes import incident_traces, is_quotable
from outrider.model import OutriderError, Subject, SubjectKind

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
    """Return the suspects of an incident of a service, or of a check by the service that its traces enter first.

    None of another one, and where too little is known.
    """
    if not incident.lead_subject or incident.problem not in {Problem.DEGRADATION, Problem.FAILURE}:
        return None
    subject, environment = Subject(check_of(incident.lead_subject)), incident.lead_subject.split("|")[1]
    service = subject if subject.kind is SubjectKind.SERVICE else _entered(sources, incident)
    if service is None:
        return None
    since_us = incident.since_us if incident.lead.since_us is None else incident.lead.since_us
    is_failing = incident.problem is Problem.FAILURE
    worse = WorseService(service, environment, since_us, incident.ended_us or sources.now_us(), is_failing)
    suspects = service_suspects(sources.store.series, worse)
    if not suspects:
        return None
    return SuspectsView(suspects[:_SHOWN], suspects[0].stands_out, len(suspects))


def _entered(sources: Sources, incident: Incident) -> Subject | None:
    """Return the service that most traces of a check's runs enter first; None where that is not known."""
    if not is_quotable(incident) or not sources.telemetry.has_traces:
        return None
    try:
        traces = incident_traces(sources.store, sources.telemetry.reader(), incident, sources.now_us())
    except OutriderError:
        return None
    entered = Counter(span_tree(spans).roots[0].span.service for spans in traces.values() if spans)
    name = next((name for name, _ in entered.most_common(1)), "")
    return Subject.of(SubjectKind.SERVICE, name) if name else None
