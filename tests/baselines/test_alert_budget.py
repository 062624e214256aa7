"""One budget of false alerts for many series."""

from __future__ import annotations

import numpy as np
import pytest

from outrider.baselines import discoveries, is_strong, months_per_series
from outrider.model import BadSeries


def test_the_series_of_a_check_share_its_budget() -> None:
    """Five steps at one false alert in five months: each may have one in twenty-five."""
    assert months_per_series(5, 5) == 25
    with pytest.raises(BadSeries):
        months_per_series(5, 0)


def test_discoveries_survive_the_size_of_the_fleet() -> None:
    """Of a thousand quiet series none is believed, a strong one among them is (seed 1)."""
    p_values = np.random.default_rng(1).random(1000)
    p_values[0] = 1e-9

    result = discoveries(p_values)

    assert result[0]
    assert result.sum() == 1
    assert not discoveries([]).any()
    with pytest.raises(BadSeries):
        discoveries([1.5])


def test_strong_evidence_is_rarer_than_the_budget_of_the_workspace() -> None:
    """With a thousand series and one false page a week, chance must take a thousand weeks in one of them."""
    thousand_weeks = 1000 * 7 / 30.436875

    assert is_strong(thousand_weeks * 1.001, 1000)
    assert not is_strong(thousand_weeks * 0.999, 1000)
    assert is_strong(thousand_weeks * 0.501, 1000, false_pages_a_week=2)
    assert not is_strong(float("nan"), 1)


@pytest.mark.parametrize(("series", "pages"), [(0, 1.0), (5, 0.0), (5, float("nan"))])
def test_a_budget_of_nothing_is_an_error(series: int, pages: float) -> None:
    """Nothing can be shared."""
    with pytest.raises(BadSeries):
        is_strong(5.0, series, false_pages_a_week=pages)
