"""Why traces that a run names have no spans. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.model import Kind, TraceSource

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from outrider.model import CheckId, SourceState

_ARRIVES_US: Final = 60 * 10**6
_DAY_S: Final = 86_400
_WALK: Final = "outrider doctor trace ADDRESS says where the id is lost"


@dataclass(frozen=True, slots=True)
class NamedTraces:
    """The traces that a run names.

    Attributes:
        sources: Who named each, by its id.
        finished_us: When the run ended, microseconds UTC.
        kept_s: How long spans are kept.
    """

    check: CheckId
    sources: Mapping[str, TraceSource]
    finished_us: int
    kept_s: float


def missing_spans(named: NamedTraces, joined: Collection[str], now_us: int, away: Sequence[SourceState] = ()) -> str:
    """Return why some traces have no spans, a line for a reader; empty if each has some.

    Args:
        named: By the run.
        joined: Ids of those that have spans.
        now_us: Microseconds UTC.
        away: How sources are that may have them.
    """
    if not named.sources:
        return _unnamed(named.check)
    missing = {source for trace_id, source in named.sources.items() if trace_id not in joined}
    if not missing:
        return ""
    count = sum(trace_id not in joined for trace_id in named.sources)
    why = "; ".join(dict.fromkeys(state.problem for state in away if state.problem)) or _why(named, missing, now_us)
    return f"{count} of {len(named.sources)} traces have no spans: {why}"


def _unnamed(check: CheckId) -> str:
    if check.kind is None or check.kind.value != Kind.JOURNEY.value:
        return "the run names no trace: traces were switched off when it ran, or its kind sends none"
    return (
        "the run names no trace: no request of its pages and no answer has one; instrument the service, let it name"
        " its trace in Server-Timing, or name its origin in [telemetry] propagate_to"
    )


def _why(named: NamedTraces, missing: Collection[TraceSource], now_us: int) -> str:
    age_us = now_us - named.finished_us
    if age_us > named.kept_s * 10**6:
        return f"spans are kept for {named.kept_s / _DAY_S:g} d, and the run is older"
    if age_us < _ARRIVES_US:
        return "they may still arrive; the run ended less than a minute ago"
    if TraceSource.OUTRIDER in missing:
        return f"nothing that recorded our requests sent spans here; {_WALK}"
    if TraceSource.RESPONSE in missing:
        return "the service named them, so it sampled them out, or sends its spans elsewhere"
    return f"pages sent them, and no service that continued them sent spans here; {_WALK}"
