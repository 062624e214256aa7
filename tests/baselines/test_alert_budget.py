"""One budget of false alerts for many series."""

from __future__ import annotations

import numpy as np
import pytest

from outrider.baselines import false_alerts_a_week, months_per_series
from outrider.baselines.judge_settings import MONTH_S
from outrider.baselines.series import DAY_S
from outrider.model import BadSeries


def test_the_series_of_a_check_share_its_budget() -> None:
    """Five steps at one false alert in five months: each may have one in twenty-five."""
    assert months_per_series(5, 5) == 25
    with pytest.raises(BadSeries):
        months_per_series(5, 0)


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
