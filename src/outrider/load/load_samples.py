"""What a load's result says as steps, samples and errors: an endpoint is a step, as long as its p95. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import ErrorRecord, ErrorSource, Sample, Step, StepKind, altogether

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.model import EndpointLoad, LoadResult

_SHARES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
_PRIMARY = "p95_ms"
_INTENDED = "intended_p99_ms"
_MOST_STEPS = 50


def load_steps(result: LoadResult) -> tuple[Step, ...]:
    """Return the endpoints that are requested most, in the order in which they were first seen."""
    failures = {one.endpoint: one.message for one in reversed(result.failures)}
    return tuple(
        Step(
            key=one.endpoint,
            title=one.endpoint,
            kind=StepKind.NAMED,
            offset_ms=0.0,
            duration_ms=one.times.quantile(_SHARES[_PRIMARY]),
            error=failures.get(one.endpoint) if one.failed.total else None,
        )
        for one in _told(result)
    )


def load_samples(result: LoadResult) -> tuple[Sample, ...]:
    """Return figures of each such endpoint, and of all together under the empty step."""
    found = [sample for one in _told(result) for sample in _figures(one.endpoint, one, result.length_s)]
    total = altogether(result.endpoints)
    overall = [*_figures("", total, result.length_s), Sample("", "users", float(result.most_users))]
    return (*found, *(one for one in overall if one.metric != "duration_ms"))


def load_errors(result: LoadResult) -> tuple[ErrorRecord, ...]:
    """Return the failures, a record a group."""
    return tuple(
        ErrorRecord(
            ErrorSource.REQUEST if one.endpoint else ErrorSource.TEST,
            f"{one.count} x {one.message}",
            "\n\n".join(one.samples),
            step=one.endpoint,
        )
        for one in result.failures
    )


def _told(result: LoadResult) -> list[EndpointLoad]:
    ranked = sorted(result.endpoints, key=lambda one: -one.requests)
    names = {one.endpoint for one in ranked[:_MOST_STEPS]}
    return [one for one in result.endpoints if one.endpoint in names]


def _figures(step: str, part: EndpointLoad, length_s: float) -> Iterator[Sample]:
    times = part.times
    for metric, share in _SHARES.items():
        if (value := times.quantile(share)) is not None:
            yield Sample(step, metric, value)
            if metric == _PRIMARY:
                yield Sample(step, "duration_ms", value)
    if part.intended is not None and (late := part.intended.quantile(0.99)) is not None:
        yield Sample(step, _INTENDED, late)
    yield Sample(step, "requests", float(part.requests))
    yield Sample(step, "requests_per_s", part.requests / length_s if length_s else 0.0)
    yield Sample(step, "failure_share", part.failure_share)
