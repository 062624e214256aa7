"""One run: its report, its requests, and what differs from the last good run of its check in the same place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.alerts import headline
from outrider.causes import MOST_BYTES, WireRequest, wire_requests
from outrider.dashboard.attempt_columns import attempt_table, new_errors
from outrider.dashboard.incident_view import incidents_of
from outrider.dashboard.load_view import load_view
from outrider.dashboard.missing_traces import run_without_spans
from outrider.dashboard.session_links import session_links
from outrider.dashboard.source_excerpt import source_excerpt
from outrider.dashboard.vital_readings import vital_readings
from outrider.errors import run_event_ids
from outrider.model import ArtifactKind, Outcome, OutriderError, RunPosition, UsageError, title_of
from outrider.reports import Incident as ReportedIncident
from outrider.reports import NoIncidents, RequestTiming, pair_requests, pair_steps, run_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.dashboard.attempt_columns import AttemptTable, ErrorText
    from outrider.dashboard.load_view import LoadView
    from outrider.dashboard.outside_links import OutsideLink
    from outrider.dashboard.source_excerpt import SourceExcerpt
    from outrider.dashboard.sources import Sources
    from outrider.dashboard.vital_readings import VitalReading
    from outrider.model import Attempt, AttemptTrace, CheckId, KeptEvent, Run, Sample, StoredArtifact, StoredRun
    from outrider.reports import RequestPair, RunReport, StepPair

MOST_SAMPLES = 60
LISTED_TRACES = 20
_MOST_TRACES, _MOST_ERRORS = 1_000, 20
_UNMADE = frozenset({Outcome.MISSED, Outcome.SKIPPED})
_RUN_ID = re.compile(r"[0-9a-fA-F-]{4,36}")


@dataclass(frozen=True, slots=True)
class GoodRun:
    """The last run before that passed at once, and what differs from it.

    Attributes:
        requests: Those that differ, the worst first; `alike` addresses do not, or are left out.
        artifacts: What it left, as far as it is kept.
        errors: Those of the attempt that counts that this run's had not; it had `alike_errors` of them, too.
    """

    run: Run
    steps: tuple[StepPair, ...]
    requests: tuple[RequestPair, ...]
    alike: int
    artifacts: tuple[StoredArtifact, ...]
    errors: tuple[ErrorText, ...]
    alike_errors: int


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with what explains it.

    Attributes:
        title: Of its check; made of the id where the workspace has no such check any more.
        artifacts: What its attempts left, as far as it is kept.
        table: Its attempts side by side.
        vitals: Of the attempt that counts.
        load: Of a load profile's run; None of another.
        code: What ran; None where the snapshot is not kept any more.
        request_note: Why there are no requests, where a file has some; empty otherwise.
        requests: Of the attempt that counts; `more_requests` are left out.
        samples: What the attempt that counts gave.
        good: None if no earlier run passed.
        earlier: The run before it of the same check; None for the first.
        traces: Those of its attempts, with the attempt's number.
        span_counts: How many spans each of the first traces has, by its id; none where telemetry is off.
        missing_spans: Why some have none; empty if each has some, or telemetry is off.
        elsewhere: Sessions and events of other tools that its attributes and errors name.
        events: Errors that clients sent from those traces, of each issue the latest, with the issue's title.
    """

    report: RunReport
    title: str
    artifacts: tuple[StoredArtifact, ...]
    table: AttemptTable
    vitals: tuple[VitalReading, ...]
    load: LoadView | None
    code: SourceExcerpt | None
    request_note: str
    requests: tuple[WireRequest, ...]
    more_requests: int
    samples: tuple[Sample, ...]
    more_samples: int
    good: GoodRun | None
    earlier: str | None
    traces: tuple[tuple[int, AttemptTrace], ...]
    events: tuple[tuple[KeptEvent, str], ...]
    span_counts: Mapping[str, int]
    missing_spans: str
    elsewhere: tuple[OutsideLink, ...]

    @property
    def run(self) -> Run:
        """The run itself, without its attempts."""
        return self.report.run


@dataclass(frozen=True, slots=True)
class _CheckIncidents(NoIncidents):
    """The incidents of one check, as a run's report asks for them."""

    sources: Sources
    check: CheckId

    def incidents(self, since_us: int, until_us: int) -> Sequence[ReportedIncident]:
        return [
            ReportedIncident(headline(incident), self.check, incident.began_us, incident.ended_us, incident.lead.what)
            for incident in incidents_of(self.sources, self.check)
            if incident.began_us < until_us and (incident.ended_us is None or incident.ended_us >= since_us)
        ]


def run_detail(sources: Sources, name: str) -> RunDetail:
    """Return what is known of a run, by its id or a beginning or end of it that is unique.

    Raises:
        UsageError: unknown-run or ambiguous-run.
    """
    if not _RUN_ID.fullmatch(name):
        raise UsageError(f'"{name[:80]}" is no id of a run', slug="unknown-run", fix="open it from its check's page")
    store = sources.store
    stored = store.runs.get(name)
    run = stored.run
    report = run_report(
        store,
        replace(stored, artifacts=()),  # the page shows them its own way
        workspace=sources.title,
        timezone=sources.service().timezone,
        incidents=_CheckIncidents(sources, run.check),
    )
    counted = counted_attempt(run)
    samples = counted.measurement.samples if counted else ()
    requests, more, note = requests_of(stored, counted)
    good = _good_run(sources, stored, counted)
    earlier = store.history.runs_before(run.check, RunPosition(run.due_us, run.id), limit=1)
    traces = tuple((attempt.number, trace) for attempt in run.attempts for trace in attempt.measurement.traces)
    traces = () if "join" in sources.off else traces
    span_counts, missing = _spans_of(sources, run, [trace for _, trace in traces])
    return RunDetail(
        report=report, title=_title(sources, run.check), artifacts=stored.artifacts, table=attempt_table(run.attempts),
        vitals=vital_readings(counted, counted_attempt(good.run) if good else None),
        load=load_view(sources, stored), code=source_excerpt(sources, run),
        request_note=note, requests=requests, more_requests=more,
        samples=samples[:MOST_SAMPLES], more_samples=max(len(samples) - MOST_SAMPLES, 0),
        good=good, earlier=earlier[0].id if earlier else None,
        traces=traces, events=_events_of(sources, run, [trace.trace_id for _, trace in traces]),
        span_counts=span_counts, missing_spans=missing, elsewhere=session_links(_texts(run)),
    )  # fmt: skip


def _spans_of(sources: Sources, run: Run, traces: Sequence[AttemptTrace]) -> tuple[Mapping[str, int], str]:
    """Return how many spans the first traces have, and why some have none."""
    telemetry = sources.telemetry
    named = {trace.trace_id: trace.source for trace in traces[:LISTED_TRACES]}
    if not telemetry.has_traces or run.outcome in _UNMADE or "join" in sources.off:
        return {}, ""
    try:
        spans = telemetry.reader().traces(list(named)) if named else {}
        missing = run_without_spans(telemetry.keeping(), run, named, spans, sources.now_us())
    except OutriderError as error:
        return {}, f"spans cannot be looked at: {error.what}"
    return {trace_id: len(spans.get(trace_id, ())) for trace_id in named}, missing


def _events_of(sources: Sources, run: Run, trace_ids: Sequence[str]) -> tuple[tuple[KeptEvent, str], ...]:
    """Return the latest error of each issue that a run met, or its traces did, with the issue's title."""
    if "join" in sources.off:
        return ()
    errors = sources.store.errors
    latest: dict[int, KeptEvent] = {}
    met = errors.of_ids(run_event_ids(run)[:_MOST_TRACES])
    for event in (*met, *errors.of_traces(list(dict.fromkeys(trace_ids))[:_MOST_TRACES])):
        latest.setdefault(event.issue, event)
    now_us, sent = sources.now_us(), list(latest.values())[:_MOST_ERRORS]
    issues = [(event, errors.issue(event.issue, now_us, hours=1)) for event in sent]
    return tuple((event, issue.title) for event, issue in issues if issue is not None)


def _texts(run: Run) -> Iterator[str]:
    """Yield what a run says of its target: attributes, and errors with those of the page's console."""
    for attempt in run.attempts:
        yield from attempt.measurement.attributes.values()
        yield from (error.message for error in attempt.measurement.errors)


def _title(sources: Sources, name: CheckId) -> str:
    return next((check.title for check in sources.checks() or () if check.id == name), title_of(name))


def counted_attempt(run: Run) -> Attempt | None:
    """Return the attempt that counts: the measured one, else the first; None without any."""
    return next((attempt for attempt in run.attempts if attempt.measured), next(iter(run.attempts), None))


def requests_of(stored: StoredRun, attempt: Attempt | None) -> tuple[tuple[WireRequest, ...], int, str]:
    """Return the first requests of an attempt, or of another one that has any, how many more, and what is amiss.

    The note says why a file was not read; it is empty where requests are there, or none were recorded.
    """
    files = [artifact for artifact in stored.artifacts if artifact.kind is ArtifactKind.HAR]
    files.sort(key=lambda artifact: attempt is None or artifact.attempt != attempt.number)
    notes = []
    for artifact in files:
        name = f"{artifact.name} of attempt {artifact.attempt}"
        if artifact.bytes > MOST_BYTES:
            notes.append(f"{name} has {artifact.bytes:,} bytes, more than a page reads")
            continue
        try:
            requests, more = wire_requests(artifact.read())
        except (OutriderError, OSError, EOFError):
            notes.append(f"{name} is gone or damaged")
            continue
        if requests:
            return requests, more, ""
    return (), 0, "; ".join(notes)


def _good_run(sources: Sources, stored: StoredRun, counted: Attempt | None) -> GoodRun | None:
    run = stored.run
    line = sources.store.runs.last_good(
        run.check, environment=run.environment, location=run.location, until_us=run.due_us
    )
    if line is None or counted is None:
        return None
    good = sources.store.runs.get(line.id)
    good_attempt = counted_attempt(good.run)
    if good_attempt is None:
        return None
    requests, alike = _differing(requests_of(stored, counted)[0], requests_of(good, good_attempt)[0])
    errors, alike_errors = new_errors(counted, good_attempt)
    steps = pair_steps(counted, good_attempt)
    return GoodRun(good.run, steps, requests, alike, good.artifacts, errors, alike_errors)


def _differing(requests: Sequence[WireRequest], good: Sequence[WireRequest]) -> tuple[tuple[RequestPair, ...], int]:
    """Return what differs; nothing where either has no requests, of which retention removes files first."""
    if not requests or not good:
        return (), 0
    return pair_requests(map(_timing, requests), map(_timing, good))


def _timing(request: WireRequest) -> RequestTiming:
    return RequestTiming(request.method, request.url, request.status, request.duration_ms, request.failure)
