"""Days until a budget is breached."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import theilslopes

from outrider.baselines import days_to_breach
from outrider.model import BadSeries, TooFewSamples


def test_a_straight_line_is_breached_when_it_says() -> None:
    """Without noise the day is exact."""
    forecast = days_to_breach(100.0 + np.arange(28), 147.0)

    assert forecast is not None
    assert forecast.days == pytest.approx(20, abs=0.01)
    assert forecast.earliest == pytest.approx(forecast.latest, abs=0.1)


def test_the_slope_is_theil_and_sens() -> None:
    """As SciPy has it (seed 1), with days missing."""
    daily = 100 + np.arange(40) + 3 * np.random.default_rng(1).standard_normal(40)
    daily[[3, 17]] = np.nan
    real = ~np.isnan(daily)

    forecast = days_to_breach(daily, 200.0)

    assert forecast is not None
    assert forecast.per_day == pytest.approx(theilslopes(daily[real], np.flatnonzero(real)).slope)


@pytest.mark.parametrize("seed", range(5))
def test_flat_and_falling_values_are_met_with_silence(seed: int) -> None:
    """No trend, no forecast (seeds 0 to 4)."""
    noise = 3 * np.random.default_rng(seed).standard_normal(40)

    assert days_to_breach(100 + noise - np.arange(40), 200.0) is None
    assert days_to_breach(np.full(30, 100.0), 200.0) is None


def test_what_is_too_far_ahead_is_not_said() -> None:
    """A month of history does not speak of next year."""
    assert days_to_breach(100.0 + np.arange(28), 1000.0) is None


def test_a_limit_already_reached_is_breached_today() -> None:
    """Zero days are left."""
    forecast = days_to_breach(100.0 + np.arange(28), 110.0)

    assert forecast is not None
    assert (forecast.days, forecast.earliest, forecast.latest) == (0.0, 0.0, 0.0)


def test_the_interval_covers_as_often_as_it_says() -> None:
    """80 % intervals cover 72 to 88 % of 300 forecasts with a memory of .3 (seeds 0 to 299)."""
    held = shown = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        noise = np.zeros(28)
        for k in range(1, 28):
            noise[k] = 0.3 * noise[k - 1] + rng.standard_normal()
        forecast = days_to_breach(400 + 2.0 * np.arange(-27, 1) + 8 * noise, 460.0)
        if forecast is not None:
            shown += 1
            held += forecast.earliest <= 30 <= forecast.latest

    assert shown > 250
    assert 0.72 <= held / shown <= 0.88


def test_too_short_a_history_is_said() -> None:
    """Thirteen days with values are too few, and so is none."""
    for daily in (np.zeros(0), np.full(60, np.nan), 100.0 + np.arange(13)):
        with pytest.raises(TooFewSamples):
            days_to_breach(daily, 200.0)
    with pytest.raises(BadSeries):
        days_to_breach(100.0 + np.arange(28), np.inf)
