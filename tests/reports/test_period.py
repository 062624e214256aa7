"""Weeks, days and releases as stretches of time."""

from __future__ import annotations

import pytest

from outrider.model import UsageError
from outrider.reports import day_of, month_of, quarter_of, week_of

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


@pytest.mark.parametrize(
    ("month", "title", "hours", "before"),
    [
        ("2026-10", "month 2026-10", 745, 720),
        ("2026-03", "month 2026-03", 743, 672),
        (None, "month 2026-12", 744, 720),
    ],
)
def test_a_month_is_a_calendars_with_the_one_before_it(month: str | None, title: str, hours: int, before: int) -> None:
    """In Berlin, where clocks changed in March and October; without a name it is the last one that is over."""
    period = month_of(month, NOW_US, "Europe/Berlin")

    assert (period.title, period.hours, (period.since_us - period.before_us) / 3.6e9) == (title, hours, before)


def test_a_quarter_is_three_months() -> None:
    """Without a name it is the last one that is over; the one under way ends now."""
    assert quarter_of(None, NOW_US, "UTC").title == "quarter 2026-Q4"
    assert quarter_of("2026-Q3", NOW_US, "UTC").hours == 92 * 24
    assert quarter_of("2027-Q1", NOW_US, "UTC").until_us == NOW_US


@pytest.mark.parametrize("text", ["", "2026-13", "10/2026", "2027-02", "9999-12", "0000-01"])
def test_what_is_no_month_or_has_not_begun_is_refused(text: str) -> None:
    """And so is a quarter of the same words."""
    for reading, slug in ((month_of, "bad-month"), (quarter_of, "bad-quarter")):
        with pytest.raises(UsageError) as caught:
            reading(text, NOW_US, "UTC")

        assert caught.value.slug == slug
