"""A load's result as steps and samples."""

from __future__ import annotations

from outrider.load.load_samples import load_omissions, load_samples, load_steps
from outrider.model import EndpointLoad, Histogram, LoadInterval, LoadResult


def result(endpoints: int) -> LoadResult:
    """Return a load of so many endpoints, the later ones requested less often."""
    parts = tuple(EndpointLoad(f"GET /{n}", Histogram.of([10.0] * (endpoints - n))) for n in range(endpoints))
    return LoadResult((LoadInterval(0.0, 1.0, 5, 1, 0.3, 2.0, 0.0, parts),))


def test_endpoints_without_a_series_are_counted() -> None:
    """Those with the fewest requests have none, and the run says so."""
    many = result(53)

    assert len(load_steps(many)) == 50
    assert {sample.step for sample in load_samples(many)} == {"", *(f"GET /{n}" for n in range(50))}
    assert load_omissions(many) == ("steps and samples of 3 endpoints, those with the fewest requests",)


def test_a_load_of_few_endpoints_leaves_nothing_out() -> None:
    """Then nothing is said."""
    assert load_omissions(result(50)) == ()
