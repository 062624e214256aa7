"""Many series judged at a time by their last day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from outrider.baselines import BatchJudge, Moves, Period

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.baselines.series import FloatArray, IntArray

SERIES, DAY = 40, 288
"""Series, and periods of five minutes in a day."""

Change = tuple[float, float, float]
"""By what p95, number of requests and errors of the first series are multiplied (errors: plus)."""


def judged(periods: int, change: Callable[[int], Change], *, seed: int = 5) -> list[Moves]:
    """Return what is said of each period of calm series that follow the day, the first of which changes."""
    draw, judge, said = np.random.default_rng(seed), BatchJudge(), []
    for number in range(periods):
        day = np.sin(2 * np.pi * number / DAY)
        p95: FloatArray = 100 * np.exp(0.2 * day + 0.06 * draw.normal(size=SERIES))
        count: IntArray = draw.poisson(200 * (1 + 0.6 * day), SERIES)
        errors = draw.binomial(count, 0.01)
        slower, fewer, failing = change(number)
        p95[0] *= slower
        count[0] = int(count[0] * fewer)
        errors[0] = min(count[0], errors[0] + int(failing * count[0]))
        said.append(judge.judge(300 * number, Period(count, errors, p95, np.full(SERIES, count.sum()))))
    return said


@pytest.mark.parametrize(
    ("metric", "change", "value", "usual"),
    [(0, (2.0, 1.0, 0.0), 200, 100), (1, (1.0, 0.2, 0.0), 40, 200), (2, (1.0, 1.0, 0.12), 0.13, 0.01)],
    ids=["slower", "fewer requests", "failing more"],
)
def test_what_moves_is_said_from_the_second_period_on_and_until_it_is_back(
    metric: int, change: Change, value: float, usual: float
) -> None:
    """With the time of the first one; no other metric of it, and no other series, moves."""
    begin, end = 2 * DAY, 2 * DAY + 12

    said = judged(end + 6, lambda number: change if begin <= number < end else (1.0, 1.0, 0.0))

    since = [int(moves.since_s[metric, 0]) for moves in said]
    assert since[begin - 1 : begin + 2] == [0, 0, 300 * begin]
    assert set(since[begin + 1 : end + 1]) == {300 * begin}
    assert since[end + 2 :] == [0] * 4
    assert said[begin + 5].value[metric, 0] == pytest.approx(value, rel=0.3)
    assert said[begin + 5].usual[metric, 0] == pytest.approx(usual, rel=0.3)
    others = [moves.since_s.copy() for moves in said]
    for moved in others:
        moved[metric, 0] = 0
    assert not np.any(others)


def test_an_outage_is_said_in_its_first_period() -> None:
    """As the judge of its service sees it after some minutes."""
    said = judged(2 * DAY, lambda number: (1.0, 1.0, 0.5 if number == 2 * DAY - 1 else 0.0))

    assert said[-1].since_s[2, 0] == 300 * (2 * DAY - 1)


def test_a_level_that_lasts_for_a_day_is_learned() -> None:
    """It is said for a day, nothing while a day is learned, and what leaves the new level afterwards."""
    begin, again = 2 * DAY, 4 * DAY + 24

    said = judged(again + 4, lambda number: (4.0 if number >= again else 2.0 if number >= begin else 1.0, 1.0, 0.0))

    moved = np.array([moves.since_s[0, 0] > 0 for moves in said])
    assert moved[begin + 1 : begin + DAY].all()
    assert not moved[begin + DAY + 1 : again + 1].any()
    assert moved[again + 1 :].all()


def test_series_that_are_forgotten_leave_the_others_as_they_are() -> None:
    """And those that come later are learned first."""
    judge = BatchJudge()
    counts = np.full(3, 100)
    for number in range(2 * DAY):
        live = counts * ([1, 0, 1] if number > 12 else [1, 1, 1])
        judge.judge(300 * number, Period(live, live * 0, np.full(3, 100.0), np.full(3, live.sum())))
    at_s = 300 * 2 * DAY

    gone = judge.gone(at_s)
    judge.keep(~gone)
    counts = np.full(3, 100)
    for number in range(2):
        p95 = np.array([100.0, 300.0, 300.0])
        moves = judge.judge(at_s + 300 * number, Period(counts, counts * 0, p95, np.full(3, 300)))

    assert gone.tolist() == [False, True, False]
    assert (moves.since_s[0] > 0).tolist() == [False, True, False]
