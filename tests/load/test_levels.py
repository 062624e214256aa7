"""Levels of a load, from its intervals."""

from __future__ import annotations

from outrider.load.levels import levels
from outrider.model import EndpointLoad, Histogram, LoadInterval


def test_errors_are_not_throughput_of_a_level() -> None:
    """A target that answers errors quickly sustains only what succeeds."""
    fast_errors = EndpointLoad("GET /", Histogram({100: 20}), Histogram({10: 480}))
    intervals = [LoadInterval(float(at), 1.0, 5, 1, 0.2, 2.0, 0.0, (fast_errors,)) for at in range(8)]

    (level,) = levels(intervals)

    assert (level.requests_per_s, level.failure_share) == (20.0, 0.96)


def test_a_level_of_errors_only_has_no_throughput() -> None:
    """Its rate is zero, and its failure share is one."""
    errors = EndpointLoad("GET /", Histogram(), Histogram({10: 100}))
    intervals = [LoadInterval(float(at), 1.0, 5, 1, 0.2, 2.0, 0.0, (errors,)) for at in range(8)]

    (level,) = levels(intervals)

    assert (level.requests_per_s, level.failure_share) == (0.0, 1.0)
