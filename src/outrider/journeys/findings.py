"""Turns what an attempt left (phases, traces, HARs, reports of pages) into steps, samples and errors. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outrider.journeys.automatic import automatic_steps, is_action
from outrider.model import ErrorRecord, ErrorSource, Sample, Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.journeys.har import Request
    from outrider.journeys.messages import Phase, Stepped
    from outrider.journeys.trace import Call, Trace

MAX_ERRORS = 100
MAX_ORIGINS = 20
_NAVIGATIONS = {"goto", "setContent", "reload", "goBack", "goForward"}
_CLOCKS_APART_MS = 5  # the page's clock and the server's agree to a few milliseconds
_VITALS = ("ttfb_ms", "dom_ms", "load_ms", "fcp_ms", "lcp_ms", "cls", "inp_ms")


@dataclass(frozen=True, slots=True)
class RawEvidence:
    """Everything an attempt left.

    Attributes:
        named: Steps that the test named, the last word on each.
        documents: Web vitals, one mapping a document.
        started_ms: Wall clock, milliseconds since the epoch.
        root: Folder that the test files lie in.
    """

    phases: Sequence[Phase]
    trace: Trace
    requests: Sequence[Request]
    named: Sequence[Stepped]
    documents: Sequence[dict[str, Any]]
    started_ms: float
    root: str


def find_steps(remains: RawEvidence) -> tuple[Step, ...]:
    """Return named and automatic steps in order of time; an automatic step belongs to the innermost named one."""
    named = [
        Step(
            key=step.name,
            title=step.name,
            kind=StepKind.NAMED,
            offset_ms=step.start_ms - remains.started_ms,
            duration_ms=step.duration_ms,
            parent=step.parent,
            error=step.error,
        )
        for step in remains.named
    ]
    taken = {step.key for step in named}
    automatic = [
        Step(
            key=_apart(step.key, taken),
            title=step.title,
            kind=StepKind.AUTOMATIC,
            offset_ms=step.start_ms - remains.started_ms,
            duration_ms=step.duration_ms,
            parent=_around(step.start_ms, remains.named),
            source=step.source,
            error=step.error,
        )
        for step in automatic_steps(remains.trace.calls, remains.requests, remains.root)
    ]
    return tuple(sorted([*named, *automatic], key=lambda step: (step.offset_ms, step.kind != StepKind.NAMED)))


def find_samples(remains: RawEvidence, steps: Sequence[Step]) -> tuple[Sample, ...]:
    """Return the numbers of an attempt: durations in ms, sizes in bytes, counts, vitals a document."""
    samples = [Sample(step.key, "duration_ms", step.duration_ms) for step in steps if step.duration_ms is not None]
    body = sum(phase.duration_ms for phase in remains.phases if phase.when == "call")
    samples.append(Sample("", "duration_ms", body))
    samples.append(Sample("", "requests", float(len(remains.requests))))
    samples.append(Sample("", "failed_requests", float(sum(_is_failed(one) for one in remains.requests))))
    samples.append(Sample("", "transfer_bytes", float(sum(one.transfer_bytes for one in remains.requests))))
    samples.append(Sample("", "page_errors", float(sum(one.is_exception for one in remains.trace.incidents))))
    return (*samples, *_by_origin(remains.requests), *_vitals(remains, steps))


def find_errors(remains: RawEvidence, steps: Sequence[Step]) -> tuple[ErrorRecord, ...]:
    """Return the test's own failure first, then what pages, consoles and requests reported, in order of time.

    Each is joined to the step that it fell into.
    """
    failures = [
        ErrorRecord(ErrorSource.TEST, phase.message, phase.detail, step=failed_step(remains))
        for phase in remains.phases
        if phase.outcome == "failed"
    ]
    rest = [
        ErrorRecord(
            ErrorSource.PAGE if one.is_exception else ErrorSource.CONSOLE,
            one.message,
            one.stack,
            one.url,
            step=_step_at(one.at_ms - remains.started_ms, steps),
            offset_ms=one.at_ms - remains.started_ms,
        )
        for one in remains.trace.incidents
    ]
    rest += [
        ErrorRecord(
            ErrorSource.REQUEST,
            f"{one.method} {one.url}: {one.failure or one.status}",
            url=one.url,
            step=_step_at(one.start_ms - remains.started_ms, steps),
            offset_ms=one.start_ms - remains.started_ms,
        )
        for one in remains.requests
        if _is_failed(one)
    ]
    return tuple([*failures, *sorted(rest, key=lambda error: error.offset_ms or 0.0)][:MAX_ERRORS])


def failed_step(remains: RawEvidence) -> str:
    """Return the title of the step that failed: the innermost named one, else the last call with an error."""
    failed = [step for step in remains.named if step.error or step.duration_ms is None]
    if failed:
        return max(failed, key=lambda step: step.start_ms).name
    steps = automatic_steps(remains.trace.calls, remains.requests, remains.root)
    return next((step.title for step in reversed(steps) if step.error or step.duration_ms is None), "")


def waiting_for(trace: Trace, until_ms: float) -> str:
    """Return the call under way when time was up (wall clock, ms), or nothing if the test was busy by itself."""
    for call in reversed(trace.calls):
        if is_action(call) and (call.duration_ms is None or call.start_ms + call.duration_ms >= until_ms):
            return _describe(call)
    return ""


def has_touched(remains: RawEvidence, connections: int) -> bool:
    """Whether the attempt reached a page or sent a request; content that the test set itself counts."""
    navigated = any(call.method in _NAVIGATIONS for call in remains.trace.calls)
    return navigated or bool(remains.requests) or connections > 0


def _apart(key: str, taken: set[str]) -> str:
    """Return the key of an automatic step, told apart from those of named steps."""
    while key in taken:
        key += " (call)"
    return key


def _describe(call: Call) -> str:
    (step,) = automatic_steps([call], [], "")
    return step.title


def _around(at_ms: float, named: Iterable[Stepped]) -> str | None:
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
    return next((step.title for step in reversed(steps) if step.parent is None and step.offset_ms <= offset_ms), "")


def _by_origin(requests: Iterable[Request]) -> list[Sample]:
    groups: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        groups[request.origin].append(request)
    busiest = sorted(groups, key=lambda origin: -len(groups[origin]))[:MAX_ORIGINS]
    samples = []
    for origin in busiest:
        some = groups[origin]
        samples.append(Sample("", f"resource_ms {origin}", max(one.duration_ms for one in some)))
        samples.append(Sample("", f"resource_bytes {origin}", float(sum(one.transfer_bytes for one in some))))
    return samples


def _vitals(remains: RawEvidence, steps: Sequence[Step]) -> list[Sample]:
    """Return the worst of each vital, for each step that opened documents and for the run itself."""
    worst: dict[tuple[str, str], float] = {}
    for document in remains.documents:
        opener = _opener(float(document["origin_ms"]) - remains.started_ms, steps)
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
