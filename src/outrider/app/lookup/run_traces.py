"""The spans of a run, by the traces that it is linked with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.access.workspace_access import now_us
from outrider.dashboard import SpanKeeping, run_without_spans

if TYPE_CHECKING:
    from outrider.app.lookup.joined_telemetry import JoinedTelemetry
    from outrider.model import Run, Span, TraceLink, TraceLinkLog


@dataclass(frozen=True, slots=True)
class RunTrace:
    """A trace of a run.

    Attributes:
        links: How the run is linked with it, at least one.
        spans: By their start; none where no service sent any.
    """

    links: tuple[TraceLink, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class RunTraces:
    """The first traces of a run, how many it is linked with, and why spans are missing; empty if none are."""

    traces: tuple[RunTrace, ...]
    count: int
    missing: str


def read_run_traces(
    log: TraceLinkLog, reader: JoinedTelemetry, run: Run, *, kept_s: float, limit: int = 50
) -> RunTraces:
    """Return the spans of a run's traces, in the order in which its requests name them.

    Args:
        log: Of links between runs and traces.
        reader: Of telemetry, and of sources.
        run: As it is stored.
        kept_s: How long spans are kept.
        limit: How many traces at most.

    Raises:
        TelemetryError: If the engine refuses.
    """
    links: dict[str, list[TraceLink]] = {}
    for link in log.of_run(run.id):
        links.setdefault(link.trace_id, []).append(link)
    shown = list(links.items())[:limit]
    traces = [RunTrace(tuple(of_trace), reader.trace(trace_id)) for trace_id, of_trace in shown]
    sources = {trace.links[0].trace_id: trace.links[0].source for trace in traces}
    joined = {trace.links[0].trace_id for trace in traces if trace.spans}
    keeping = SpanKeeping(reader, kept_s if reader.own is not None else 0.0, reader.sources.states())
    missing = run_without_spans(keeping, run, sources, joined, now_us())
    return RunTraces(tuple(traces), len(links), missing)
