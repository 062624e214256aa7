"""One budget of false alerts for many series."""

from __future__ import annotations

import numpy as np
import pytest

from outrider.baselines import discoveries, months_per_series
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

    found = discoveries(p_values)

    assert found[0]
    assert found.sum() == 1
    assert not discoveries([]).any()
    with pytest.raises(BadSeries):
        discoveries([1.5])
