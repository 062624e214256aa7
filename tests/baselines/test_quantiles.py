"""Quantiles and shares with intervals, against independent values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from outrider.baselines import proportion_interval, quantile_of
from outrider.model import BadSeries


@pytest.mark.parametrize(("good", "total"), [(0, 5), (5, 5), (3, 7), (990, 1000)])
def test_the_interval_of_a_share_is_that_of_clopper_and_pearson(good: int, total: int) -> None:
    """As SciPy has it."""
    expected = binomtest(good, total).proportion_ci(0.95, method="exact")

    assert proportion_interval(good, total) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("good", "total"), [(0, 0), (-1, 5), (6, 5)])
def test_counts_that_cannot_be_are_refused(good: int, total: int) -> None:
    """A share of nothing is not a number."""
    with pytest.raises(BadSeries):
        proportion_interval(good, total)


@pytest.mark.parametrize("share", [0.5, 0.75, 0.95])
def test_the_interval_of_a_quantile_covers_it_as_often_as_it_says(share: float) -> None:
    """Simulated with seed 5: 1,000 samples of 200 uniform values; the quantile is the share itself."""
    random = np.random.default_rng(5)
    quantiles = [quantile_of(random.random(200), share) for _ in range(1_000)]
    covered = [quantile is not None and quantile.low <= share <= quantile.high for quantile in quantiles]

    assert 0.93 <= np.mean(covered) <= 0.99


@pytest.mark.parametrize(("count", "share"), [(0, 0.5), (5, 0.5), (30, 0.95)])
def test_too_few_values_have_no_quantile(count: int, share: float) -> None:
    """The interval would have to reach beyond the largest value."""
    assert quantile_of(np.arange(float(count)), share) is None
