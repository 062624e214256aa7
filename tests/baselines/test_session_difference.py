"""The mean difference of paired sessions, and its error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from outrider.baselines.session_difference import difference

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

Pairs = list[tuple["FloatArray", "FloatArray"]]


def pairs(rng: np.random.Generator, count: int, *, shift: float = 0.0, apart: float = 0.0, size: int = 5) -> Pairs:
    """Return sessions of standard deviation 0.1 on a level of their own, whose sides lie `shift` apart."""
    levels, extra = rng.normal(0, 0.3, count), rng.normal(0, apart, count) if apart else np.zeros(count)
    return [
        (rng.normal(level, 0.1, size), rng.normal(level + shift + more, 0.1, size))
        for level, more in zip(levels, extra, strict=True)
    ]


def test_the_difference_does_not_depend_on_the_levels_of_sessions() -> None:
    """It moves with the shift exactly, and with nothing that both sides share."""
    sessions = pairs(np.random.default_rng(1), 8)
    moved = [(left + k, right + k + 0.25) for k, (left, right) in enumerate(sessions)]

    before, after = difference(sessions), difference(moved)

    assert after.log_ratio == pytest.approx(before.log_ratio + 0.25, abs=1e-6)
    assert after.error == pytest.approx(before.error, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("apart", "count"), [(0.0, 10), (0.0, 6), (0.2, 10)])
def test_the_error_is_what_repetition_shows(apart: float, count: int) -> None:
    """Over 400 repetitions the spread of the estimates is the error told, alike sessions or not (seed 2)."""
    rng = np.random.default_rng(2)

    measured = [difference(pairs(rng, count, apart=apart)) for _ in range(400)]

    spread = float(np.std([difference.log_ratio for difference in measured]))
    assert float(np.mean([difference.log_ratio for difference in measured])) == pytest.approx(0, abs=4 * spread / 20)
    assert float(np.sqrt(np.mean([difference.error**2 for difference in measured]))) == pytest.approx(spread, rel=0.12)


def test_slow_runs_hardly_move_the_difference() -> None:
    """Three of fifty values that are ten times as long move the mean logarithm by 14 % and this by about 1 %."""
    sessions = pairs(np.random.default_rng(3), 10)
    spoilt = [(left, right.copy()) for left, right in sessions]
    for index in range(3):
        spoilt[index][1][0] += np.log(10)

    assert abs(difference(spoilt).log_ratio - difference(sessions).log_ratio) < 0.015


def test_sessions_that_differ_count_as_sessions_only() -> None:
    """Their number less one is then the freedom; alike ones have the freedom of their samples too."""
    rng = np.random.default_rng(4)

    assert difference(pairs(rng, 8, apart=0.5)).freedom == 7
    assert difference(pairs(rng, 8)).freedom > 20


@pytest.mark.parametrize("sizes", [[(1, 1)] * 6, [(1, 4), (2, 1), (3, 3), (5, 2)], [(1, 2)] * 5])
def test_sessions_of_few_and_uneven_values_are_compared(sizes: list[tuple[int, int]]) -> None:
    """A session of one value has no spread of its own; the sessions have."""
    rng = np.random.default_rng(5)
    uneven = [(rng.normal(0, 0.1, left), rng.normal(1, 0.1, right)) for left, right in sizes]

    measured = difference(uneven)

    assert measured.log_ratio == pytest.approx(1, abs=0.3)
    assert measured.error > 0
    assert measured.samples == sum(left + right for left, right in sizes)
