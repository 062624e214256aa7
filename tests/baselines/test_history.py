"""Change points in a whole history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import mannwhitneyu

from outrider.baselines import change_points, precede
from outrider.baselines.history import _rank_p_value
from outrider.baselines.segmentation import best_split
from outrider.baselines.trend_segmentation import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.baselines.series import FloatArray, IntArray


def test_each_new_level_is_found_where_it_begins() -> None:
    """Four levels a fifth apart, at 5 % noise, are found within five runs (seed 1)."""
    rng = np.random.default_rng(1)
    value = np.repeat([100.0, 120.0, 100.0, 80.0], 150) + 5 * rng.standard_normal(600)

    points = change_points(value)

    assert [abs(int(point) - at) <= 5 for point, at in zip(points, (150, 300, 450), strict=True)] == [True] * 3
    assert points[0].before == pytest.approx(100, abs=2)
    assert points[0].ratio == pytest.approx(1.2, abs=0.03)
    assert all(point.earliest <= point.index <= point.latest for point in points)


@pytest.mark.parametrize("memory", [0.0, 0.4])
def test_an_unchanged_history_is_left_alone(memory: float) -> None:
    """None of 200 histories of 500 runs is flagged, autocorrelated or not (seeds 0 to 199)."""
    flagged = 0
    for seed in range(200):
        shocks = np.random.default_rng(seed).standard_normal(500)
        flagged += bool(change_points(100 + 5 * lfilter([1.0], [1.0, -memory], shocks)))

    assert flagged <= 1


@pytest.mark.parametrize("length", [20, 30, 50, 200])
@pytest.mark.parametrize("size", [8.0, 40.0])
def test_a_large_step_is_found_however_short_the_levels(length: int, size: float) -> None:
    """Of 100 histories of two levels at most one is told no change, or another place (seeds 0 to 99)."""
    missed = 0
    for seed in range(100):
        value = 800 + np.random.default_rng([seed, length]).standard_normal(2 * length)
        value[length:] += size
        missed += [abs(int(point) - length) <= 2 for point in change_points(value)] != [True]

    assert missed <= 1


def test_many_steps_in_a_short_history_are_found() -> None:
    """Four levels of 25 runs, six to nine sigmas apart: at least 120 of the 150 changes are placed (seeds 0 to 49)."""
    placed = 0
    for seed in range(50):
        rng = np.random.default_rng(seed)
        value = np.repeat(np.cumsum(rng.uniform(6, 9, 4) * rng.choice([-1, 1], 4)), 25) + rng.standard_normal(100)
        points = [int(point) for point in change_points(100 + value)]
        placed += sum(any(abs(point - at) <= 2 for point in points) for at in (25, 50, 75))

    assert placed >= 120


@pytest.mark.parametrize("memory", [0.0, 0.4, 0.7])
@pytest.mark.parametrize("length", [28, 40, 200])
def test_noise_in_a_short_history_is_left_alone(length: int, memory: float) -> None:
    """Of 200 histories at most 3 % are flagged, autocorrelated or not (seeds 0 to 199)."""
    flagged = 0
    for seed in range(200):
        shocks = np.random.default_rng([seed, length]).standard_normal(length + 50)
        flagged += bool(change_points(100 + lfilter([1.0], [1.0, -memory], shocks)[50:]))

    assert flagged <= 6


@pytest.mark.parametrize("length", [14, 40, 100, 300, 1000])
@pytest.mark.parametrize(
    "course",
    [
        lambda at: np.full(len(at), 0.1),
        lambda at: 100 + 0.1 * at,
        lambda at: np.where(at % 2, 100.0, 120.0),
        lambda at: 100.0 + at % 7,
        lambda at: 100.0 + at % 24,
        lambda at: 100 + 10 * np.sin(2 * np.pi * at / 24),
        lambda at: np.where(at % 10 == 0, 120.0, 100.0),
    ],
    ids=["constant", "line", "alternating", "by sevens", "by days", "sine", "every tenth"],
)
def test_an_exact_or_periodic_history_has_no_changes(course: Callable[[IntArray], FloatArray], length: int) -> None:
    """Whatever its length."""
    assert change_points(course(np.arange(length))) == []


def test_spikes_and_short_excursions_are_no_levels() -> None:
    """Neither single runs at tenfold nor five in a row make a level (seed 2)."""
    value = 100 + 5 * np.random.default_rng(2).standard_normal(400)
    value[::37] *= 10
    value[200:205] *= 3

    assert change_points(value) == []


def test_indices_count_missing_runs() -> None:
    """NaN is left out of the statistic and not out of the count (seed 3)."""
    value = 100 + 2 * np.random.default_rng(3).standard_normal(400)
    value[200:] += 20
    value[::3] = np.nan

    points = change_points(value)

    assert len(points) == 1
    assert abs(points[0].index - 200) <= 4


@pytest.mark.slow
def test_the_interval_covers_the_true_location() -> None:
    """At a step of one sigma the 95 % interval holds the truth in at least 90 % of 200 histories (seeds 0 to 199)."""
    held = shown = 0
    for seed in range(200):
        value = np.random.default_rng(seed).standard_normal(400)
        value[200:] += 1.0
        for point in change_points(value)[:1]:
            shown += 1
            held += point.earliest <= 200 <= point.latest

    assert shown > 180
    assert held / shown > 0.9


def test_the_p_value_is_mann_whitneys_where_nothing_is_autocorrelated() -> None:
    """Independent noise leaves the rank test nearly as SciPy has it (seed 4)."""
    value = np.random.default_rng(4).standard_normal(200)
    value[100:] += 1.2

    (point,) = change_points(value)

    exact = mannwhitneyu(value[: point.index], value[point.index :]).pvalue
    assert np.log10(point.p_value) == pytest.approx(np.log10(exact), abs=0.35 * abs(np.log10(exact)))


def test_the_best_split_maximises_the_gain_of_all_splits() -> None:
    """The vectorised search agrees with trying every split (seed 5)."""
    values = np.random.default_rng(5).standard_normal(60)

    gains = {
        k: abs(values[:k].mean() - values[k:].mean()) * np.sqrt(k * (60 - k) / 60) for k in range(7, 54)
    }  # fmt: skip

    assert best_split(values, 7) == max(gains, key=lambda k: gains[k])


def test_a_change_point_names_the_release_within_its_interval() -> None:
    """Of several releases the nearest within the interval; of none, none."""
    value = 100 + 5 * np.random.default_rng(6).standard_normal(400)
    value[200:] += 20
    points = change_points(value)

    assert precede(points, [50, 199, 300]) == [1]
    assert precede(points, [50, 300]) == [None]
    assert precede(points, []) == [None]


@pytest.mark.parametrize("places", [8, 1, 0])
@pytest.mark.parametrize("shift", [0.0, 0.4, 6.0])
@pytest.mark.parametrize(("few", "many"), [(7, 9), (40, 25), (7, 600)])
def test_the_rank_test_is_that_of_scipy(few: int, many: int, shift: float, places: int) -> None:
    """With and without ties, on either side of the middle."""
    random = np.random.default_rng(few)
    left, right = random.normal(0, 1, few).round(places), random.normal(shift, 1, many).round(places)

    p_value = _rank_p_value(left, right, 1.0)

    assert p_value == pytest.approx(mannwhitneyu(left, right, method="asymptotic").pvalue, rel=1e-9)


def test_the_rank_test_of_equal_values_tells_nothing() -> None:
    """There is no order among them."""
    assert _rank_p_value(np.ones(9), np.ones(7), 1.0) == 1.0


def test_a_history_that_rises_steadily_has_no_change_point() -> None:
    """Levels would be a staircase; of twenty lines at most one is given any (seeds 0 to 19)."""
    flagged = 0
    for seed in range(20):
        value = 100 + 0.4 * np.arange(200) + 3 * np.random.default_rng(seed).standard_normal(200)
        flagged += bool(change_points(value))

    assert flagged <= 1


def test_a_step_and_a_bend_of_a_trend_are_placed() -> None:
    """Within five values, both in most of ten tries: up by 20 at 80, and falling from 140 on (seeds 0 to 9)."""
    at, placed = np.arange(200), 0
    trend = 100 + 0.5 * at + 20 * (at >= 80) - 1.5 * np.maximum(at - 140, 0)
    for seed in range(10):
        value = trend + 2 * np.random.default_rng(seed).standard_normal(200)
        points = [int(point) for point in change_points(value)]
        placed += any(abs(point - 80) <= 5 for point in points) and any(abs(point - 140) <= 5 for point in points)

    assert placed >= 6


def test_lines_leave_the_squares_that_least_squares_leave() -> None:
    """Against NumPy's polyfit (seed 5)."""
    value = np.random.default_rng(5).standard_normal(60)
    lines = Lines(value)

    for begin, end in ((0, 60), (7, 20), (33, 60)):
        _, rest, *_ = np.polyfit(np.arange(begin, end), value[begin:end], 1, full=True)
        assert lines.left(begin + 1, end)[begin] == pytest.approx(float(rest[0]))
