"""A deviation that begins right after a release is a coincidence, unless there is a release at every hour."""

from __future__ import annotations

import pytest

from outrider.model import Release
from outrider.runs import recent_release, release_share

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


@pytest.mark.parametrize(
    ("since_s", "released_s", "expected"),
    [
        (NOW_S - 180, (NOW_S - 240,), NOW_S - 240),
        (NOW_S, (NOW_S - 23 * HOUR_S,), NOW_S - 23 * HOUR_S),
        (NOW_S, (NOW_S - 25 * HOUR_S,), None),
        (NOW_S, tuple(NOW_S - HOUR_S - week * WEEK_S for week in range(4)), NOW_S - HOUR_S),
        (NOW_S, tuple(NOW_S - 23 * HOUR_S - week * WEEK_S for week in range(4)), None),
        (NOW_S, tuple(NOW_S - 60 - hour * HOUR_S for hour in range(672)), NOW_S - 60),
        (NOW_S, tuple(NOW_S - 600 - hour * HOUR_S for hour in range(672)), None),
        (NOW_S - HOUR_S, (NOW_S - 60,), None),
        (None, (NOW_S - 60,), None),
        (NOW_S, (), None),
    ],
)
def test_a_release_is_named_with_what_began_soon_after_it(
    since_s: int | None, released_s: tuple[int, ...], expected: int | None
) -> None:
    """A day old at most, and less where releases are many: chance alone puts one so near in 5 % at most."""
    named = recent_release(since_s, releases(*released_s), NOW_S * 1_000_000)

    assert named == ("" if expected is None else str(expected))
