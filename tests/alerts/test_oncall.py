"""Who is on call when clocks change."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from tests.alerts.conftest import SECOND_US

from outrider.alerts.oncall import Override, Rotation


def us(at: datetime) -> int:
    return round(at.timestamp() * SECOND_US)


@pytest.mark.parametrize(("shift_days", "spring"), [(1, "2027-03-28"), (7, "2027-04-05")])
def test_turns_of_whole_days_change_at_the_same_hour_in_summer(shift_days: int, spring: str) -> None:
    """Nobody is called an hour after the end of a turn because clocks changed meanwhile."""
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2027, 3, 22, 9, tzinfo=berlin)
    people = tuple(str(number) for number in range(30))
    rotation = Rotation(people, us(start), shift_days * 24 * 3600 * SECOND_US, timezone="Europe/Berlin")
    change = datetime.fromisoformat(f"{spring} 09:00").replace(tzinfo=berlin)

    before, after = rotation.on_call(us(change) - 1), rotation.on_call(us(change))

    assert int(after) == int(before) + 1 == (change.date() - start.date()).days // shift_days


def test_turns_of_hours_last_as_long_as_they_say() -> None:
    """Eight hours are eight hours in the night when clocks change, too."""
    start_us = us(datetime(2027, 3, 27, 22, tzinfo=ZoneInfo("Europe/Berlin")))
    rotation = Rotation(("ada", "ben"), start_us, 8 * 3600 * SECOND_US, timezone="Europe/Berlin")

    assert [rotation.on_call(start_us + hours * 3600 * SECOND_US) for hours in (7, 8, 15, 16)] == [
        "ada", "ben", "ben", "ada",
    ]  # fmt: skip


def test_turns_ahead_begin_when_people_change_and_overrides_begin_and_end() -> None:
    """To the moment, also over the change of clocks; before the first shift nobody is on call."""
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2027, 3, 27, 9, tzinfo=berlin)
    stand_in = Override(
        "eve", us(datetime(2027, 3, 28, 12, 7, tzinfo=berlin)), us(datetime(2027, 3, 28, 13, tzinfo=berlin))
    )
    rotation = Rotation(("ada", "ben"), us(start), 86_400 * SECOND_US, (stand_in,), "Europe/Berlin")

    turns = rotation.turns(us(start) - SECOND_US, us(datetime(2027, 3, 29, 10, tzinfo=berlin)))

    local = [(f"{datetime.fromtimestamp(at_us / SECOND_US, berlin):%d %H:%M:%S}", person) for at_us, person in turns]
    assert local == [
        ("27 08:59:59", ""), ("27 09:00:00", "ada"), ("28 09:00:00", "ben"), ("28 12:07:00", "eve"),
        ("28 13:00:00", "ben"), ("29 09:00:00", "ada"),
    ]  # fmt: skip


def test_turns_of_a_moment_each_end_at_their_limit() -> None:
    """Nobody waits for a year of shifts of a second; a rotation of one person, or of none, has one turn."""
    many = Rotation(("ada", "ben"), 0, SECOND_US).turns(0, 10**15, most=50)

    assert len(many) == 51
    assert Rotation(("ada",), 0, SECOND_US).turns(5, 10**15, most=50) == ((5, "ada"),)
    assert Rotation((), 0, SECOND_US).turns(5, 10**15) == ((5, ""),)
