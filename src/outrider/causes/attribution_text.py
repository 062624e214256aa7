"""Where the time of a step went, as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.causes.network_parts import ANSWER
from outrider.causes.phase_parts import PHASE
from outrider.charts import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.causes.time_attribution import Share, TimeAttribution, TimePart

_FEW, _MANY = 2.0, 5.0
"""A call that ran up to so often, and now runs so often at least, is made once for each of many rows ("N+1")."""

_SAME: Final = 0.05
_FAILS: Final = 0.05
_NAMED: Final = 3


def attribution_lines(attribution: TimeAttribution) -> tuple[str, ...]:
    """Return what a reader is told, a line a part: the whole, what differs by more than chance, what is left."""
    whole = f"of {change_text(attribution.extra)}"
    same = [part for part in attribution.parts if part.extra.ms * attribution.extra.ms > 0]
    against = [part for part in attribution.parts if part not in same]
    parts = [f"{change_text(part.extra)} in {place_text(part)}{_notes(part)}" for part in (*same, *against)]
    left = [
        (other_name(attribution), attribution.rest),
        (between_name(attribution), attribution.between),
        ("outside of the traces: browser, network, and what sends no spans", attribution.outside),
    ]
    rest = "; ".join(f"{_signed(share.ms)} {name}" for name, share in left if abs(share.ms) >= _least_ms(attribution))
    of = "request" if attribution.by_requests else "phase" if attribution.no_traces else "span"
    head = f"{whole}, {parts.pop(0)}" if same else f"{whole}, no {of} has more than chance explains"
    return (head, *parts, *([f"left: {rest}"] if rest else []), *_changed_requests(attribution))


def _changed_requests(attribution: TimeAttribution) -> Iterator[str]:
    """Yield which requests are new, and which are gone; of spans their own lines say it."""
    for name, places in (("new", attribution.new), ("gone", attribution.gone)):
        answers = [own.operation.removeprefix(ANSWER) for own in places if own.operation.startswith(ANSWER)]
        if attribution.by_requests and answers:
            more = f" and {len(answers) - _NAMED} more" if len(answers) > _NAMED else ""
            yield f"{name} requests: {', '.join(answers[:_NAMED])}{more}"


def runs_text(attribution: TimeAttribution) -> str:
    """Return what was compared, and what was left out."""
    compared = f"{attribution.before_runs} runs before and {attribution.after_runs} since; intervals hold in 80 %"
    left_out = [f"{count} left out, as {why}" for why, count in attribution.left_out.items()]
    why = attribution.no_traces
    what = "the browser's requests" if attribution.by_requests else "what the prober measured"
    by_phases = f"by {what}, since {why}" if why else ""
    return "; ".join(filter(None, (compared, *left_out, by_phases)))


def other_name(attribution: TimeAttribution) -> str:
    """Return what a reader calls the parts that are not named."""
    if attribution.by_requests:
        return "other requests"
    return "other phases" if attribution.no_traces else "other spans"


def between_name(attribution: TimeAttribution) -> str:
    """Return what a reader calls the time between them."""
    if attribution.by_requests:
        return "while no request was under way: the browser's own work, and the test's"
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
    if part.after_count and abs(part.after_bytes - part.before_bytes) > _SAME * part.before_bytes > 0:
        notes.append(f"{_size(part.before_bytes)} → {_size(part.after_bytes)}")
    if part.is_unanswered:
        notes.append("spans of what it calls are missing")
    return f": {', '.join(notes)}" if notes else ""


def _least_ms(attribution: TimeAttribution) -> float:
    return max(0.02 * abs(attribution.extra.ms), 0.5)


def _signed(ms: float) -> str:
    return f"{'+' if ms >= 0 else '-'}{milliseconds(abs(ms))}"


def _size(count: float) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
