"""Weeks, days and releases as stretches of time."""

from __future__ import annotations

import pytest

from outrider.model import UsageError
from outrider.reports import day_of, week_of

NOW_US = 1_800_000_000_000_000


@pytest.mark.parametrize(
    ("week", "hours", "before"),
    [("2026-W12", 168, 168), ("2026-W13", 167, 168), ("2026-W14", 168, 167), ("2026-W43", 169, 168)],
)
def test_a_week_with_a_clock_change_has_an_hour_less_or_more(week: str, hours: int, before: int) -> None:
    """Germany's clocks changed on 29 March and 25 October 2026."""
    period = week_of(week, NOW_US, "Europe/Berlin")

    assert period.hours == hours
    assert (period.since_us - period.before_us) / 3.6e9 == before


@pytest.mark.parametrize("week", ["2026-48", "last", "2026-W60", "", "2027-W40"])
def test_what_is_no_week_or_has_not_begun_is_refused(week: str) -> None:
    """The message says how to write one."""
    with pytest.raises(UsageError) as caught:
        week_of(week, NOW_US, "UTC")

    assert caught.value.slug == "bad-week"


def test_a_week_that_is_not_over_ends_now() -> None:
    """Nothing is promised about the future."""
    assert week_of("2027-W02", NOW_US, "UTC").until_us == NOW_US
    assert day_of(NOW_US, "UTC").hours == 24
