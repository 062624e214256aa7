"""A load's result as steps, samples and errors: an endpoint is a step, as long as its p95. Pure."""

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
    failures = {group.endpoint: group.message for group in reversed(result.failures)}
    return tuple(
        Step(
            key=endpoint.endpoint,
            title=endpoint.endpoint,
            kind=StepKind.NAMED,
            offset_ms=0.0,
            duration_ms=endpoint.times.quantile(_SHARES[_PRIMARY]),
            error=failures.get(endpoint.endpoint) if endpoint.failed.total else None,
        )
        for endpoint in _shown(result)
    )


def load_samples(result: LoadResult) -> tuple[Sample, ...]:
    """Return figures of each such endpoint, and of all together under the empty step."""
    rates = result.rates
    by_step = [
        sample for part in _shown(result) for sample in _figures(part.endpoint, part, rates.get(part.endpoint, 0.0))
    ]
    total = altogether(result.endpoints)
    overall = [*_figures("", total, sum(rates.values())), Sample("", "users", float(result.most_users))]
    return (*by_step, *(sample for sample in overall if sample.metric != "duration_ms"))


def load_errors(result: LoadResult) -> tuple[ErrorRecord, ...]:
    """Return the failures, a record a group."""
    return tuple(
        ErrorRecord(
            ErrorSource.REQUEST if group.endpoint else ErrorSource.TEST,
            f"{group.count} x {group.message}",
            "\n\n".join(group.samples),
            step=group.endpoint,
        )
        for group in result.failures
    )


def load_omissions(result: LoadResult) -> tuple[str, ...]:
    """Return which endpoints have no series, in a line; the stored load has them all."""
    rest = len(result.endpoints) - _MOST_STEPS
    return (f"steps and samples of {rest} endpoints, those with the fewest requests",) if rest > 0 else ()


def _shown(result: LoadResult) -> list[EndpointLoad]:
    ranked = sorted(result.endpoints, key=lambda endpoint: -endpoint.requests)
    names = {endpoint.endpoint for endpoint in ranked[:_MOST_STEPS]}
    return [endpoint for endpoint in result.endpoints if endpoint.endpoint in names]


def _figures(step: str, part: EndpointLoad, rate: float) -> Iterator[Sample]:
    times = part.times
    for metric, share in _SHARES.items():
        if (value := times.quantile(share)) is not None:
            yield Sample(step, metric, value)
            if metric == _PRIMARY:
                yield Sample(step, "duration_ms", value)
    if part.intended is not None and (late := part.intended.quantile(0.99)) is not None:
        yield Sample(step, _INTENDED, late)
    yield Sample(step, "requests", float(part.requests))
    yield Sample(step, "requests_per_s", rate)
    yield Sample(step, "failure_share", part.failure_share)
