"""Scores, limits, extremes, seasons and local time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.stats import genpareto, norm, t

from outrider.baselines import (
    MeanDifference,
    Part,
    Settings,
    change_points,
    chosen_interval,
    lasting_changes,
    mean_difference,
)
from outrider.baselines.extremes import return_level
from outrider.baselines.local_time import is_weekend, local_seconds, slot_of
from outrider.baselines.location import robust_sigma
from outrider.baselines.season import cells_of, fit_season
from outrider.baselines.statistics import limits, shape_scores, student_quantile, sustained

if TYPE_CHECKING:
    from tests.baselines.conftest import MakeSeries


def test_students_quantile_is_scipys() -> None:
    """Within 9 % from six degrees of freedom on, even far out."""
    for freedom in (6.0, 14.0, 28.0, 100.0, 1000.0):
        for z in (3.0, 4.5, 5.5):
            result = student_quantile(np.array([z]), np.array([freedom]))[0]
            assert result == pytest.approx(t.isf(norm.sf(z), freedom), rel=0.09)


def differences(value: list[float], freedom: float = 30.0) -> MeanDifference:
    """Return differences whose standard errors are one."""
    of_all = np.array(value)
    ones = np.ones(len(of_all))
    return MeanDifference(of_all, of_all, of_all, ones, ones, ones * freedom)


@pytest.mark.parametrize("truth", [-2.0, 1.0, 4.0])
def test_what_is_told_since_it_is_large_lies_in_its_interval(truth: float) -> None:
    """Of means of one, two or four errors, those from three on are told: eight of ten intervals hold, or more (seed 6).

    More where an interval would reach below zero, which is left out of it.
    """
    drawn = truth + np.random.default_rng(6).standard_t(30, 20_000)
    large = differences(drawn[np.abs(drawn) > 3.0].tolist()[:300])

    ends = [chosen_interval(large, column, 1.0, 3.0) for column in range(len(large.value))]

    held = [low <= truth <= high for low, high in ends]
    assert 0.75 <= sum(held) / len(held) <= (0.88 if truth > 3 else 0.95)
    assert all(low <= own <= high for own, (low, high) in zip(large.value, ends, strict=True))


def test_what_is_surely_told_keeps_its_plain_interval() -> None:
    """Far beyond what was asked for nothing is exaggerated."""
    draw = np.random.default_rng(7)
    difference = mean_difference(draw.normal(100, 5, (20, 1)), draw.normal(160, 5, (20, 1)))

    assert chosen_interval(difference, 0, 0.01, 3.0) == pytest.approx((difference.low[0], difference.high[0]), abs=1e-3)


def test_limits_rise_with_months_and_with_short_histories() -> None:
    """Rarer alerts and less knowledge both ask for more evidence."""
    for part in (Part.LEVEL, Part.SHAPE, Part.SPREAD, Part.TAIL):
        assert (limits(part, 200_000.0, 4032) > limits(part, 43_800.0, 4032)).all()
        assert (limits(part, 43_800.0, 1000) > limits(part, 43_800.0, 4032)).all()


def test_the_score_of_gaussian_residuals_is_the_residual() -> None:
    """-f'/f of the kernel estimate of N(0, 1) is x / (1 + h^2) (seed 1)."""
    score = shape_scores(np.random.default_rng(1).standard_normal(200_000))
    grid = np.arange(-5.0, 8.0, 1 / 16)
    middle = np.abs(grid) < 1.5

    assert score[middle] == pytest.approx(grid[middle] / 1.09, abs=0.08)


def test_a_return_level_is_that_of_the_tail() -> None:
    """The level exceeded once in 10,000 values of an exponential lies near ln(10,000) (seed 2)."""
    levels = [
        return_level(np.random.default_rng(seed).exponential(size=4000), 10_000.0) for seed in range(30)
    ]  # fmt: skip

    assert np.median(levels) == pytest.approx(genpareto.isf(1e-4, 0.0), rel=0.12)
    assert return_level(np.array([1.0]), 10.0) == np.inf


def test_sustained_is_the_least_of_runs_in_a_row() -> None:
    """Three in a row are as high as the lowest."""
    assert sustained(np.array([1.0, 5.0, 3.0, 4.0]), 3).tolist() == [1.0, 3.0]


def test_the_robust_sigma_is_the_scaled_deviation_from_the_median() -> None:
    """Of five equidistant values it is 1.4826."""
    assert robust_sigma(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) == pytest.approx(1.4826, abs=1e-3)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham"])
def test_local_time_is_the_standard_librarys(zone: str) -> None:
    """Slots and weekends agree with datetime over a year with both changes of the clock."""
    at = np.arange(1_767_225_600, 1_767_225_600 + 365 * 86_400, 25_000)
    local = local_seconds(at, zone)
    moments = [datetime.fromtimestamp(int(second), UTC).astimezone(ZoneInfo(zone)) for second in at]

    assert slot_of(local).tolist() == [2 * m.hour + m.minute // 30 for m in moments]
    assert is_weekend(local).tolist() == [int(m.weekday() >= 5) for m in moments]


def test_a_season_is_recovered_from_noise() -> None:
    """Daily profile and weekend offset come back within a hundredth or two (seed 3)."""
    at = 1_767_571_200 + 300 * np.arange(28 * 288)  # a Monday
    truth = 0.2 * np.sin(2 * np.pi * at / 86_400)
    weekend = is_weekend(at)
    value = 6 + truth - 0.1 * weekend + 0.05 * np.random.default_rng(3).standard_normal(len(at))

    season = fit_season(cells_of(at, value), "UTC")

    assert season.weekend == pytest.approx(-0.1, abs=0.01)
    assert season.at(at, "UTC") == pytest.approx(truth - 0.1 * weekend, abs=0.03)


def test_without_its_season_a_series_has_no_changes_but_the_real_one(make_series: MakeSeries) -> None:
    """A tide of 16 % makes many levels; divided out, the step of a fifth is left (seed 5)."""
    at, value = make_series(5, 21)
    value[14 * 288 :] *= 1.2

    (change,) = lasting_changes(at, value, Settings())

    assert len(change_points(value)) > 10
    assert abs(change.at_s - int(at[14 * 288].astype(int))) <= 3600


def test_slots_that_nobody_saw_lie_between_their_neighbours() -> None:
    """A check that runs at office hours only has a whole profile nevertheless."""
    at = np.concatenate([86_400 * day + np.arange(8 * 3600, 18 * 3600, 600) for day in range(20)])

    season = fit_season(cells_of(at, np.ones(len(at))), "UTC")

    assert np.isfinite(season.daily).all()
