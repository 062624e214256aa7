"""Base against candidate in paired sessions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import t

from outrider.baselines import Verdict, compare
from outrider.model import BadSeries

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray


def sessions(seed: int, count: int, ratio: float, *, noise: float = 0.1) -> tuple[list[FloatArray], list[FloatArray]]:
    rng = np.random.default_rng(seed)
    level = 800 * np.exp(0.03 * rng.standard_normal(count))
    base = [median * np.exp(noise * rng.standard_normal(5)) for median in level]
    return base, [median * ratio * np.exp(noise * rng.standard_normal(5)) for median in level]


def test_a_clear_slowdown_fails_with_its_ratio() -> None:
    """Twenty percent at ten sessions lie in the interval and above the margin (seed 1)."""
    comparison = compare(*sessions(1, 10, 1.2), margin=0.02)

    assert comparison.verdict is Verdict.FAIL
    assert 1.02 < comparison.low < 1.2 < comparison.high
    assert comparison.samples == 100
    assert "margin of 2.0 %" in comparison.reason


def test_a_clear_speed_up_passes() -> None:
    """A candidate that takes a tenth less passes (seed 2)."""
    assert compare(*sessions(2, 10, 0.9), margin=0.02).verdict is Verdict.PASS


@pytest.mark.slow
def test_equal_sides_seldom_fail_and_slow_ones_mostly_do() -> None:
    """Over 300 trials at CV 10 %: at most 2 % false fails, at least 90 % at +10 % (seeds 1000 to 1299)."""
    equal = [compare(*sessions(1000 + k, 10, 1.0), margin=0.02).verdict for k in range(300)]
    slow = [compare(*sessions(1000 + k, 10, 1.1), margin=0.02).verdict for k in range(300)]

    assert equal.count(Verdict.FAIL) <= 6
    assert slow.count(Verdict.FAIL) >= 270
    assert slow.count(Verdict.PASS) == 0


def test_sessions_that_differ_widely_are_compared_by_sessions_alone() -> None:
    """With noise between sessions far above that within, the error is that of a paired t-test."""
    rng = np.random.default_rng(3)
    shift = 0.3 * rng.standard_normal(8)
    base = [800 * np.exp(0.001 * rng.standard_normal(5)) for _ in range(8)]
    candidate = [800 * np.exp(item + 0.001 * rng.standard_normal(5)) for item in shift]

    comparison = compare(base, candidate, margin=0.02)

    error = shift.std(ddof=1) / math.sqrt(8)
    assert math.log(comparison.ratio) == pytest.approx(shift.mean(), abs=0.002)
    assert math.log(comparison.low) == pytest.approx(shift.mean() - t.ppf(0.95, 7) * error, abs=0.01)


def test_too_few_sessions_are_inconclusive_whatever_they_show() -> None:
    """Noise between sessions cannot be known from three."""
    comparison = compare(*sessions(4, 3, 2.0), margin=0.02)

    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert "3 of at least 4 sessions" in comparison.reason


def test_missing_samples_and_empty_sessions_are_left_out() -> None:
    """NaN is no sample, and a session that one side lost does not count."""
    base, candidate = sessions(5, 10, 1.0)
    base[0][:] = np.nan
    candidate[1][0] = np.nan

    comparison = compare(base, candidate, margin=0.02)

    assert comparison.sessions == 9
    assert comparison.samples == 89


def test_identical_constant_sides_pass() -> None:
    """Without any noise a ratio of one is below the margin."""
    same = [np.full(5, 800.0)] * 6

    assert compare(same, same, margin=0.02).verdict is Verdict.PASS


def test_sessions_of_one_sample_are_compared_by_sessions() -> None:
    """One sample a session leaves the noise between sessions, which is enough."""
    rng = np.random.default_rng(6)
    base = [np.array([800 * math.exp(0.02 * z)]) for z in rng.standard_normal(12)]
    candidate = [1.3 * item for item in base]

    assert compare(base, candidate, margin=0.02).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("base", "candidate", "margin"),
    [
        ([[1.0]], [[1.0], [2.0]], 0.02),
        ([[-1.0]] * 5, [[1.0]] * 5, 0.02),
        ([[0.0]] * 5, [[1.0]] * 5, 0.02),
        ([[math.inf]] * 5, [[1.0]] * 5, 0.02),
        ([[[1.0]]] * 5, [[1.0]] * 5, 0.02),
        ([[1.0]] * 5, [[1.0]] * 5, -0.1),
        ([[1.0]] * 5, [[1.0]] * 5, math.nan),
    ],
)
def test_input_that_cannot_be_compared_is_an_error(
    base: list[list[float]], candidate: list[list[float]], margin: float
) -> None:
    """Unpaired sessions, impossible durations and margins are told apart from slowness."""
    with pytest.raises(BadSeries):
        compare(base, candidate, margin=margin)
