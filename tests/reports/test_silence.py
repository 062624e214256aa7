"""Runs that used to be due and of which nothing is recorded."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from benchmarks.history import DAY_US, History, checks_of, fill

from outrider.dashboard.day_strips import DayStrips
from outrider.dashboard.recent_history import read_strips
from outrider.model import AuditEntry, CheckId, Outcome, Tally
from outrider.reports import Period, as_markdown
from outrider.reports.silence import slices_of, unrecorded
from outrider.runs import coverage_since

from .conftest import NOW_US

if TYPE_CHECKING:
    from .conftest import Bench

HOUR_US = 3_600_000_000
PLACE = (CheckId("probe:a::b"), "production", "local")


def slices(*runs: int) -> list[list[Tally]]:
    """Return the tallies of slices in which so many runs passed."""
    return [[Tally(*PLACE, Outcome.PASSED, count)] if count else [] for count in runs]


@pytest.mark.parametrize(
    ("now", "before", "lacking"),
    [
        ((0, 0, 0), (24, 24, 24), 72),
        ((24, 12, 0), (24, 24, 24), 24),
        ((24, 0, 0), (24, 0, 0), 0),
        ((0, 24, 0), (24, 0, 24), 48),
        ((0, 1, 0), (1, 0, 0), 0),
        ((24, 24, 0), (0, 0, 0), 24),
        ((24, 0, 0), (0, 0, 0), 0),
        ((3, 4, 0), (0, 0, 0), 0),
        ((0, 24, 24), (0, 0, 0), 0),
        ((1, 0, 0), (0, 0, 0), 0),
        ((0, 0, 0), (0, 0, 0), 0),
    ],
    ids=[
        "all silent",
        "a part",
        "never due then",
        "most days",
        "by hand",
        "first week",
        "one day",
        "a few",
        "new check",
        "once",
        "unknown",
    ],
)
def test_silent_slices_lack_what_they_used_to_have(now: tuple[int, ...], before: tuple[int, ...], lacking: int) -> None:
    """As many as in the period before, else as the slices before them; what no schedule makes promises none."""
    assert unrecorded(slices(*now), slices(*before))[PLACE] == lacking


@pytest.mark.parametrize(("days", "count"), [(1, 24), (7, 7), (300, 31)])
def test_slices_cover_a_period(days: int, count: int) -> None:
    """Hours of a day, days of a week, and at most 31 of anything longer."""
    period = Period("", NOW_US - 2 * days * DAY_US, NOW_US - days * DAY_US, NOW_US, "UTC")

    parts = slices_of(period)

    assert len(parts) == count
    assert (parts[0][0], parts[-1][1]) == (period.since_us, period.until_us)
    assert all(end == begin for (_, end), (begin, _) in pairwise(parts))


def test_a_week_in_which_nothing_ran_is_not_covered(bench: Bench) -> None:
    """Hourly runs until eight days ago were due since, too: coverage is nil, and the report says what it knows."""
    fill(bench.store, History(until_us=NOW_US - 8 * DAY_US, checks=1, days=6, minutes=60))

    report = bench.report()

    (health,) = report.health
    assert (health.coverage, health.runs) == (0.0, 0)
    assert health.unrecorded > 100
    assert "nothing is recorded of about " in report.unmeasured[0]
    assert len(report.unmeasured) == 1
    assert report.summary[2] == "Repair the measuring: 1 check ran less often than was due."


def test_a_service_that_stopped_within_the_week_is_not_covered_by_what_ran_before(bench: Bench) -> None:
    """Two days of seven are no 100 %, and the report says which run was the last, and how many lack after it."""
    fill(bench.store, History(until_us=NOW_US - 5 * DAY_US, checks=1, days=9, minutes=60))

    report = bench.report()

    (health,) = report.health
    assert health.coverage == pytest.approx(2 / 7, abs=0.01)
    assert "simulated_000: last run Sun 10 Jan 07:00; about 120 runs lack since (" in report.unmeasured[0]


@pytest.mark.parametrize("became", ["off", "paused", "paused and resumed"])
def test_three_silent_hours_count_against_coverage_wherever_it_is_told(bench: Bench, became: str) -> None:
    """In the report, in `outrider status` and its API, and on the dashboard; none lacks while a check was paused."""
    store, off_us = bench.store, NOW_US - 3 * HOUR_US
    history = History(until_us=off_us, checks=1, days=9, minutes=15, failing=-1.0)
    fill(store, history)
    (check,) = checks_of(history)
    if became == "paused":
        store.schedule.pause(check.id, off_us)
    if became == "paused and resumed":
        store.audit.record(AuditEntry(off_us, "ada", "check.pause", check.id))
        store.audit.record(AuditEntry(NOW_US - 1, "ada", "check.resume", check.id))
    lacking = 12 if became == "off" else 0

    (health,) = bench.report().health
    (told,) = coverage_since(store, [check.id], NOW_US - DAY_US, NOW_US)
    strip = read_strips(store, DayStrips(store.history), [check], NOW_US)[check.id].hours

    assert (health.unrecorded, told.due - told.happened, sum(slot.absent for slot in strip)) == (lacking,) * 3


def test_a_check_of_which_nothing_was_due_says_so(bench: Bench) -> None:
    """Who ran at the end of the week before was not due yet in the first days of this one."""
    period = Period("", NOW_US - 14 * DAY_US, NOW_US - 7 * DAY_US, NOW_US - 4 * DAY_US, "UTC")
    fill(bench.store, History(until_us=NOW_US - 7 * DAY_US, checks=1, days=2, minutes=60))

    report = bench.report(period=period)

    assert [health.coverage for health in report.health] == [None]
    assert "| no run was due |" in as_markdown(report)
