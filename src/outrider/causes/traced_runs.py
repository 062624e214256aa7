"""The runs of a step before and after it got slower, with their spans."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from outrider.causes.har_requests import main_thread_tasks, wire_requests
from outrider.causes.network_parts import network_parts
from outrider.causes.phase_parts import phase_parts
from outrider.causes.time_attribution import (
    OUTSIDE,
    Share,
    TimeAttribution,
    TracedStep,
    attribute_parts,
    attribute_time,
    is_spread,
)
from outrider.causes.trace_parts import MOST_SPANS, Places
from outrider.model import ArtifactKind, Outcome, OutriderError, RunId, RunPosition, TelemetryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.causes.har_requests import MainThreadTask, WireRequest
    from outrider.causes.trace_parts import StepParts
    from outrider.model import (
        Attempt,
        CheckHistory,
        Measurement,
        Run,
        RunLog,
        RunSummary,
        Span,
        Step,
        StoredArtifact,
        TelemetryReader,
        TraceLinkLog,
    )

_FIRST: Final = "0" * 32
"""Before every run that was due at its time."""

_RUNS: Final = 20
"""On each side."""

_LOOKED_THROUGH: Final = 200
_MOST_TRACES: Final = 40
"""Of one step of a run."""

_AT_ONCE: Final = 1_000
_MOST_ROWS: Final = 60_000
_MOST_LINKS: Final = 10_000
_SLACK_NS: Final = 50_000_000
_MOST_HAR_BYTES: Final = 5_000_000
_MOST_REQUESTS: Final = 2_000
_TOO_MANY: Final = "its traces have more spans than can be read at once"
_REUSED: Final = "other runs have its trace ids, too"


class TracedRuns(Protocol):
    """Where runs and their traces are kept."""

    @property
    def runs(self) -> RunLog:
        """Runs, whole."""
        ...

    @property
    def history(self) -> CheckHistory:
        """Their order."""
        ...

    @property
    def trace_links(self) -> TraceLinkLog:
        """Their traces."""
        ...


@dataclass(frozen=True, slots=True)
class SlowerStep:
    """A step that got slower.

    Attributes:
        run: One of the runs that showed it.
        since_us: Since when, microseconds UTC.
        until_us: Until when it is looked at.
    """

    run: RunId
    step: str
    since_us: int
    until_us: int


def explain_slower_step(store: TracedRuns, reader: TelemetryReader | None, slower: SlowerStep) -> TimeAttribution | str:
    """Return where the extra time of a step is, by up to twenty runs on each side, or why that is not known.

    Told by the traces of the runs; where these do not say it, or there is no telemetry, by the requests of journeys, or
    by what else the prober measured.

    Raises:
        UsageError: If the run is not kept any more.
    """
    shown = store.runs.get(slower.run).run
    before = _passed(store, shown, slower.since_us, since_us=0)
    after = _passed(store, shown, slower.until_us + 1, since_us=slower.since_us)
    sides = [[_measured(store, run.id, slower.step) for run in side] for side in (before, after)]
    if not any(measured.step for measured in sides[0]):
        return f"no run before it got slower has a step {slower.step!r}"
    by_traces = _by_traces(store, reader, sides)
    if not isinstance(by_traces, str) and not _is_outside(by_traces):
        return by_traces
    why = by_traces if isinstance(by_traces, str) else OUTSIDE
    by_requests = _by_requests(sides)
    if not isinstance(by_requests, str) and _has_parts(by_requests):
        return replace(by_requests, no_traces=why, by_requests=True)
    if not isinstance(by_traces, str):
        return by_traces
    places = Places()
    by_phases = attribute_parts(places, *([_phases(places, measured) for measured in side] for side in sides))
    return by_traces if isinstance(by_phases, str) else replace(by_phases, no_traces=by_traces)


def _is_outside(attribution: TimeAttribution) -> bool:
    """Return whether the traces themselves say that most of the extra time is the browser's or the network's."""
    extra, outside = attribution.extra, attribution.outside
    return abs(outside.ms) > abs(extra.ms) / 2 and outside.low_ms * outside.high_ms > 0


def _by_requests(sides: Sequence[Sequence[_MeasuredStep]]) -> TimeAttribution | str:
    """Return where the time is by single requests; by hosts where each run waits for another request."""
    by_request = _attributed(sides, by_host=False)
    if isinstance(by_request, str) or by_request.parts or not is_spread(by_request):
        return by_request
    by_host = _attributed(sides, by_host=True)
    return by_host if not isinstance(by_host, str) and by_host.parts else by_request


def _attributed(sides: Sequence[Sequence[_MeasuredStep]], *, by_host: bool) -> TimeAttribution | str:
    places = Places()
    rows = ([_requests(places, measured, by_host=by_host) for measured in side] for side in sides)
    return attribute_parts(places, *rows)


def _has_parts(attribution: TimeAttribution) -> bool:
    """Return whether a step had requests or work at all."""
    return bool(attribution.parts) or attribution.rest != Share(0.0, 0.0, 0.0)


def _by_traces(
    store: TracedRuns, reader: TelemetryReader | None, sides: Sequence[Sequence[_MeasuredStep]]
) -> TimeAttribution | str:
    if reader is None:
        return "the workspace takes no traces"
    try:
        spans = _spans(store, reader, [measured for side in sides for measured in side])
    except TelemetryError as error:
        return error.what
    return attribute_time(*([_traced(measured, spans) for measured in side] for side in sides))


def _phases(places: Places, measured: _MeasuredStep) -> StepParts | str:
    if measured.step is None or measured.measurement is None:
        return "they have no such step"
    return phase_parts(places, measured.measurement, measured.step)


def _requests(places: Places, measured: _MeasuredStep, *, by_host: bool) -> StepParts | str:
    """Return what a step waited for by the HARs of its attempt, which are kept for a day."""
    if measured.step is None or measured.step.duration_ms is None:
        return "they have no such step"
    if not measured.hars or sum(artifact.bytes for artifact in measured.hars) > _MOST_HAR_BYTES:
        return "their requests are not kept"
    requests: list[WireRequest] = []
    tasks: list[MainThreadTask] = []
    for artifact in measured.hars:
        try:
            content = artifact.read()
            requests += wire_requests(content, most=_MOST_REQUESTS)[0]
            tasks += main_thread_tasks(content)
        except (OutriderError, OSError, EOFError):
            return "their requests are gone or damaged"
    begin_ms = measured.started_ns / 1e6
    run_begin_ms = begin_ms - measured.step.offset_ms
    run_ms = run_begin_ms, run_begin_ms + (measured.measurement.duration_ms if measured.measurement else 0.0)
    return network_parts(places, requests, begin_ms, measured.step.duration_ms, tasks, run_ms=run_ms, by_host=by_host)


def _passed(store: TracedRuns, like: Run, until_us: int, *, since_us: int) -> list[RunSummary]:
    """Return the last runs of the check in the same place that passed at once and were due before a time."""
    last = store.history.runs_before(
        like.check, RunPosition(until_us, RunId(_FIRST)), outcome=Outcome.PASSED, limit=_LOOKED_THROUGH
    )
    place = like.environment, like.location
    own = [run for run in last if (run.environment, run.location) == place and run.due_us >= since_us]
    return own[:_RUNS]


@dataclass(frozen=True, slots=True)
class _MeasuredStep:
    """A step of one run, what was measured with it, and its traces' ids; `is_shared` if they are of others, too."""

    step: Step | None
    trace_ids: tuple[str, ...]
    started_ns: int
    is_shared: bool
    measurement: Measurement | None = None
    hars: tuple[StoredArtifact, ...] = ()


def _measured(store: TracedRuns, run: RunId, key: str) -> _MeasuredStep:
    stored = store.runs.get(run)
    attempt = next((attempt for attempt in stored.run.attempts if attempt.measured), None)
    steps = attempt.measurement.steps if attempt else ()
    step = next((step for step in steps if step.key == key and step.duration_ms is not None), None)
    if attempt is None or step is None:
        return _MeasuredStep(None, (), 0, is_shared=False)
    ids, is_shared = _traces_of(attempt, step)
    started_ns = attempt.measurement.started_us * 1000 + round(step.offset_ms * 1e6)
    of_attempt = (own for own in stored.artifacts if own.attempt == attempt.number)
    hars = tuple(own for own in of_attempt if own.kind is ArtifactKind.HAR)
    return _MeasuredStep(step, ids, started_ns, is_shared, attempt.measurement, hars)


def _traces_of(attempt: Attempt, step: Step) -> tuple[tuple[str, ...], bool]:
    """Return the traces of a step, and whether they may hold what other steps did."""
    measurement = attempt.measurement
    own = {step.key, *(inner.key for inner in measurement.steps if inner.parent == step.key)}
    named = {trace.trace_id for trace in measurement.traces if trace.step in own}
    whole = [trace.trace_id for trace in measurement.traces if not trace.step]  # of the attempt
    others = {trace.trace_id for trace in measurement.traces if trace.step and trace.step not in own}
    ids = tuple(dict.fromkeys((*sorted(named), *whole)))
    return ids, bool(named & others) or (bool(whole) and sum(other.parent is None for other in measurement.steps) > 1)


def _spans(
    store: TracedRuns, reader: TelemetryReader, steps: Sequence[_MeasuredStep]
) -> Mapping[str, Sequence[Span] | str]:
    """Return the spans of traces by their ids, or why they are of no use; those of which none are kept left out."""
    named = list(dict.fromkeys(trace_id for step in steps for trace_id in step.trace_ids[:_MOST_TRACES]))
    spans: dict[str, Sequence[Span] | str] = {}
    for start in range(0, len(named), _AT_ONCE):
        ids = named[start : start + _AT_ONCE]
        runs: defaultdict[str, set[RunId]] = defaultdict(set)
        links = store.trace_links.of_traces(ids, limit=_MOST_LINKS)
        for link in links:
            runs[link.trace_id].add(link.run)
        own = [trace_id for trace_id in ids if len(runs[trace_id]) == 1 and links.is_complete]
        known = reader.traces(own, limit=_MOST_ROWS, spans_each=MOST_SPANS + 1)
        spans |= {trace_id: known[trace_id] or _TOO_MANY for trace_id in own if trace_id in known}
        spans |= {trace_id: _REUSED for trace_id in ids if len(runs[trace_id]) > 1 or not links.is_complete}
    return spans


def _traced(measured: _MeasuredStep, spans: Mapping[str, Sequence[Span] | str]) -> TracedStep | str:
    step = measured.step
    if step is None or step.duration_ms is None:
        return "they have no such step"
    if not measured.trace_ids:
        return "no request or answer of the step names a trace"
    if len(measured.trace_ids) > _MOST_TRACES:
        return f"the step has more than {_MOST_TRACES} traces"
    known = [spans[trace_id] for trace_id in measured.trace_ids if trace_id in spans]
    traces = tuple(own for own in known if not isinstance(own, str))
    if _TOO_MANY in known or (known and not traces):
        return _TOO_MANY if _TOO_MANY in known else _REUSED
    window = (measured.started_ns - _SLACK_NS, measured.started_ns + round(step.duration_ms * 1e6) + _SLACK_NS)
    return TracedStep(step.duration_ms, traces, window if measured.is_shared else None)
