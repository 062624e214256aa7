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
        kept_s: How long spans are kept; 0 if that is not known.
        are_others: Whether any span of that time is kept; None if that is not known.
    """

    check: CheckId
    sources: Mapping[str, TraceSource]
    finished_us: int
    kept_s: float
    are_others: bool | None = None


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
    missing = [source for trace_id, source in named.sources.items() if trace_id not in joined]
    if not missing:
        return ""
    why = problems_of(away) or why_missing(named, missing, now_us)
    return f"{len(missing)} of {len(named.sources)} traces have no spans: {why}"


def problems_of(away: Sequence[SourceState]) -> str:
    """Return what is wrong with sources that may have spans; empty if nothing is."""
    return "; ".join(dict.fromkeys(state.problem for state in away if state.problem))


def why_unnamed(kept_s: float) -> str:
    """Return why a trace that no run names may have no spans; spans are kept for so long, or 0 for an unknown time."""
    older = f", or it is older than {kept_s / _DAY_S:g} d" if kept_s else ""
    how = f"its services are not instrumented, sampled it out or send their spans elsewhere{older}"
    return f"no run that is kept names it: {how}; {_WALK}"


def _unnamed(check: CheckId) -> str:
    if check.kind is None or check.kind.value != Kind.JOURNEY.value:
        return "the run names no trace: traces were switched off when it ran, or its kind sends none"
    return (
        "the run names no trace: no request of its pages and no answer has one; instrument the service, let it name"
        " its trace in Server-Timing, or name its origin in [telemetry] propagate_to"
    )


def why_missing(named: NamedTraces, missing: Collection[TraceSource], now_us: int) -> str:
    """Return why traces of a run that these named have no spans."""
    age_us = now_us - named.finished_us
    if named.kept_s and age_us > named.kept_s * 10**6:
        return f"spans are kept for {named.kept_s / _DAY_S:g} d, and the run is older"
    if age_us < _ARRIVES_US:
        return "they may still arrive; the run ended less than a minute ago"
    if named.are_others is False:
        return f"no span of that time is kept: telemetry was not taken yet or was away, or no service sends it; {_WALK}"
    if TraceSource.OUTRIDER in missing:
        return f"nothing that recorded our requests sent spans here; {_WALK}"
    if TraceSource.RESPONSE in missing:
        return "the service named them, so it sampled them out, or sends its spans elsewhere"
    return f"pages sent them, and no service that continued them sent spans here; {_WALK}"
