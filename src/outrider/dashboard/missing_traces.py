"""Why traces have no spans, by what is kept of their runs and of their time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.causes import NamedTraces, missing_spans, why_missing
from outrider.dashboard.log_view import instant_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from outrider.model import Run, SourceState, TelemetryReader, TraceLink, TraceSource

_AROUND_S: Final = 5


@dataclass(frozen=True, slots=True)
class SpanKeeping:
    """Where spans are kept.

    Attributes:
        reader: Of telemetry, and of sources.
        kept_s: How long our telemetry keeps spans; 0 where none is taken.
        sources: How those that may have spans answered last.
    """

    reader: TelemetryReader
    kept_s: float = 0.0
    sources: Sequence[SourceState] = ()


def run_without_spans(
    keeping: SpanKeeping, run: Run, named: Mapping[str, TraceSource], joined: Collection[str], now_us: int
) -> str:
    """Return why some traces of a run have no spans, a line for a reader; empty if each has some.

    Args:
        keeping: Where spans are kept.
        run: As it is stored.
        named: Who named each of its traces, by its id.
        joined: Ids of those that have spans.
        now_us: Microseconds UTC.

    Raises:
        TelemetryError: If the telemetry cannot be read.
    """
    are_others = _are_others(keeping, run) if named.keys() - set(joined) else None
    asked = NamedTraces(run.check, named, run.finished_us, keeping.kept_s, are_others)
    return missing_spans(asked, joined, now_us, keeping.sources)


def linked_without_spans(keeping: SpanKeeping, run: Run, links: Iterable[TraceLink], now_us: int) -> str:
    """Return why traces that a run is linked with, none of which has spans, have none.

    Raises:
        TelemetryError: If the telemetry cannot be read.
    """
    named = {link.trace_id: link.source for link in links}
    asked = NamedTraces(run.check, named, run.finished_us, keeping.kept_s, _are_others(keeping, run))
    return why_missing(asked, named.values(), now_us)


def _are_others(keeping: SpanKeeping, run: Run) -> bool | None:
    if not keeping.kept_s:
        return None
    since_s, until_s = run.started_us / 1e6 - _AROUND_S, run.finished_us / 1e6 + _AROUND_S
    query = f"since:{instant_text(since_s)} until:{instant_text(until_s)}"
    return bool(keeping.reader.search_spans(query, limit=1).rows)
