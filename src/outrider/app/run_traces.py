"""The spans of a run, by the traces that it is linked with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.model import RunId, Span, TelemetryReader, TraceLink, TraceLinkLog


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
    """The first traces of a run, and how many it is linked with."""

    traces: tuple[RunTrace, ...]
    count: int

    @property
    def missing(self) -> str:
        """Why spans are missing, a line for a reader; empty if every trace has some."""
        if not self.count:
            return "the run is linked with no trace: it began none, and no request or answer of its target named one"
        if empty := sum(not trace.spans for trace in self.traces):
            return (
                f"{empty} of {len(self.traces)} traces have no spans: their services are not instrumented, sample them"
                " out, ignore the header, or send their spans elsewhere; or the spans are past their age"
            )
        return ""


def read_run_traces(log: TraceLinkLog, reader: TelemetryReader, run: RunId, *, limit: int = 50) -> RunTraces:
    """Return the spans of a run's traces, in the order in which its requests name them.

    Args:
        log: Of links between runs and traces.
        reader: Of telemetry.
        run: Its whole id.
        limit: How many traces at most.

    Raises:
        TelemetryError: If the engine refuses.
    """
    links: dict[str, list[TraceLink]] = {}
    for link in log.of_run(run):
        links.setdefault(link.trace_id, []).append(link)
    shown = list(links.items())[:limit]
    traces = [RunTrace(tuple(of_trace), reader.trace(trace_id)) for trace_id, of_trace in shown]
    return RunTraces(tuple(traces), len(links))
