"""When checks are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.scheduler.conftest import NOW_US, SECOND_US, check

from outrider.scheduler import problems_of
from outrider.scheduler.timetable import Interval, timetable
from outrider.workspace import Cron


def us(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * SECOND_US)


def times(cron: Cron, after: str, count: int) -> list[str]:
    at_us, moments = us(after), []
    for _ in range(count):
        following = cron.after(at_us)
        assert following is not None
        at_us = following
        moments.append(datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%d %H:%M"))
    return moments


@pytest.mark.parametrize(
    ("fields", "after", "expected"),
    [
        ("30 2 * * *", "2027-03-27T12:00", ["28 01:30", "29 00:30"]),  # 02:30 does not exist on the 28th
        ("30 2 * * *", "2027-10-30T12:00", ["31 00:30", "31 01:30", "01 01:30"]),  # 02:30 comes twice on the 31st
        ("0 12 * * 0", "2027-01-01T00:00", ["03 11:00"]),  # Sunday is 0 ...
        ("0 12 * * 7", "2027-01-01T00:00", ["03 11:00"]),  # ... and 7
        ("0 12 * * 0-1", "2027-01-01T00:00", ["03 11:00", "04 11:00", "10 11:00"]),
        ("0 12 * * 1-5", "2027-01-01T12:00", ["04 11:00", "05 11:00"]),
        ("*/20 8-9 * * mon-fri", "2027-01-01T07:30", ["01 07:40", "01 08:00"]),
    ],
)
def test_cron_follows_the_time_zone(fields: str, after: str, expected: list[str]) -> None:
    """A time that is skipped runs after the gap, one that comes twice runs twice; weekdays are those of crontab."""
    assert times(Cron(fields, "Europe/Berlin"), after, len(expected)) == expected


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("*", "0123456"), ("*/2", "0246"), ("*/3", "036"), ("0", "0"), ("7", "0"), ("sun", "0"), ("1-5", "12345"),
        ("0-3", "0123"),
        ("5-7", "056"), ("fri-sun", "056"), ("0-6/2", "0246"), ("1-7/2", "0135"), ("2/2", "246"), ("1,3,5", "135"),
        ("sun,mon-tue", "012"), ("0-7", "0123456"), ("sat/9", "6"),
    ],
)  # fmt: skip
def test_weekdays_are_counted_from_sunday(field: str, days: str) -> None:
    """As in crontab(5), steps too; APScheduler counts from Monday."""
    cron, at_us, due = Cron(f"0 12 * * {field}", "UTC"), us("2027-01-02T13:00"), set[str]()
    for _ in range(7):
        at_us = cron.after(at_us) or 0
        due.add(datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%w"))

    assert "".join(sorted(due)) == days


@pytest.mark.parametrize(
    ("fields", "reason"),
    [("61 * * * *", '"61" is no minute'), ("0 25 * * *", '"25" is no hour'), ("0", "it has 1 field instead of 5")],
)
def test_the_field_that_cannot_be_read_is_named(fields: str, reason: str) -> None:
    """In a crontab's words."""
    with pytest.raises(ValueError, match=reason):
        Cron(fields, "UTC")


@pytest.mark.parametrize("field", ["8", "mon-", "5-1", "*/0", "*/x", "/2", "monday", "1-2-3", "", "-1", "x,1"])
def test_what_is_no_weekday_is_refused(field: str) -> None:
    """It is a problem of the schedule, and never a time that nobody meant."""
    with pytest.raises(ValueError, match=r"\w"):
        Cron(f"0 12 * * {field}", "UTC")


def test_a_step_beyond_its_range_leaves_the_beginning() -> None:
    """Cron takes `10-12/5`; APScheduler refuses it."""
    assert times(Cron("10-12/5 23-23/2 * * *", "UTC"), "2027-01-01T00:00", 2) == ["01 23:10", "02 23:10"]


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        ("Africa/Cairo", "2027-04-29T12:00", ["29 22:00", "30 21:00"]),
        ("Asia/Beirut", "2027-03-27T12:00", ["27 22:00", "28 21:00"]),
        ("America/Havana", "2027-03-13T12:00", ["14 05:00", "15 04:00"]),
        ("America/Santiago", "2027-09-04T12:00", ["05 04:00", "06 03:00"]),
        ("America/Havana", "2027-11-06T12:00", ["07 04:00", "07 05:00", "08 05:00"]),  # midnight comes twice
    ],
)
def test_midnight_is_never_lost(zone: str, after: str, expected: list[str]) -> None:
    """Where clocks change at midnight, the run of that day starts when the gap ends."""
    assert times(Cron("0 0 * * *", zone), after, len(expected)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 12 13 * fri", ["06 12:00", "13 12:00", "20 12:00"]),  # either holds, 13 August 2027 is a Friday
        ("0 12 1,14 * fri", ["01 12:00", "06 12:00", "13 12:00", "14 12:00"]),
        (
            "0 12 */2 * fri",
            ["13 12:00", "27 12:00", "03 12:00"],
        ),  # a day that begins with * is no restriction: both hold
        ("0 12 13 * *", ["13 12:00", "13 12:00"]),
    ],
)
def test_a_day_and_a_weekday_are_alternatives(fields: str, expected: list[str]) -> None:
    """As crontab(5) says."""
    assert times(Cron(fields, "UTC"), "2027-07-31T13:00", len(expected)) == expected


@pytest.mark.slow
@given(
    some.sampled_from(["0 0 * * *", "*/20 * * * *", "30 2 * * *", "15 0-3 * * *", "59 23 * * *", "0 0 13 * fri"]),
    some.sampled_from(
        ["Europe/Berlin", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
    ),
    some.integers(0, 366 * 24 * 60),
)
def test_every_minute_whose_clock_fulfils_the_fields_is_due(fields: str, zone: str, minute: int) -> None:
    """Whatever clocks do: the next due time is the first such minute; before it there is at most a skipped one's."""
    start = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    due_us = Cron(fields, zone).after(round(start.timestamp() * SECOND_US))
    assert due_us is not None
    due = datetime.fromtimestamp(due_us / SECOND_US, UTC)
    plain = Cron(fields, "UTC")  # tells which clock times fulfil the fields

    def fulfils(at: datetime, offset_at: datetime) -> bool:
        shift = offset_at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
        clock_us = round((at + shift).timestamp() * SECOND_US)
        return plain.after(clock_us - 1) == clock_us

    assert fulfils(due, due) or fulfils(due, due - timedelta(hours=3))
    minutes = range(1, min(240, (due - start) // timedelta(minutes=1)))
    assert not any(fulfils(at, at) for at in (start + timedelta(minutes=count) for count in minutes))


@given(some.integers(1, 10**12), some.integers(0, 10**12), some.integers(0, 4 * 10**15))
def test_an_interval_is_later_and_not_by_more_than_itself(every_us: int, phase_us: int, at_us: int) -> None:
    """Whatever the phase."""
    moments = Interval(every_us, phase_us).after(at_us)

    assert moments is not None
    assert at_us < moments <= at_us + every_us


def test_jitter_is_bounded_and_the_same_every_time() -> None:
    """The same check and time give the same answer, so that two schedulers agree."""
    table, again = (timetable(check(jitter_s=20.0), "UTC") for _ in range(2))
    exact = timetable(check(), "UTC")
    at_us, plain_us = NOW_US, NOW_US
    for _ in range(50):
        moments, plain = table.after(at_us), exact.after(plain_us)
        assert moments is not None
        assert plain is not None
        assert moments == again.after(at_us)
        at_us, plain_us = moments, plain

    assert abs(at_us - plain_us) <= 80 * SECOND_US


def test_checks_of_one_interval_are_spread() -> None:
    """500 checks do not ask a target in the same second."""
    due = [timetable(check(str(number)), "UTC").after(NOW_US) for number in range(500)]

    assert len({moment // SECOND_US for moment in due if moment}) == 60


@pytest.mark.parametrize(
    ("cron", "slug"),
    [("0 0 30 2 *", "cron-never"), ("* * *", "bad-cron"), ("61 * * * *", "bad-cron"), ("x y z a b", "bad-cron")],
)
def test_a_cron_that_is_of_no_use_is_told(cron: str, slug: str) -> None:
    """With file and line."""
    (problem,) = problems_of([check(cron=cron), check("good", cron="0 0 * * *"), check("plain")], "UTC", NOW_US)

    assert (problem.slug, str(problem.where)) == (slug, "p.toml:3")
