"""A deviation that begins right after a release is a coincidence, unless there is a release at every hour."""

from __future__ import annotations

import pytest

from outrider.model import Release
from outrider.runs import release_share

HOUR_S = 3600
WEEK_S = 168 * HOUR_S
NOW_S = 1_780_000_000


def releases(*at_s: int) -> list[Release]:
    return [Release(str(second), "production", second * 1_000_000) for second in at_s]


@pytest.mark.parametrize(
    ("since_s", "released_s", "expected"),
    [
        (NOW_S, (NOW_S,), 1 / 672),
        (NOW_S - 600, (NOW_S - HOUR_S,), 1 / 672),
        (NOW_S, (NOW_S - 2 * WEEK_S, NOW_S - 60), 2 / 672),
        (NOW_S, (NOW_S - 5 * WEEK_S, NOW_S - 60), 1 / 672),
        (NOW_S - HOUR_S, (NOW_S - 60,), 1.0),
        (NOW_S, (NOW_S - HOUR_S - 1,), 1.0),
        (NOW_S, (), 1.0),
        (None, (NOW_S,), 1.0),
        (NOW_S, tuple(range(NOW_S - 4 * WEEK_S, NOW_S, HOUR_S // 2)), 1.0),
    ],
)
def test_the_rarer_releases_are_the_less_is_it_a_coincidence(
    since_s: int | None, released_s: tuple[int, ...], expected: float
) -> None:
    """One in four weeks is followed by one hour of 672; what began before a release does not follow it."""
    assert release_share(since_s, releases(*released_s), NOW_S * 1_000_000) == pytest.approx(expected)
