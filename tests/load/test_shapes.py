from __future__ import annotations

import pytest

from outrider.load import Steps, stairs
from outrider.load.shapes import Arrivals, Ramp, Shape, Soak, Spike


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Ramp(10, 10.0), {0: 1, 5: 5, 10: 10, 60: 10}),
        (Soak(10, 10.0, 100.0), {0: 1, 5: 5, 50: 10, 95: 5, 100: 1}),
        (Steps((5, 20, 10), 10.0), {0: 5, 9.9: 5, 10: 20, 20: 10, 99: 10}),
        (Spike(5, 50, 10.0, 5.0), {0: 5, 10: 50, 14.9: 50, 15: 5}),
        (Arrivals(100.0, 30), {0: 30, 50: 30}),
    ],
)
def test_users_follow_the_shape(shape: Shape, expected: dict[float, int]) -> None:
    assert {at_s: shape.users_at(at_s) for at_s in expected} == expected
    assert shape.most_users == max(expected.values())


@pytest.mark.parametrize("most", [1, 2, 8, 200])
def test_stairs_rise_to_the_top(most: int) -> None:
    levels = stairs(most)

    assert levels[0] == 1
    assert levels[-1] == most
    assert list(levels) == sorted(set(levels))
