"""The raw evidence of an attempt (phases, traces, HARs, reports of pages) as steps, samples and errors. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outrider.journeys.automatic_steps import automatic_steps, is_action, step_title
from outrider.journeys.page_vitals import page_samples
from outrider.model import AttemptTrace, ErrorRecord, ErrorSource, Sample, Step, StepKind, TraceSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrider.journeys.har import Request
    from outrider.journeys.trace import Trace
    from outrider.journeys.worker_messages import Phase, StepEvent

MAX_ERRORS = 100
MAX_ORIGINS = 20
MAX_TRACES = 200
_NAVIGATIONS = {"goto", "setContent", "reload", "goBack", "goForward"}
_CLOCKS_APART_MS = 5  # the page's clock and the server's agree to a few milliseconds
_VITALS = ("ttfb_ms", "dom_ms", "load_ms", "fcp_ms", "lcp_ms", "cls", "inp_ms")


@dataclass(frozen=True, slots=True)
class RawEvidence:
    """Everything that an attempt recorded.

    Attributes:
        named: Steps that the test named, the latest message of each.
        documents: Web vitals, one mapping a document.
        started_ms: Wall clock, milliseconds since the epoch.
        root: Folder that the test files lie in.
    """

    phases: Sequence[Phase]
    trace: Trace
    requests: Sequence[Request]
    named: Sequence[StepEvent]
    documents: Sequence[dict[str, Any]]
    started_ms: float
    root: str


def find_steps(evidence: RawEvidence) -> tuple[Step, ...]:
    """Return named and automatic steps in order of time; an automatic step belongs to the innermost named one."""
    named = [
        Step(
            key=step.name,
            title=step.name,
            kind=StepKind.NAMED,
            offset_ms=step.start_ms - evidence.started_ms,
            duration_ms=step.duration_ms,
            parent=step.parent,
            error=step.error,
        )
        for step in evidence.named
    ]
    taken = {step.key for step in named}
    automatic = [
        Step(
            key=_apart(step.key, taken),
            title=step.title,
            kind=StepKind.AUTOMATIC,
            offset_ms=step.start_ms - evidence.started_ms,
            duration_ms=step.duration_ms,
            parent=_around(step.start_ms, evidence.named),
            source=step.source,
            error=step.error,
        )
        for step in automatic_steps(evidence.trace.calls, evidence.requests, evidence.root)
    ]
    return tuple(sorted([*named, *automatic], key=lambda step: (step.offset_ms, step.kind != StepKind.NAMED)))


def find_samples(evidence: RawEvidence, steps: Sequence[Step]) -> tuple[Sample, ...]:
    """Return the numbers of an attempt: durations in ms, sizes in bytes, counts, vitals a document."""
    samples = [Sample(step.key, "duration_ms", step.duration_ms) for step in steps if step.duration_ms is not None]
    body = sum(phase.duration_ms for phase in evidence.phases if phase.when == "call")
    samples.append(Sample("", "duration_ms", body))
    samples.append(Sample("", "requests", float(len(evidence.requests))))
    samples.append(Sample("", "failed_requests", float(sum(_is_failed(request) for request in evidence.requests))))
    samples.append(Sample("", "transfer_bytes", float(sum(request.transfer_bytes for request in evidence.requests))))
    samples.append(Sample("", "page_errors", float(sum(error.is_exception for error in evidence.trace.page_errors))))
    of_pages = page_samples(evidence.documents, lambda origin_ms: _opener(origin_ms - evidence.started_ms, steps))
    return (*samples, *_by_origin(evidence.requests), *_vitals(evidence, steps), *of_pages)


def find_errors(evidence: RawEvidence, steps: Sequence[Step]) -> tuple[ErrorRecord, ...]:
    """Return the test's own failure first, then what pages, consoles and requests reported, in order of time.

    Each is joined to the step that it fell into.
    """
    failures = [
        ErrorRecord(ErrorSource.TEST, phase.message, phase.detail, step=failed_step(evidence))
        for phase in evidence.phases
        if phase.outcome == "failed"
    ]
    rest = [
        ErrorRecord(
            ErrorSource.PAGE if error.is_exception else ErrorSource.CONSOLE,
            error.message,
            error.stack,
            _page_at(error.at_ms, evidence.documents) or error.url if error.is_exception else error.url,
            step=_step_at(error.at_ms - evidence.started_ms, steps),
            offset_ms=error.at_ms - evidence.started_ms,
        )
        for error in evidence.trace.page_errors
    ]
    rest += [
        ErrorRecord(
            ErrorSource.REQUEST,
            f"{request.method} {request.url}: {request.failure or request.status}",
            url=request.url,
            step=_step_at(request.start_ms - evidence.started_ms, steps),
            offset_ms=request.start_ms - evidence.started_ms,
        )
        for request in evidence.requests
        if _is_failed(request)
    ]
    return (*failures, *sorted(rest, key=lambda error: error.offset_ms or 0.0))


def _page_at(at_ms: float, documents: Sequence[dict[str, Any]]) -> str:
    """Return the address of the document that was opened last before a time; empty if none is known."""
    opened = [own for own in documents if float(own["origin_ms"]) <= at_ms + _CLOCKS_APART_MS]
    return str(max(opened, key=lambda own: float(own["origin_ms"]))["url"]) if opened else ""


def find_traces(evidence: RawEvidence, steps: Sequence[Step], *, own: str = "") -> tuple[AttemptTrace, ...]:
    """Return the traces that requests and responses name, each with the first-level step that its request fell into.

    Each is there once a step, as the request named it if it did. Beyond `MAX_TRACES`, which are kept, those come first
    that each step has its share of. The trace `own` is the one that Outrider began.
    """
    traces: dict[tuple[str, str], AttemptTrace] = {}
    for request in sorted(evidence.requests, key=lambda request: request.start_ms):
        step = _key_at(request.start_ms - evidence.started_ms, steps)
        named = ((request.trace_id, TraceSource.PAGE), (request.answered_trace_id, TraceSource.RESPONSE))
        for trace_id, source in named:
            if trace_id:
                begun_by = TraceSource.OUTRIDER if trace_id == own else source
                traces.setdefault((trace_id, step), AttemptTrace(trace_id, step, source=begun_by))
    return tuple(_by_turns(list(traces.values())) if len(traces) > MAX_TRACES else traces.values())


def _by_turns(traces: Sequence[AttemptTrace]) -> list[AttemptTrace]:
    """Return the traces with the first of each step first, then the second of each, and so on."""
    counts: dict[str, int] = defaultdict(int)
    turns = []
    for trace in traces:
        turns.append((counts[trace.step], trace))
        counts[trace.step] += 1
    return [trace for _, trace in sorted(turns, key=lambda turn: turn[0])]


def find_omissions(evidence: RawEvidence, error_count: int) -> tuple[str, ...]:
    """Return what `MAX_ERRORS` and `MAX_ORIGINS` leave out, a line each."""
    origins = len({request.origin for request in evidence.requests})
    counts = ((error_count, MAX_ERRORS, "errors"), (origins, MAX_ORIGINS, "origins, those with the fewest requests"))
    return tuple(f"{count - most} of {count} {what}" for count, most, what in counts if count > most)


def failed_step(evidence: RawEvidence) -> str:
    """Return the title of the step that failed: the innermost named one, else the last call with an error."""
    failed = [step for step in evidence.named if step.error or step.duration_ms is None]
    if failed:
        return max(failed, key=lambda step: step.start_ms).name
    steps = automatic_steps(evidence.trace.calls, evidence.requests, evidence.root)
    return next((step.title for step in reversed(steps) if step.error or step.duration_ms is None), "")


def waiting_for(trace: Trace, until_ms: float) -> str:
    """Return the call under way at the time-out (wall clock, ms), or nothing if the test was in its own code."""
    for call in reversed(trace.calls):
        if is_action(call) and (call.duration_ms is None or call.start_ms + call.duration_ms >= until_ms):
            return step_title(call)
    return ""


def has_touched(evidence: RawEvidence, connections: int) -> bool:
    """Whether the attempt reached a page or sent a request; content that the test set itself counts."""
    navigated = any(call.method in _NAVIGATIONS for call in evidence.trace.calls)
    return navigated or bool(evidence.requests) or connections > 0


def _apart(key: str, taken: set[str]) -> str:
    """Return the key of an automatic step, distinct from those of named steps."""
    while key in taken:
        key += " (call)"
    return key


def _around(at_ms: float, named: Iterable[StepEvent]) -> str | None:
    """Return the innermost named step that was open at a time."""
    inside = [
        step
        for step in named
        if step.start_ms <= at_ms and (step.duration_ms is None or at_ms < step.start_ms + step.duration_ms)
    ]
    return max(inside, key=lambda step: step.start_ms).name if inside else None


def _is_failed(request: Request) -> bool:
    cancelled = request.failure.endswith("ERR_ABORTED")  # the page or its user moved on
    return (bool(request.failure) and not cancelled) or request.status >= 400


def _step_at(offset_ms: float, steps: Sequence[Step]) -> str:
    """Return the title of the step on the first level that began last before a moment, or nothing."""
    return next((step.title for step in _before(offset_ms, steps)), "")


def _key_at(offset_ms: float, steps: Sequence[Step]) -> str:
    """Return the key of that step, or nothing."""
    return next((step.key for step in _before(offset_ms, steps)), "")


def _before(offset_ms: float, steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps on the first level that began before a moment, the last first."""
    return (step for step in reversed(steps) if step.parent is None and step.offset_ms <= offset_ms)


def _by_origin(requests: Iterable[Request]) -> list[Sample]:
    groups: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        groups[request.origin].append(request)
    busiest = sorted(groups, key=lambda origin: -len(groups[origin]))[:MAX_ORIGINS]
    samples = []
    for origin in busiest:
        of_origin = groups[origin]
        samples.append(Sample("", f"resource_ms {origin}", max(request.duration_ms for request in of_origin)))
        samples.append(
            Sample("", f"resource_bytes {origin}", float(sum(request.transfer_bytes for request in of_origin)))
        )
    return samples


def _vitals(evidence: RawEvidence, steps: Sequence[Step]) -> list[Sample]:
    """Return the worst of each vital, for each step that opened documents and for the run itself."""
    worst: dict[tuple[str, str], float] = {}
    for document in evidence.documents:
        opener = _opener(float(document["origin_ms"]) - evidence.started_ms, steps)
        for metric in _VITALS:
            value = document.get(metric)
            if isinstance(value, int | float):
                for step in {"", opener}:
                    worst[step, metric] = max(worst.get((step, metric), 0.0), float(value))
    return [Sample(step, metric, value) for (step, metric), value in worst.items()]


def _opener(offset_ms: float, steps: Sequence[Step]) -> str:
    """Return the innermost step during which a document began to load."""
    begun = [step for step in steps if step.offset_ms <= offset_ms + _CLOCKS_APART_MS]
    inside = [step for step in begun if not _is_over(step, offset_ms)]
    return max(inside, key=lambda step: step.offset_ms).key if inside else ""


def _is_over(step: Step, offset_ms: float) -> bool:
    return step.duration_ms is not None and step.offset_ms + step.duration_ms < offset_ms
