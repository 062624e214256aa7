"""What many checks did, read side by side: nothing is counted twice where rollups end and runs begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import CheckId, Outcome, Release, RunPosition, Sample, Step, StepKind, StoredChanges
from outrider.runs import last_runs_by_place

if TYPE_CHECKING:
    from tests.store.conftest import Maker

    from outrider.model import Run
    from outrider.store import Store

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
NOW_US = 20_000 * DAY_US + 10 * HOUR_US
A, B = CheckId("probe:a"), CheckId("probe:b")


def run_at(make: Maker, at_us: int, check: CheckId = A, value: float = 100.0, **changes: object) -> Run:
    attempt = make.attempt(started_us=at_us, samples=(Sample("", "duration_ms", value),))
    return make.run(check, attempt, due_us=at_us, **changes)


def test_the_last_run_of_each_place_is_read_and_none_that_is_due_later(store: Store, make: Maker) -> None:
    """A run whose clock was wrong does not hide the ones of today."""
    oslo = run_at(make, NOW_US - HOUR_US, location="oslo", outcome=Outcome.FAILED)
    rome = [run_at(make, NOW_US - minute * 60_000_000, location="rome") for minute in (1, 2, 3)]
    ahead = run_at(make, NOW_US + DAY_US)
    store.runs.record_many([oslo, *rome, ahead, run_at(make, NOW_US - 5, B)])

    last = {(run.check, run.location): run.id for run in store.history.last_runs([A, B], NOW_US, depth=8)}
    nearest = store.history.last_runs([A], NOW_US, depth=1)
    told = last_runs_by_place(store.history, nearest, store.schedule.coverage(NOW_US - DAY_US))

    assert last == {(A, "oslo"): oslo.id, (A, "rome"): rome[0].id, (B, "local"): last[B, "local"]}
    assert [run.id for run in nearest] == [rome[0].id]
    assert [run.id for run in told] == [oslo.id, rome[0].id]


def test_outcomes_are_counted_once_before_and_after_they_are_rolled_up(store: Store, make: Maker) -> None:
    """By hour and by day, of the checks that are asked for."""
    since_us = NOW_US - 2 * DAY_US
    runs = [run_at(make, since_us + n * 20 * 60_000_000) for n in range(72 * 2)]
    failed = run_at(make, since_us + 1, outcome=Outcome.FAILED)
    missed = run_at(make, NOW_US - 1, outcome=Outcome.MISSED, due_count=3)
    store.runs.record_many([*runs, failed, missed, run_at(make, NOW_US - 2, B)])

    def counts() -> list[object]:
        hours = store.history.outcomes_by_hour([A], since_us, NOW_US)
        days = store.history.outcomes_by_day([A], since_us, NOW_US)
        return [sorted(hours), sorted(days)]

    before = counts()
    store.prune(NOW_US)
    after = counts()

    assert before == after
    hours, days = (list(entry) for entry in after if isinstance(entry, list))
    assert sum(count.runs for count in hours) == sum(count.runs for count in days) == 144 + 1 + 3
    assert {count.runs for count in hours if count.outcome is Outcome.PASSED} == {3}


def test_durations_are_of_the_whole_run_or_of_its_longest_step(store: Store, make: Maker) -> None:
    """Rolled up and not, each hour has one p95 within 1 %."""
    times = [NOW_US - hour * HOUR_US - HOUR_US // 2 for hour in range(6)]
    steps = (Step("open", "open", StepKind.NAMED, 0, 10.0), Step("pay", "pay", StepKind.NAMED, 10, 90.0))
    samples = (Sample("open", "duration_ms", 10.0), Sample("pay", "duration_ms", 90.0))
    stepped = [
        make.run(B, make.attempt(started_us=at_us, steps=steps, samples=samples), due_us=at_us) for at_us in times
    ]
    store.runs.record_many([*(run_at(make, at_us, value=200.0) for at_us in times), *stepped])
    store.prune(NOW_US)

    durations = store.history.durations_by_hour([A, B], NOW_US - DAY_US, NOW_US)

    assert [(entry.check, entry.step) for entry in durations[-2:]] == [(A, ""), (B, "pay")]
    assert len(durations) == 2 * len(times)
    assert all(abs(entry.p95_ms / (200.0 if entry.check == A else 90.0) - 1) < 0.011 for entry in durations)


def test_runs_are_paged_by_position_without_gap_or_repetition(store: Store, make: Maker) -> None:
    """Also where several were due at the same moment."""
    runs = [run_at(make, NOW_US - minute // 2, outcome=Outcome.PASSED) for minute in range(7)]
    store.runs.record_many([*runs, run_at(make, NOW_US, B)])

    pages, before = [], None
    while page := store.history.runs_before(A, before, limit=3):
        pages.append(page)
        before = RunPosition(page[-1].due_us, page[-1].id)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [page.is_complete for page in pages] == [False, False, True]
    assert {run.id for page in pages for run in page} == {run.id for run in runs}
    assert store.history.runs_before(A, None, outcome=Outcome.FAILED, limit=3) == ()


def test_what_runs_were_measured_with_is_told_once_since_when(store: Store, make: Maker) -> None:
    """The latest new first, of one place and time; runs without attributes have none."""
    other = make.run(A, make.attempt(started_us=NOW_US, attributes={"remote": "9.9.9.9"}), due_us=NOW_US, location="x")
    addresses = {60: "1.1.1.1", 50: "2.2.2.2", 40: "1.1.1.1", 30: "", 1: "3.3.3.3"}
    for ago, address in addresses.items():
        at_us = NOW_US - ago * 60_000_000
        attributes = {"remote": address} if address else {}
        store.runs.record(make.run(A, make.attempt(started_us=at_us, attributes=attributes), due_us=at_us))
    store.runs.record(other)

    place = other.environment, "local"
    known = store.history.facts_of(A, place, NOW_US - HOUR_US, NOW_US)

    assert [((NOW_US - own.first_us) // 60_000_000, own.facts.get("remote", "")) for own in known] == [
        (1, "3.3.3.3"), (30, ""), (50, "2.2.2.2"), (60, "1.1.1.1")
    ]  # fmt: skip
    assert known[0].facts["host"] == other.circumstances.host
    assert not store.history.facts_of(A, place, NOW_US - HOUR_US, NOW_US, limit=3).is_complete
    assert store.history.facts_of(B, place, 0, NOW_US) == ()


def test_runs_are_named_by_the_beginning_or_the_end_of_their_id(store: Store, make: Maker) -> None:
    """In any letters, with hyphens or without; the last stored first, and no more than are wanted."""
    runs = [run_at(make, NOW_US - minute, check) for minute, check in enumerate((A, B, A))]
    store.runs.record_many(runs)
    last = runs[-1].id

    def named(text: str, limit: int = 9) -> list[str]:
        return [run.id for run in store.history.runs_named(text, limit=limit)]

    assert named(last) == named(last.replace("-", "").upper()) == named(last[-9:]) == [last]
    assert set(named(last[0])) == {run.id for run in runs if run.id[0] == last[0]}
    assert len(named(last[0], limit=1)) == 1
    assert [named(text) for text in ("", "no id", "%", "0" * 33, last + "0")] == [[]] * 5


def test_what_was_renamed_is_read_under_its_present_name(store: Store, make: Maker) -> None:
    """And nothing under a name that never was one."""
    store.runs.record(run_at(make, NOW_US - HOUR_US, A))
    store.checks.rename(A, B, NOW_US)

    last = store.history.last_runs([B], NOW_US, depth=2)
    hours = store.history.outcomes_by_hour([B], NOW_US - DAY_US, NOW_US)
    durations = store.history.durations_by_hour([B], NOW_US - DAY_US, NOW_US)

    assert ([run.check for run in last], [hours[0].check], [durations[0].check]) == ([B], [B], [B])
    assert store.history.last_runs([CheckId("probe:none")], NOW_US, depth=2) == ()
    assert store.history.outcomes_by_day([], 0, NOW_US) == ()


def test_an_id_that_no_encoding_takes_is_asked_for_like_any_other(store: Store, make: Maker) -> None:
    """The store keeps it printable, and answers under the name that was asked for."""
    odd = CheckId("probe:\ud800")
    store.runs.record(run_at(make, NOW_US - 1, odd))

    (hour,) = store.history.outcomes_by_hour([odd], NOW_US - HOUR_US, NOW_US)

    assert hour.check == odd
    assert [run.check for run in store.history.last_runs([odd], NOW_US, depth=1)] == [odd]


def test_what_changed_since_a_mark_is_named(store: Store, make: Maker) -> None:
    """Checks with new runs by their present ids, and whether anything else changed; nothing twice."""
    store.runs.record(run_at(make, NOW_US, A))
    first = store.history.changes_since("")
    store.runs.record_many([run_at(make, NOW_US + 1, B), run_at(make, NOW_US + 2, B)])
    second = store.history.changes_since(first.mark)
    store.judgements.record_release(Release("v2", "production", NOW_US))
    third = store.history.changes_since(second.mark)

    assert first.is_empty
    assert second == StoredChanges(second.mark, (B,), are_all=True, others=False)
    assert third == StoredChanges(third.mark, (), are_all=True, others=True)
    assert store.history.changes_since(third.mark).is_empty


@pytest.mark.parametrize("mark", ["999.0", "x", "-1.2", "1" * 30])
def test_a_mark_of_another_store_means_that_anything_may_have_changed(store: Store, make: Maker, mark: str) -> None:
    """As after a restore from a backup."""
    store.runs.record(run_at(make, NOW_US, A))

    changes = store.history.changes_since(mark)

    assert (changes.are_all, changes.others) == (False, True)
    assert store.history.changes_since(changes.mark).is_empty
