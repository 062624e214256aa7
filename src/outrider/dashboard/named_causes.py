"""What an incident's traces name: services, issues and pages, by which incidents of one cause are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from outrider.alerts import Problem, check_of, is_check, slower_step_of
from outrider.causes import MOST_SPANS, TracedRuns, TracedStep, attribute_time, explain_slower_step
from outrider.dashboard.incident_quotes import failed_spans, incident_traces, is_quotable
from outrider.dashboard.view_events import traces_of_view
from outrider.model import IssueId, Subject, SubjectKind, is_trace_id
from outrider.real_users import SessionFilter, ViewFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.causes import TimeAttribution
    from outrider.model import ErrorLog, Span, TelemetryReader
    from outrider.real_users import RealUserReader

_TRACES: Final = 12
_ISSUES: Final = 5
_VISITS: Final = 5
_BEFORE_US: Final = 900 * 10**6
_HALF: Final = 0.5
_COMPARED: Final = 10
_USUAL_US: Final = 86_400 * 10**6
_VITALS: Final = {"LCP": "lcp_ms", "TTFB": "ttfb_ms"}
"""What of a view the trace of its document explains."""


class NamedRecords(TracedRuns, Protocol):
    """Where runs and errors are kept."""

    @property
    def errors(self) -> ErrorLog:
        """Issues."""
        ...


@dataclass(frozen=True, slots=True)
class CauseTelemetry:
    """Where spans and page views are kept."""

    spans: TelemetryReader
    users: RealUserReader


def is_named(incident: Incident) -> bool:
    """Return whether an incident's traces may name its cause: of runs, of errors, or of the visits of a page."""
    return is_quotable(incident) or incident.problem is Problem.ISSUE or _subject(incident).kind is SubjectKind.PAGE


def _subject(incident: Incident) -> Subject:
    return Subject(check_of(incident.lead_subject)) if incident.lead_subject else Subject("")


def cause_traces(
    store: NamedRecords, telemetry: CauseTelemetry | None, incident: Incident, now_us: int
) -> Mapping[str, Sequence[Span]]:
    """Return the traces that show an incident, of its runs, errors or visits: the spans of each, none where unknown.

    Raises:
        UsageError: If the run is not kept any more.
        TelemetryError: If the telemetry cannot be read.
    """
    if is_quotable(incident):
        return incident_traces(store, telemetry.spans, incident, now_us) if telemetry is not None else {}
    ids = list(dict.fromkeys(_trace_ids(store, telemetry, incident, now_us)))[:_TRACES]
    most = MOST_SPANS + 1
    traces = telemetry.spans.traces(ids, limit=_TRACES * most, spans_each=most) if telemetry is not None and ids else {}
    return dict.fromkeys(ids, ()) | {trace: spans for trace, spans in traces.items() if len(spans) < most}


def named_causes(
    store: NamedRecords,
    telemetry: CauseTelemetry | None,
    incident: Incident,
    traces: Mapping[str, Sequence[Span]],
    now_us: int,
) -> tuple[str, ...]:
    """Return the services in which an incident's traces failed first, and the issues and pages of these traces.

    Of a slower step, or of a slower document of a page, it is the service that took most of the extra time. Errors of a
    service whose traces are not known name the service itself.

    Raises:
        UsageError: If the run is not kept any more.
        TelemetryError: If the telemetry cannot be read.
    """
    if incident.problem is Problem.DEGRADATION:
        return tuple(_slower_services(store, telemetry, incident, now_us))
    services = dict.fromkeys(own.service for own in failed_spans(traces) if own.service)
    if not services and incident.problem is Problem.ISSUE and (service := incident.labels.get("service", "")):
        services[service] = None
    issues = sorted({event.issue for event in store.errors.of_traces(list(traces))}) if traces else []
    return (
        *(Subject.of(SubjectKind.SERVICE, service) for service in services),
        *(Subject.of(SubjectKind.ISSUE, str(issue)) for issue in issues),
        *dict.fromkeys(_pages(telemetry, incident, traces, now_us)),
    )


def _trace_ids(store: NamedRecords, telemetry: CauseTelemetry | None, incident: Incident, now_us: int) -> Iterator[str]:
    subject = _subject(incident)
    if incident.problem is Problem.ISSUE:
        issues = [Subject(own).name for own in incident.checks if Subject(own).kind is SubjectKind.ISSUE]
        for issue in issues[:_ISSUES]:
            place = incident.labels.get("environment", "")
            events = [
                own for own in store.errors.events(IssueId(int(issue)))
                if own.trace_id and own.at_us >= incident.since_us and (not place or own.environment in {"", place})
            ]  # fmt: skip
            yield from (own.trace_id for own in events[:_TRACES])
    elif subject.kind is SubjectKind.PAGE and telemetry is not None:
        service, _, page = subject.name.partition(" ")
        views = _views(incident, now_us, service=service, page=page)
        yield from _traces_of_visits(telemetry, SessionFilter(views, has="error"))


def _slower_services(
    store: NamedRecords, telemetry: CauseTelemetry | None, incident: Incident, now_us: int
) -> Iterator[Subject]:
    slower = slower_step_of(incident, now_us)
    answer: TimeAttribution | str = ""
    if telemetry is not None and slower is not None:
        answer = explain_slower_step(store, telemetry.spans, slower)
    elif telemetry is not None and _subject(incident).kind is SubjectKind.PAGE:
        answer = _explain_slower_page(telemetry, incident, now_us)
    if isinstance(answer, str) or answer.no_traces or answer.by_requests:
        return
    for part in answer.parts[:1]:
        if part.place.service and part.extra.ms >= _HALF * answer.extra.ms > 0:
            yield Subject.of(SubjectKind.SERVICE, part.place.service)


def _explain_slower_page(telemetry: CauseTelemetry, incident: Incident, now_us: int) -> TimeAttribution | str:
    """Return where the extra time of a page is, by the traces of the documents of visits before and since."""
    service, _, page = _subject(incident).name.partition(" ")
    field = _VITALS.get(incident.lead.step, "")
    sides = []
    for since_us, until_us in ((incident.since_us - _USUAL_US, incident.since_us), (incident.since_us, now_us + 1)):
        environment = incident.labels.get("environment", "")
        filters = ViewFilter(since_us, until_us, service=service, environment=environment, page=page)
        rows = telemetry.users.sessions(SessionFilter(filters), limit=_COMPARED) if field else []
        views = [own for row in rows for own in telemetry.users.session_views(row.session)]
        took = {
            own.trace_id: float(getattr(own, field)) for own in views
            if own.page == page and since_us <= own.start_us < until_us and getattr(own, field) is not None
        }  # fmt: skip
        traces = (
            telemetry.spans.traces(list(took), limit=_COMPARED * MOST_SPANS, spans_each=MOST_SPANS + 1) if took else {}
        )
        sides.append([TracedStep(took[trace], (spans,), None) for trace, spans in traces.items()])
    return attribute_time(*sides)


def _pages(telemetry: CauseTelemetry | None, incident: Incident, ids: Iterable[str], now_us: int) -> Iterator[Subject]:
    """Yield the pages that a check's runs visited in these traces."""
    if telemetry is None or not is_check(incident.lead_subject):
        return
    for trace in list(ids)[:_VISITS]:
        for row in telemetry.users.sessions(
            SessionFilter(_views(incident, now_us, origin="synthetic"), trace_id=trace)
        ):
            for view in telemetry.users.session_views(row.session):
                if trace in traces_of_view(view):
                    yield Subject.of(SubjectKind.PAGE, f"{view.service} {view.page}")


def _traces_of_visits(telemetry: CauseTelemetry, wanted: SessionFilter) -> Iterator[str]:
    for row in telemetry.users.sessions(wanted, limit=_VISITS):
        for view in telemetry.users.session_views(row.session):
            if view.page == wanted.views.page and (view.errors or view.failed_calls):
                yield from filter(is_trace_id, traces_of_view(view))


def _views(incident: Incident, now_us: int, *, service: str = "", page: str = "", origin: str = "") -> ViewFilter:
    environment = incident.labels.get("environment", "") if page else ""
    since_us = incident.since_us - _BEFORE_US
    return ViewFilter(since_us, now_us + 1, service=service, environment=environment, page=page, origin=origin)
