"""What a caller's overrides make of a load profile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outrider.app import KneeSearch, LoadOverrides
from outrider.app.execution.load_trial import knee_of
from outrider.load import Profile, Steps
from outrider.model import EndpointLoad, Histogram, LoadInterval

PLAIN = Profile("probes/shop_load.py", users=2, spawn_rate=1.0, duration_s=60.0, host="http://shop.test", processes=2)
STEPS = Profile("probes/shop_load.py", shape=Steps((1, 4), 5.0), duration_s=10.0)


@pytest.mark.parametrize(
    ("profile", "overrides", "expected"),
    [
        (PLAIN, LoadOverrides(), PLAIN),
        (STEPS, LoadOverrides(), STEPS),
        (PLAIN, LoadOverrides(users=5), replace(PLAIN, users=5)),
        (PLAIN, LoadOverrides(duration_s=1.0), replace(PLAIN, duration_s=1.0)),
        (
            PLAIN,
            LoadOverrides(spawn_rate=9.0, host="http://other.test", processes=3),
            replace(PLAIN, spawn_rate=9.0, host="http://other.test", processes=3),
        ),
        (STEPS, LoadOverrides(spawn_rate=9.0), replace(STEPS, spawn_rate=9.0)),
    ],
)
def test_what_is_given_wins_and_the_rest_stays(profile: Profile, overrides: LoadOverrides, expected: Profile) -> None:
    """Nothing that was not given changes; a shape stays as long as neither users nor duration are given."""
    assert overrides.applied(profile) == expected


@pytest.mark.parametrize(
    ("overrides", "users", "duration_s"),
    [(LoadOverrides(users=9), 9, 10.0), (LoadOverrides(duration_s=3.0), 4, 3.0)],
)
def test_users_or_a_duration_replace_a_shape(overrides: LoadOverrides, users: int, duration_s: float) -> None:
    """Without other users, the most of the shape are meant."""
    applied = overrides.applied(STEPS)

    assert (applied.shape, applied.users, applied.duration_s) == (None, users, duration_s)


def test_a_search_for_the_knee_steps_up_to_the_most_users() -> None:
    """Each level lasts as long as it is asked to, and all of them make the load's duration."""
    applied = LoadOverrides(users=9, knee_search=KneeSearch(max_users=8, step_s=2.0)).applied(PLAIN)

    assert isinstance(applied.shape, Steps)
    assert applied.wanted_users == applied.shape.levels[-1] == 8
    assert applied.users is None
    assert list(applied.shape.levels) == sorted(set(applied.shape.levels))
    assert applied.duration_s == 2.0 * len(applied.shape.levels)


def climb(*rates: int) -> tuple[LoadInterval, ...]:
    """Return a load that goes up by two users a level, each of four seconds, at these rates of requests a second."""
    intervals = []
    for number, rate in enumerate(rates):
        answered = EndpointLoad("GET /", Histogram.of([10.0] * rate), Histogram.of([]))
        offsets = (4.0 * number + second for second in range(4))
        intervals += [LoadInterval(at_s, 1.0, 2 + 2 * number, 1, 0.1, 1.0, endpoints=(answered,)) for at_s in offsets]
    return tuple(intervals)


@pytest.mark.parametrize(
    ("rates", "is_reached"),
    [
        ((10, 20, 30, 40, 50, 60, 70), False),
        ((20, 40, 60, 78, 80, 80, 80), True),
        ((20, 40, 60, 80, 80, 80, 300), True),
        ((10, 20, 30, 40, 50, 0, 0), True),
    ],
)
def test_a_knee_is_reached_where_more_users_bring_no_more(rates: tuple[int, ...], is_reached: bool) -> None:
    """Also where the load was stopped for it, whatever its last level still brought, or the target answers no more."""
    knee = knee_of(climb(*rates))

    assert knee is not None
    assert knee.reached is is_reached


@pytest.mark.parametrize("rates", [(), (10, 20, 30, 40), (10, 20, 30, 40, 0)])
def test_a_load_of_few_levels_that_answered_shows_no_knee(rates: tuple[int, ...]) -> None:
    """Five are the fewest."""
    assert knee_of(climb(*rates)) is None
    assert knee_of(climb(1, 2, 3, 4, 5)) is not None
