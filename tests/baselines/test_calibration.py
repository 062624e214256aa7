"""What a sensitivity means on a series' own past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from outrider.baselines import calibrate, chance_of_as_many, sensitivities
from outrider.model import TooFewSamples

if TYPE_CHECKING:
    from tests.baselines.conftest import MakeSeries


@pytest.mark.slow
def test_a_calm_history_promises_few_false_alerts_and_a_visible_step(make_series: MakeSeries) -> None:
    """Ten percent noise: a rise of at most 20 % is seen within a day, in words (seed 1)."""
    at, value = make_series(1, 30, every_s=600)

    result = calibrate(at, value, np.random.default_rng(1), series=4)

    assert result.false_per_month <= 1
    assert result.smallest_step in {0.05, 0.10, 0.15, 0.20}
    assert "set to one false alert in 5 months" in result.in_words
    assert "seen within a day" in result.in_words


@pytest.mark.slow
def test_a_higher_sensitivity_costs_no_fewer_false_alerts(make_series: MakeSeries) -> None:
    """The three sensitivities are compared on the same resampled histories (seed 2)."""
    at, value = make_series(2, 20, every_s=1200)

    low, now, high = sensitivities(at, value, np.random.default_rng(2), series=3)

    assert (low.months, now.months, high.months) == pytest.approx((15, 5, 5 / 3))
    assert low.false_per_month <= now.false_per_month <= high.false_per_month
    for option in (low, now, high):
        assert sum(option.by_part.values()) == pytest.approx(option.false_per_month)
        assert set(option.by_part) <= {"level", "shape", "spread", "tail", "extreme"}
    assert high.by_part
    assert (high.smallest_step or 9) <= (low.smallest_step or 9)


@pytest.mark.parametrize(
    ("by_day", "expected", "chance"),
    [([], 3.0, 1.0), ([1] * 11, 3.68, 0.001508), ([11], 3.68, 1 - np.exp(-3.68 / 11)), ([1] * 3, 3.0, 0.5768)],
)
def test_chance_counts_alerts_of_one_day_as_a_cluster(by_day: list[int], expected: float, chance: float) -> None:
    """Single ones are Poisson (SciPy's upper tail); eleven of one day are worth one of eleven times rarer clusters."""
    assert chance_of_as_many(by_day, expected) == pytest.approx(chance, rel=0.05)


@pytest.mark.slow
def test_false_alerts_name_the_day_that_they_come_from(make_series: MakeSeries) -> None:
    """An hour of trouble in the past is drawn again and again (seed 2)."""
    at, value = make_series(2, 20, every_s=1200)
    value[500:520] *= 1.5

    result = calibrate(at, value, np.random.default_rng(2), series=3, settings={"months": 1})

    troubled = int(at[500].astype("datetime64[D]").astype(int))
    assert result.false_alerts == sum(result.by_day.values()) > 0
    assert next(iter(result.by_day)) == troubled


def test_two_weeks_are_needed(make_series: MakeSeries) -> None:
    """A shorter past says nothing."""
    with pytest.raises(TooFewSamples):
        calibrate(*make_series(3, 10), np.random.default_rng(3))


@pytest.mark.parametrize(
    ("value", "every_s"),
    [(np.nan, 1800), (-1.0, 1800), (np.inf, 1800), (80.0, 2 * 86_400), (80.0, 30 * 86_400)],
    ids=["missing", "negative", "infinite", "every second day", "monthly"],
)
def test_a_history_without_days_of_values_promises_nothing(value: float, every_s: int) -> None:
    """Neither where nothing was measured, nor where days that are drawn would lie closer than they did."""
    at = np.datetime64("2026-01-05", "s") + every_s * np.arange(960)

    with pytest.raises(TooFewSamples, match="days"):
        calibrate(at, np.full(960, value), np.random.default_rng(1), series=1)


def test_a_history_in_any_order_is_calibrated_as_in_order(make_series: MakeSeries) -> None:
    """Times that were handed in backwards are no reason to see nothing (seed 4)."""
    at, value = make_series(4, 18, every_s=3600)

    forwards, backwards = (calibrate(at[::turn], value[::turn], np.random.default_rng(4), series=1) for turn in (1, -1))

    assert forwards == backwards
    assert forwards.smallest_step is not None


def test_values_too_large_for_a_number_are_calibrated_without_a_warning() -> None:
    """A rise of the largest numbers there are is a missing run."""
    at = np.datetime64("2026-01-05", "s") + 3600 * np.arange(432)

    assert calibrate(at, np.full(432, 1.7e308), np.random.default_rng(5), series=1).false_per_month == 0
