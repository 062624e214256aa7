from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model import Histogram, merged

VALUES = st.lists(st.floats(min_value=1e-3, max_value=1e9), min_size=1, max_size=300)
SHARES = (0.0, 0.5, 0.9, 0.99, 0.999, 1.0)


@given(VALUES)
def test_quantiles_lie_within_one_percent(values: list[float]) -> None:
    histogram = Histogram.of(values)

    for share in SHARES:
        truth = float(np.quantile(values, share, method="inverted_cdf"))
        assert histogram.quantile(share) == pytest.approx(truth, rel=0.01)


@given(VALUES, VALUES)
def test_merging_is_exact(left: list[float], right: list[float]) -> None:
    assert merged((Histogram.of(left), Histogram.of(right))) == Histogram.of([*left, *right])


def test_what_is_tiny_or_nothing_counts_as_the_least() -> None:
    histogram = Histogram.of([0.0, 1e-9])

    assert histogram.total == 2
    assert histogram.quantile(0.5) == pytest.approx(1e-3, rel=0.01)


def test_no_values_have_no_quantile() -> None:
    assert Histogram().quantile(0.5) is None
    assert math.isclose(Histogram.of([5.0]).quantile(0.5) or 0.0, 5.0, rel_tol=0.01)
