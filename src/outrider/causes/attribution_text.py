"""Where the time of a step went, as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.causes.phase_parts import PHASE
from outrider.charts import milliseconds

if TYPE_CHECKING:
    from outrider.causes.time_attribution import Share, SlowerOrigin, TimeAttribution, TimePart

_FEW, _MANY = 2.0, 5.0
"""A call that ran up to so often, and now runs so often at least, is made once for each of many rows ("N+1")."""

_SAME: Final = 0.05
MOSTLY_OUTSIDE: Final = 0.5
_FAILS: Final = 0.05


def attribution_lines(attribution: TimeAttribution) -> tuple[str, ...]:
    """Return what a reader is told, a line a part: the whole, what differs by more than chance, what is left."""
    whole = f"of {change_text(attribution.extra)}"
    parts = [f"{change_text(part.extra)} in {place_text(part)}{_notes(part)}" for part in attribution.parts]
    origin = f": {origin_text(attribution.slower_origin)}" if attribution.slower_origin else ""
    if _is_outside(attribution):
        unseen = origin or ": browser, network, and what sends no spans"
        parts.insert(0, f"{change_text(attribution.outside)} outside of the traces{unseen}")
    elif parts and attribution.no_traces:
        parts[0] += origin
    left = [
        (other_name(attribution), attribution.rest),
        (between_name(attribution), attribution.between),
        *([] if _is_outside(attribution) else [("outside of the traces", attribution.outside)]),
    ]
    rest = "; ".join(f"{_signed(share.ms)} {name}" for name, share in left if abs(share.ms) >= _least_ms(attribution))
    of = "phase" if attribution.no_traces else "span"
    head = [f"{whole}, {parts[0]}"] if parts else [f"{whole}, no {of} has more than chance explains"]
    return (*head, *parts[1:], *([f"left: {rest}"] if rest else []))


def origin_text(slower: SlowerOrigin) -> str:
    """Return what a browser measured of an origin."""
    before, after = milliseconds(slower.before_ms), milliseconds(slower.after_ms)
    return f"the slowest answer of {slower.origin} takes {after}, {before} before"


def _is_outside(attribution: TimeAttribution) -> bool:
    """Return whether most of the extra time is where no span is, and chance does not explain it."""
    extra, outside = attribution.extra.ms, attribution.outside
    return not attribution.no_traces and outside.low_ms > 0 and outside.ms >= MOSTLY_OUTSIDE * extra > 0


def runs_text(attribution: TimeAttribution) -> str:
    """Return what was compared, and what was left out."""
    compared = f"{attribution.before_runs} runs before and {attribution.after_runs} since; intervals hold in 80 %"
    left_out = [f"{count} left out, as {why}" for why, count in attribution.left_out.items()]
    why = attribution.no_traces
    by_phases = f"by what the prober measured, since of traces {why}" if why else ""
    return "; ".join(filter(None, (compared, *left_out, by_phases)))


def other_name(attribution: TimeAttribution) -> str:
    """Return what a reader calls the parts that are not named."""
    return "other phases" if attribution.no_traces else "other spans"


def between_name(attribution: TimeAttribution) -> str:
    """Return what a reader calls the time between them."""
    return "outside of what was measured" if attribution.no_traces else "between spans"


def change_text(share: Share) -> str:
    """Return an amount with its interval: "+290 ms (270 to 305)"."""
    low, high = _signed(share.low_ms), _signed(share.high_ms)
    if share.low_ms >= 0:
        low, high = low.removeprefix("+"), high.removeprefix("+")
    if low.rpartition(" ")[2] == high.rpartition(" ")[2] == _signed(share.ms).rpartition(" ")[2]:
        low, high = low.rpartition(" ")[0], high.rpartition(" ")[0]
    return f"{_signed(share.ms)} ({low} to {high})"


def place_text(part: TimePart) -> str:
    """Return an operation and its service, "SELECT products of catalogue", or what a phase is called."""
    if part.place.service == PHASE:
        return part.place.operation
    return f"{part.place.operation} of {part.place.service or 'an unnamed service'}"


def count_text(part: TimePart) -> str:
    """Return how often it ran in a run, before and since: "1 → 40"."""
    before, after = (f"{count:.3g}" for count in (part.before_count, part.after_count))
    return before if before == after else f"{before} → {after}"


def _notes(part: TimePart) -> str:
    notes = []
    if not part.before_count:
        notes.append("new")
    elif not part.after_count:
        notes.append("gone")
    elif abs(part.after_count - part.before_count) > _SAME * part.before_count:
        is_fan = part.before_count <= _FEW and part.after_count >= _MANY
        notes.append(f"ran {count_text(part)} times a run{' (N+1)' if is_fan else ''}")
    if part.after_errors - part.before_errors > _FAILS:
        tried = " and is tried again" if part.after_count - part.before_count >= _FAILS else ""
        notes.append(f"{part.after_errors:.2g} of {part.after_count:.3g} fail{tried}")
    if part.is_unanswered:
        notes.append("spans of what it calls are missing")
    return f": {', '.join(notes)}" if notes else ""


def _least_ms(attribution: TimeAttribution) -> float:
    return max(0.02 * abs(attribution.extra.ms), 0.5)


def _signed(ms: float) -> str:
    return f"{'+' if ms >= 0 else '-'}{milliseconds(abs(ms))}"
