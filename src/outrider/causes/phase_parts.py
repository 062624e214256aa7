"""Where a step waited, by what the prober itself measured of it: phases of a request, or actions of a journey. Pure.

For steps whose traces nobody has. It says less than spans do: the server is one part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.causes.trace_parts import StepParts, Waited, without_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.causes.trace_parts import Places
    from outrider.model import Measurement, Step

PHASE: Final = "(phase)"
"""In place of a service, where a part is none of a service."""

_REQUEST: Final = {
    "redirects_ms": "redirects", "token_ms": "access token", "dns_ms": "DNS lookup", "connect_ms": "connection",
    "tls_ms": "TLS handshake", "first_byte_ms": "wait for the first byte", "transfer_ms": "transfer",
}  # fmt: skip
_DOCUMENT: Final = {
    "ttfb_ms": "the document's first byte", "dom_ms": "the document until its DOM is ready",
    "load_ms": "the page until it is loaded",
}  # fmt: skip
"""Milestones since the navigation began, each after the one before."""

_LONGER: Final = 1.1
_SLACK_MS: Final = 10.0


def phase_parts(places: Places, measurement: Measurement, step: Step) -> StepParts | str:
    """Return what a step waited for, or why that is not known.

    They are the phases of its request; else the actions inside of it, of which those that open a document are told
    apart by its milestones. What none of them covers is `between_ms`.

    Args:
        places: What numbers them, for all runs that are to be compared.
        measurement: Of the attempt.
        step: Of it, with a duration.
    """
    duration_ms = step.duration_ms or 0.0
    known = list(_phases(measurement, step.key)) or list(_actions(measurement, step))
    if not known:
        return "nothing is measured within the step"
    total_ms = sum(ms for _, ms in known)
    if total_ms > duration_ms * _LONGER + _SLACK_MS:
        return "what is measured within the step lasts longer than it"
    waited: dict[int, Waited] = {}
    for name, ms in known:
        own = waited.setdefault(places.number(-1, PHASE, without_numbers(name)), Waited())
        own.ms += ms
        own.count += 1
    return StepParts(duration_ms, waited, duration_ms - total_ms, 0.0)


def _phases(measurement: Measurement, key: str) -> Iterator[tuple[str, float]]:
    values = {sample.metric: sample.value for sample in measurement.samples if sample.step == key}
    yield from ((name, values[metric]) for metric, name in _REQUEST.items() if metric in values)


def _actions(measurement: Measurement, step: Step) -> Iterator[tuple[str, float]]:
    """Yield the actions directly inside of a step, or the step itself if it is an action that opens a document."""
    inner = [own for own in measurement.steps if own.parent == step.key and own.duration_ms is not None]
    for own in inner or [step]:
        duration_ms = own.duration_ms or 0.0
        milestones = list(_milestones(measurement, own.key, duration_ms))
        yield from ((f"{own.title}: {name}" if inner else name, ms) for name, ms in milestones)
        if inner:
            rest = "the rest" if milestones else ""
            yield f"{own.title}: {rest}" if rest else own.title, duration_ms - sum(ms for _, ms in milestones)


def _milestones(measurement: Measurement, key: str, duration_ms: float) -> Iterator[tuple[str, float]]:
    values = {sample.metric: sample.value for sample in measurement.samples if sample.step == key}
    before_ms = 0.0
    for metric, name in _DOCUMENT.items():
        at_ms = min(values.get(metric, before_ms), duration_ms)
        if metric in values and at_ms >= before_ms:
            yield name, at_ms - before_ms
            before_ms = at_ms
