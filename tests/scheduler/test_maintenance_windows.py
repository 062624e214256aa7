"""Maintenance windows: which check stands still at which time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.scheduler.conftest import check

from outrider.model import ConfigError, Place
from outrider.scheduler.maintenance_windows import Windows
from outrider.workspace import Maintenance, Pattern

SECOND_US = 1_000_000


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * SECOND_US)


def windows(*, pattern: str = "*", start: str = "", cron: str = "", zone: str = "UTC") -> Windows:
    place = Place("scheduler/schedule.toml", 7)
    return Windows([Maintenance((Pattern(pattern, place),), 90.0, start=start, cron=cron, reason="new roof")], zone)


@pytest.mark.parametrize(
    ("at", "is_closed"),
    [
        ("2026-03-01T02:59:59.999999", False),
        ("2026-03-01T03:00:00", True),
        ("2026-03-01T03:01:29.999999", True),
        ("2026-03-01T03:01:30", False),
    ],
)
@pytest.mark.parametrize(
    "window",
    [
        windows(start="2026-03-01T03:00:00"),
        windows(start="2026-03-01T03:00:00+00:00"),
        windows(start="2026-03-01T04:00:00", zone="Europe/Berlin"),
        windows(start="2026-03-01T05:00:00+02:00", zone="Europe/Berlin"),
        windows(cron="0 3 * * *"),
        windows(cron="0 4 * * *", zone="Europe/Berlin"),
    ],
)
def test_a_window_is_open_from_its_start_for_its_duration(window: Windows, at: str, *, is_closed: bool) -> None:
    """Once or again and again, in the workspace's time zone unless the start names another."""
    assert window.why_closed(check(), us(at)) == ("new roof" if is_closed else "")


def test_a_window_closes_the_checks_that_it_means() -> None:
    """By a pattern of their names."""
    window = windows(pattern="*::pay", start="2026-03-01T03:00:00")

    assert window.why_closed(check("pay"), us("2026-03-01T03:00:10")) == "new roof"
    assert window.why_closed(check("home"), us("2026-03-01T03:00:10")) == ""


def test_a_cron_that_cannot_be_read_says_where_it_stands() -> None:
    """And what to write instead."""
    with pytest.raises(ConfigError) as caught:
        windows(cron="every day")

    assert str(caught.value.where) == "scheduler/schedule.toml:7"
    assert caught.value.slug == "bad-cron"
