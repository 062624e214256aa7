"""What the service says of itself."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs
from tests.scheduler.conftest import NOW_US, check, made

from outrider.model import Outcome, QueueEntry, RunId, new_run_id
from outrider.scheduler import Health
from outrider.scheduler.health import LAG_BOUNDS_S
from outrider.scheduler.locations import PERSISTENT_RUNS, Locations, Minority


def test_a_problem_stands_until_all_is_well() -> None:
    """The latest of each subject."""
    health = Health()
    health.wrong("store", "locked")
    health.wrong("store", "full")
    health.wrong("pages", "taken")
    health.well("pages")
    health.well("never wrong")

    assert health.problems == {"store": "full"}


def test_a_problem_is_logged_when_it_begins_changes_and_ends() -> None:
    """Not while it stands, and not of what was well all the time."""
    health = Health()
    with capture_logs() as lines:
        health.well("store")
        for problem in ("locked", "locked", "full"):
            health.wrong("store", problem)
        health.well("store")
        health.well("store")

    assert [(line["event"], line.get("problem")) for line in lines] == [
        ("service.degraded", "locked"), ("service.degraded", "full"), ("service.recovered", None),
    ]  # fmt: skip


def test_events_are_counted() -> None:
    """One by one, or several at once."""
    health = Health()
    health.count("reloads")
    health.count("reloads", by=2)

    assert health.counts.events == {"reloads": 3}


@pytest.mark.parametrize(("late_s", "bucket"), [(-1.0, 0), (0.0, 0), (0.05, 0), (0.06, 1), (300.0, 10), (301.0, 11)])
def test_runs_are_counted_by_outcome_and_by_how_late_they_began(late_s: float, bucket: int) -> None:
    """Those that were not executed began never."""
    health, watched = Health(), check()
    entry = QueueEntry(RunId(new_run_id(NOW_US)), watched.id, "local", NOW_US)
    run = made(entry, watched, NOW_US + round(late_s * 1e6), Outcome.FAILED)
    health.ran(run)
    counts = health.counts

    assert counts.outcomes == {(watched.id, "local", Outcome.FAILED): 1}
    assert counts.last == {(watched.id, "local"): run}
    assert [number for number, count in enumerate(counts.lags) if count] == [bucket]
    assert len(counts.lags) == len(LAG_BOUNDS_S) + 1
    assert counts.lag_sum_s == max(0.0, late_s)


@pytest.mark.parametrize(
    ("bad", "good", "is_finding"), [(1, 2, True), (1, 1, False), (2, 1, False), (0, 3, False), (2, 3, True)]
)
def test_fewer_than_half_of_the_locations_are_a_minority(bad: int, good: int, *, is_finding: bool) -> None:
    """Where every one of the latest runs agrees."""
    locations, watched = Locations(), check()
    names = [f"bad{number}" for number in range(bad)] + [f"good{number}" for number in range(good)]
    for name in names:
        outcome = Outcome.FAILED if name.startswith("bad") else Outcome.PASSED
        for number in range(PERSISTENT_RUNS):
            assert locations.minorities() == () or number == 0
            entry = QueueEntry(RunId(new_run_id(NOW_US)), watched.id, name, NOW_US)
            locations.note_run(made(entry, watched, NOW_US, outcome))

    expected = Minority(watched.id, tuple(names[:bad]), tuple(names[bad:]))
    assert locations.minorities() == ((expected,) if is_finding else ())


def test_a_location_that_was_good_once_lately_is_in_no_minority() -> None:
    """One bad run in one place is an accident."""
    locations, watched = Locations(), check()
    for name, outcomes in {"a": "ffp", "b": "ppp", "c": "ppp"}.items():
        for letter in outcomes:
            outcome = Outcome.FAILED if letter == "f" else Outcome.PASSED
            locations.note_run(
                made(QueueEntry(RunId(new_run_id(NOW_US)), watched.id, name, NOW_US), watched, NOW_US, outcome)
            )

    assert locations.minorities() == ()
