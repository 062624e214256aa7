"""The contract of loads that are under way: whoever implements the port passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.builders import run_of
from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import CheckId, LoadSecond, Measurement, Outcome, new_run_id

if TYPE_CHECKING:
    from outrider.store import Store

RUN, OTHER = new_run_id(NOW_US), new_run_id(NOW_US + 1)
CHECK = CheckId("load:probes/rush_load.py::rush")
FIRST = LoadSecond(RUN, CHECK, NOW_US, 0.0, 1, 10.0, 0.0, 12.5, 30.0, None, 60.0)
SECOND = replace(FIRST, at_us=NOW_US + SECOND_US, offset_s=1.02, users=2, failed_per_s=1.5, left_s=None)


def test_seconds_are_kept_once_and_read_in_time(store: Store) -> None:
    """A second that is written twice is one; the latest are read where there are too many."""
    store.load_progress.record((FIRST, SECOND))
    store.load_progress.record((replace(SECOND, users=9), replace(SECOND, offset_s=2.02)))

    assert store.load_progress.seconds(RUN)[:2] == (FIRST, SECOND)
    assert [second.offset_s for second in store.load_progress.seconds(RUN, limit=2)] == [1.02, 2.02]
    assert store.load_progress.seconds(OTHER) == ()
    store.load_progress.record(())


def test_a_load_is_under_way_until_its_run_is_stored_or_it_falls_silent(store: Store) -> None:
    """Its last second tells."""
    store.load_progress.record((FIRST, SECOND))

    assert store.load_progress.latest(NOW_US) == (SECOND,)
    assert store.load_progress.latest(NOW_US + 2 * SECOND_US) == ()
    run = run_of(Measurement(Outcome.PASSED, "", NOW_US, 1.0), CHECK)
    store.load_progress.record((replace(FIRST, run=run.id),))
    store.runs.record(run)
    assert [second.run for second in store.load_progress.latest(NOW_US)] == [RUN]


def test_seconds_of_before_yesterday_are_forgotten_by_the_next_load(store: Store) -> None:
    """Whatever became of that load."""
    store.load_progress.record((FIRST,))
    store.load_progress.record((replace(FIRST, run=OTHER, at_us=NOW_US + 86_401 * SECOND_US),))

    assert store.load_progress.seconds(RUN) == ()


def test_a_change_names_the_check_whose_load_has_a_new_second(store: Store) -> None:
    """And nothing else, so that other pages are not fetched again every second."""
    before = store.history.changes_since("").mark
    store.load_progress.record((FIRST,))
    changes = store.history.changes_since(before)

    assert (changes.loads, changes.checks, changes.others) == ((CHECK,), (), False)
    assert not changes.is_empty
    assert store.history.changes_since(changes.mark).is_empty


def test_a_first_second_that_is_cut_off_hides_no_other(store: Store) -> None:
    """A load seldom begins with a second of the clock."""
    seconds = [replace(FIRST, offset_s=offset_s) for offset_s in (0.0, 0.03, 1.03, 2.03)]
    store.load_progress.record(seconds)

    assert [second.offset_s for second in store.load_progress.seconds(RUN)] == [0.0, 0.03, 1.03, 2.03]
