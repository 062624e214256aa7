"""What a message says of an incident's cause: where the time or the error lies, each line with the page it is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from outrider.alerts import ERROR_MEANWHILE, NOT_KNOWN, Problem, Quote, slower_step_of
from outrider.causes import MOST_SPANS, TracedRuns, attribution_lines, explain_slower_step, span_tree
from outrider.charts import milliseconds
from outrider.dashboard.log_view import instant_text
from outrider.dashboard.page_addresses import incident_path, issue_path, trace_path
from outrider.model import Outcome, RunPosition, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.causes import SlowerStep, SpanNode
    from outrider.model import ErrorLog, Issue, LogRecord, OutsideError, Run, RunSummary, Span, TelemetryReader

SPANS_SENT_US: Final = 5_500_000
"""Clients of OpenTelemetry send their spans every five seconds: a look at once would see half of the last traces."""

_RUNS: Final = 3
_LOOKED_THROUGH: Final = 20
_LINKS: Final = 100
_TRACES: Final = 12
_SPANS: Final = _TRACES * (MOST_SPANS + 1)
_PARTS: Final = 1
_ERRORS: Final = 2
_LINES: Final = 2
_CHARACTERS: Final = 160
_BEFORE_US: Final = 60 * 10**6
_MEANWHILE_US: Final = 900 * 10**6
_USUAL_US: Final = 3_600 * 10**6
_LOGGED: Final = 4
_READ: Final = 20
_S: Final = 10**9
_AROUND_S: Final = 60


@dataclass(frozen=True, slots=True)
class OutsideErrors:
    """Reads errors that other trackers keep: those of traces, and the newest hundred of a time in microseconds UTC."""

    of_traces: Callable[[Sequence[str]], Sequence[OutsideError]] = lambda _: ()
    of_time: Callable[[int, int], Sequence[OutsideError]] = lambda *_: ()


_NO_ERRORS: Final = OutsideErrors()


class QuotedRecords(TracedRuns, Protocol):
    """What lines about incidents are made from."""

    @property
    def errors(self) -> ErrorLog:
        """Issues."""
        ...


def is_quotable(incident: Incident) -> bool:
    """Return whether runs of a check show the incident: one that fails, or has a slower step."""
    return bool(incident.lead.run) and incident.problem in {Problem.FAILURE, Problem.DEGRADATION}


def incident_quotes(
    store: QuotedRecords,
    reader: TelemetryReader | None,
    incident: Incident,
    now_us: int,
    *,
    outside_errors: OutsideErrors = _NO_ERRORS,
) -> tuple[Quote, ...]:
    """Return what the traces of its runs say, the most telling first; nothing where none of it is known.

    These are where the extra time of a slower step is, the spans that failed, or the slowest one where none did or the
    step is slower, the errors that were sent from the traces, and what was logged in them; without telemetry, the first
    alone, by what the prober measured. Where trackers know no error of the traces, those that began then are told.

    Raises:
        UsageError: If the run is not kept any more.
        TelemetryError: If the telemetry cannot be read.
    """
    if not is_quotable(incident):
        return ()
    slower = slower_step_of(incident, now_us)
    times = tuple(_times(store, reader, incident, slower)) if slower else ()
    if reader is None:
        return times
    traces = incident_traces(store, reader, incident, now_us)
    failed = () if slower else tuple(_failed(traces))
    return (
        *times,
        *(failed or _slowest(traces)),
        *_errors(store.errors, list(traces), incident, now_us),
        *_outside_errors(outside_errors, list(traces), incident, now_us),
        *_logs(reader, traces),
    )


def incident_traces(
    store: TracedRuns, reader: TelemetryReader, incident: Incident, now_us: int
) -> Mapping[str, Sequence[Span]]:
    """Return the spans of the last runs that show it, by the traces of the step that fails or is slower.

    Of the runs of one that fails, those whose spans have had the time to be sent are taken before later ones. A trace
    of too many spans has none: a part of it would mislead. One that other runs name, too, is left out.

    Raises:
        UsageError: If the run is not kept any more.
        TelemetryError: If the telemetry cannot be read.
    """
    lead = store.runs.get(incident.lead.run).run
    runs = [lead]
    if incident.problem is Problem.FAILURE:
        before = RunPosition(lead.due_us, lead.id)
        earlier = store.history.runs_before(lead.check, before, outcome=Outcome.FAILED, limit=_LOOKED_THROUGH)
        same = [run for run in earlier if _is_place(run, lead) and run.due_us >= incident.since_us]
        same.sort(key=lambda run: run.finished_us > now_us - SPANS_SENT_US)
        runs += [store.runs.get(run.id).run for run in same[: _RUNS - 1]]
    named = dict.fromkeys(trace for run in runs for trace in _trace_ids(run, incident.lead.step))
    ids = [trace for trace in list(named)[:_TRACES] if _is_of_one_run(store, trace)]
    traces = reader.traces(ids, limit=_SPANS, spans_each=MOST_SPANS + 1) if ids else {}
    return dict.fromkeys(ids, ()) | {trace: spans for trace, spans in traces.items() if len(spans) <= MOST_SPANS}


def _is_of_one_run(store: TracedRuns, trace: str) -> bool:
    """Return whether no other run names a trace: of an id that is used again, nobody knows whose the spans are."""
    return len({link.run for link in store.trace_links.of_traces([trace], limit=_LINKS)}) <= 1


def awaits_spans(
    store: TracedRuns, reader: TelemetryReader, incident: Incident, traces: Mapping[str, Sequence[Span]]
) -> bool:
    """Return whether spans of an incident's runs are on their way: none has come, though those of runs before it have.

    Args:
        store: Of runs.
        reader: Of their spans.
        incident: As it is now.
        traces: Its `incident_traces`.

    Raises:
        UsageError: If the run is not kept any more.
        TelemetryError: If the telemetry cannot be read.
    """
    if not is_quotable(incident) or not traces or any(traces.values()):
        return False
    lead = store.runs.get(incident.lead.run).run
    before = RunPosition(incident.since_us - SPANS_SENT_US, lead.id)
    earlier = [run for run in store.history.runs_before(lead.check, before, limit=_RUNS) if _is_place(run, lead)]
    named = (_trace_ids(store.runs.get(run.id).run, incident.lead.step) for run in earlier)
    ids = list(dict.fromkeys(trace for own in named for trace in own))[:_TRACES]
    return bool(ids and reader.traces(ids, limit=_TRACES, spans_each=1))


def _is_place(run: RunSummary, lead: Run) -> bool:
    return (run.environment, run.location) == (lead.environment, lead.location)


def _trace_ids(run: Run, step: str) -> Iterator[str]:
    """Yield the traces of a step and of those that failed; all of them where no request of these names one."""
    steps = {inner.key for attempt in run.attempts for inner in attempt.measurement.steps if inner.error is not None}
    traces = [trace for attempt in run.attempts for trace in attempt.measurement.traces]
    own = [trace.trace_id for trace in traces if trace.step in {step, *steps}]
    return iter(own or [trace.trace_id for trace in traces])


def _times(
    store: QuotedRecords, reader: TelemetryReader | None, incident: Incident, slower: SlowerStep
) -> Iterator[Quote]:
    answer = explain_slower_step(store, reader, slower)
    if isinstance(answer, str) and reader is None:
        return
    lines = (f"{NOT_KNOWN}{answer}",) if isinstance(answer, str) else attribution_lines(answer)[:_PARTS]
    for line in lines:
        yield quote_of("where the time went", line, f"{incident_path(incident.id)}#slower")


def _slowest(traces: Mapping[str, Sequence[Span]]) -> Iterator[Quote]:
    """Yield the span that the step waited for longest; none where their durations are not known."""
    nodes = [node for spans in traces.values() if spans for node in span_tree(spans).nodes]
    slowest = max(nodes, key=lambda node: node.critical_ns, default=None)
    if slowest is not None and slowest.critical_ns:
        took = milliseconds(slowest.critical_ns / 1e6)
        yield quote_of("slowest span", f"{_name(slowest.span)}, {took}", trace_path(slowest.span.trace_id))


def _failed(traces: Mapping[str, Sequence[Span]]) -> Iterator[Quote]:
    """Yield the spans that failed though nothing below them did, one of each operation."""
    operations: dict[tuple[str, str], Span] = {}
    for span in failed_spans(traces):
        operations.setdefault((span.service, span.name), span)
    for span in list(operations.values())[:_LINES]:
        message = f": {span.status_message}" if span.status_message else ""
        yield quote_of("failed span", f"{_name(span)}{message}", trace_path(span.trace_id))


def failed_spans(traces: Mapping[str, Sequence[Span]]) -> list[Span]:
    """Return the spans that failed though nothing below them did."""
    nodes = [node for spans in traces.values() if spans for node in span_tree(spans).nodes]
    return [node.span for node in nodes if _has_failed(node) and not any(map(_has_failed, node.children))]


def _errors(log: ErrorLog, traces: Sequence[str], incident: Incident, now_us: int) -> Iterator[Quote]:
    """Yield the issues whose events were sent from the traces, new ones first."""
    named = dict.fromkeys(event.issue for event in log.of_traces(traces)) if traces else {}
    issues = [issue for name in named if (issue := log.issue(name, now_us, hours=1)) is not None]
    for issue in sorted(issues, key=lambda issue: -issue.first_us)[:_ERRORS]:
        is_new = issue.first_us >= incident.since_us
        value = f": {issue.value}" if issue.value else ""
        yield quote_of("new error" if is_new else "error", f"{issue.title}{value}{_reach(issue)}", issue_path(issue.id))


def _outside_errors(outside: OutsideErrors, traces: Sequence[str], incident: Incident, now_us: int) -> Iterator[Quote]:
    """Yield what other trackers of errors keep of the traces, each issue once, or else the issues that began then."""
    if of_traces := _first_of_issues(outside.of_traces(traces) if traces else ()):
        for error in list(of_traces.values())[:_ERRORS]:
            yield quote_of("error", _outside_text(error), trace_path(error.trace_id))
        return
    since_us = incident.since_us - _BEFORE_US
    begun = _first_of_issues(outside.of_time(since_us, min(now_us, incident.since_us + _MEANWHILE_US)))
    known = _first_of_issues(outside.of_time(since_us - _USUAL_US, since_us)) if begun else {}
    for error in [own for issue, own in begun.items() if issue not in known][:_ERRORS]:
        yield quote_of(ERROR_MEANWHILE, _outside_text(error), error.url)


def _first_of_issues(errors: Sequence[OutsideError]) -> dict[tuple[str, str], OutsideError]:
    """Return the first error of each issue, the earliest first."""
    issues: dict[tuple[str, str], OutsideError] = {}
    for error in reversed(errors):
        issues.setdefault((error.project, error.issue or error.title), error)
    return issues


def _outside_text(error: OutsideError) -> str:
    return f"{error.title} of {error.project}{f' ({error.issue})' if error.issue else ''}"


def _reach(issue: Issue) -> str:
    of = f" of {issue.service}" if issue.service else ""
    return f"{of}, {issue.reach}"


def _logs(reader: TelemetryReader, traces: Mapping[str, Sequence[Span]]) -> Iterator[Quote]:
    """Yield what was logged in the traces from warnings on, each text once, the worst first."""
    records: dict[str, LogRecord] = {}
    for trace, spans in list(traces.items())[:_LOGGED]:
        asked = f"trace:{trace} level>=warn {_around(spans) if spans else ''}"
        records |= {record.body: record for record in reader.search_logs(asked, limit=_READ).rows}
    for record in sorted(records.values(), key=lambda record: (-record.severity_number, record.time_ns))[:_LINES]:
        line = f"{record.severity_text or 'log'} {record.service}: {record.body}"
        yield quote_of("log", line, trace_path(record.trace_id))


def _around(spans: Sequence[Span]) -> str:
    """Return the time of spans as a query writes it, with a minute on each side."""
    begin_s = min(span.time_ns for span in spans) // _S - _AROUND_S
    end_s = max(span.time_ns + span.duration_ns for span in spans) // _S + _AROUND_S
    return f"since:{instant_text(begin_s)} until:{instant_text(end_s)}"


def _has_failed(node: SpanNode) -> bool:
    return node.span.status == "Error"


def _name(span: Span) -> str:
    return f"{span.name} of {span.service}" if span.service else span.name


def quote_of(title: str, text: str, path: str) -> Quote:
    """Return a line that a phone can show."""
    line = " ".join(printable(text).split())
    return Quote(title, line if len(line) <= _CHARACTERS else f"{line[: _CHARACTERS - 1].rstrip()}…", path)
