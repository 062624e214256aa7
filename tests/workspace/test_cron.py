"""Crontab's five fields, names and ordinals, on the clocks of a zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from outrider.workspace import Cron

START = "2026-11-28T17:00"  # a Saturday
DUE = [
    ("@hourly", "UTC", START, ["28 18:00", "28 19:00"]),
    ("@daily", "UTC", START, ["29 00:00", "30 00:00"]),
    (" @Weekly ", "UTC", START, ["29 00:00", "06 00:00"]),
    ("@monthly", "UTC", START, ["01 00:00", "01 00:00"]),
    ("0 3 L * *", "UTC", START, ["30 03:00", "31 03:00"]),
    ("0 3 L,2 * *", "UTC", START, ["30 03:00", "02 03:00"]),
    ("0 3 L 2 *", "UTC", "2028-01-01T00:00", ["29 03:00", "28 03:00"]),
    ("0 3 * * 5L", "UTC", START, ["25 03:00", "29 03:00"]),
    ("0 3 * * mon#1", "UTC", START, ["07 03:00", "04 03:00"]),
    ("0 3 * * 0#5", "UTC", START, ["29 03:00", "31 03:00"]),
    ("0 3 * * sun#2,wed", "UTC", START, ["02 03:00", "09 03:00"]),
    ("0 3 10 * fri#1", "UTC", START, ["04 03:00", "10 03:00"]),
    ("0 3 ? * 7", "UTC", START, ["29 03:00", "06 03:00"]),
    ("0 3 1 * ?", "UTC", START, ["01 03:00", "01 03:00"]),
    ("0 3 1-7 * mon", "UTC", START, ["30 03:00", "01 03:00"]),
    ("0 3 */2 * mon", "UTC", START, ["07 03:00", "21 03:00"]),
    ("0 0 29 2 *", "UTC", START, ["29 00:00", "29 00:00"]),
    ("@daily", "Africa/Cairo", "2027-04-29T12:00", ["30 01:00", "01 00:00"]),
    ("@daily", "Asia/Beirut", "2027-03-27T12:00", ["28 01:00", "29 00:00"]),
    ("30 0 * * *", "America/Havana", "2027-03-13T12:00", ["14 01:30", "15 00:30"]),
    ("@daily", "America/Santiago", "2027-09-04T12:00", ["05 01:00", "06 00:00"]),
    ("@daily", "Pacific/Apia", "2011-12-29T12:00", ["31 00:00", "01 00:00"]),
    ("30 2 * * *", "Australia/Lord_Howe", "2027-10-02T12:00", ["03 02:30", "04 02:30"]),
    ("30 2 * * *", "Antarctica/Troll", "2027-03-27T12:00", ["28 04:30", "29 02:30"]),
    ("30 1 L 10 *", "Europe/London", "2027-10-01T00:00", ["31 01:30", "31 01:30"]),
]


@pytest.mark.parametrize(("fields", "zone", "at", "due"), DUE)
def test_a_cron_is_due_as_its_fields_say(fields: str, zone: str, at: str, due: list[str]) -> None:
    """By number, name and ordinal, and where clocks change."""
    cron, now = Cron(fields, zone), datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))
    times, at_us = [], round(now.timestamp() * 1_000_000)
    for _ in due:
        following = cron.after(at_us)
        assert following is not None
        at_us = following
        times.append(f"{datetime.fromtimestamp(at_us / 1_000_000, ZoneInfo(zone)):%d %H:%M}")

    assert times == due


REFUSED = [
    ("@reboot", "@reboot is none of @hourly, @daily"), ("@every 5m", "@every 5m is none of"),
    ("٣ * * * *", "characters that no cron has"), ("² * * * *", "characters that no cron has"),
    ("0 0 15W * *", '"15w" is no day'), ("0 0 * * mon#6", "no weekday"), ("0 0 * * L", "no weekday"),
    ("0 22-2 * * *", '"22-2" is no hour'), ("0 0 * * fri-mon", "no range of weekdays"),
    ("0 24 * * *", '"24" is no hour'),
    ("*/90 * * * *", '"*/90" is no minute'), ("0 0 0 1 1 ?", "6 fields instead of 5"), ("", "0 fields instead of 5"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "words"), REFUSED)
def test_what_is_no_cron_is_refused_with_its_field(fields: str, words: str) -> None:
    """Whoever wrote it learns which part cannot be read."""
    with pytest.raises(ValueError, match=words.replace("*", r"\*")):
        Cron(fields, "UTC")
