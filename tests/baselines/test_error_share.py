"""More failures than usual."""

from __future__ import annotations

import pytest
from scipy import stats

from outrider.baselines import is_excess


@pytest.mark.parametrize("usual", [0.001, 0.01, 0.05, 0.3])
@pytest.mark.parametrize("count", [3, 20, 100, 1000])
def test_what_is_an_excess_happens_by_chance_less_often_than_once_in_a_thousand(usual: float, count: int) -> None:
    """By the exact binomial tail, which Chernoff's bound lies above; the smallest excess counts."""
    errors = next((errors for errors in range(count + 1) if is_excess(errors, count, usual)), None)

    if errors is not None:
        assert stats.binom.sf(errors - 1, count, usual) < 0.001
    assert is_excess(count, count, usual) is (errors is not None)


@pytest.mark.parametrize(("errors", "count"), [(0, 0), (2, 2), (0, 100), (3, 100), (101, 100)])
def test_few_failures_are_no_excess(errors: int, count: int) -> None:
    """Two failures say nothing, and three of a hundred are not three times as many."""
    assert not is_excess(errors, count, 0.02)
