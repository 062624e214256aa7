from __future__ import annotations

import numpy as np
import pytest

from outrider.baselines import find_knee, is_saturated
from outrider.load import stairs
from outrider.model import BadSeries, TooFewSamples

CONTENTION, COHERENCY, RATE = 0.03, 0.0006, 12.0
PEAK = float(np.sqrt((1 - CONTENTION) / COHERENCY))


def law(users: float) -> float:
    return RATE * users / (1 + CONTENTION * (users - 1) + COHERENCY * users * (users - 1))


def rates(users: tuple[int, ...], random: np.random.Generator, noise: float) -> list[float]:
    return [law(n) * float(np.exp(random.normal(0, noise))) for n in users]


def test_finds_the_knee_of_a_known_law() -> None:
    users = stairs(80)

    knee = find_knee(users, rates(users, np.random.default_rng(1), 0.0), np.random.default_rng(2))

    assert knee.reached
    assert knee.users == pytest.approx(PEAK, rel=0.01)
    assert knee.rate == pytest.approx(
        RATE * PEAK / (1 + CONTENTION * (PEAK - 1) + COHERENCY * PEAK * (PEAK - 1)), rel=0.01
    )


def test_its_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    users, random = stairs(80), np.random.default_rng(3)
    truth = max(RATE * n / (1 + CONTENTION * (n - 1) + COHERENCY * n * (n - 1)) for n in np.linspace(1, 80, 1000))

    held = [
        knee.low <= truth <= knee.high
        for knee in (find_knee(users, rates(users, random, 0.03), random) for _ in range(200))
    ]

    assert np.mean(held) == pytest.approx(0.8, abs=0.09)  # three standard errors of 200 trials


def test_a_short_ramp_does_not_reach_it() -> None:
    users = stairs(20)

    knee = find_knee(users, rates(users, np.random.default_rng(4), 0.01), np.random.default_rng(5))

    assert not knee.reached


def test_more_users_that_bring_no_more_are_enough() -> None:
    assert is_saturated([10, 20, 40, 60, 70, 71, 70])
    assert not is_saturated([10, 20, 40, 60, 80, 100, 130])
    assert not is_saturated([10, 10, 10])


def test_bad_levels_are_refused() -> None:
    with pytest.raises(TooFewSamples):
        find_knee([1, 2], [5.0, 9.0], np.random.default_rng(6))
    with pytest.raises(BadSeries):
        find_knee([1, 2, 3, 4, 5], [5.0, 9.0, 0.0, 1.0, 1.0], np.random.default_rng(6))
