"""One budget of false alerts for many series."""

from __future__ import annotations

import numpy as np
import pytest

from outrider.baselines import discoveries, false_alerts_a_week, is_strong, months_per_series
from outrider.baselines.judge_settings import MONTH_S
from outrider.baselines.series import DAY_S
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


@pytest.mark.slow
def test_alerts_by_chance_come_together_as_often_as_is_said() -> None:
    """Against forty simulated years of 400 series, alone, in pairs and threes: rather more is said (seed 11)."""
    rng = np.random.default_rng(11)
    series, months, lasting_hours, weeks = 400, 5.0, 4.0, 52 * 40
    often = series * 7 * DAY_S / (months * MONTH_S)
    begin = np.sort(rng.uniform(0, weeks * 168, rng.poisson(often * weeks)))
    end = begin + rng.exponential(lasting_hours, len(begin))
    others = np.array([int(((begin < at) & (end > at)).sum()) for at in begin])

    for company in (1, 2, 3):
        rate = false_alerts_a_week([months] * company, series, lasting_hours=lasting_hours)
        seen = (others >= company - 1).sum() / weeks
        assert 0.95 * seen <= rate <= 1.6 * seen
