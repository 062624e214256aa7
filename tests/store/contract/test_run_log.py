"""What was recorded is found again: by check, outcome, time and a part of its id."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from outrider.model import Check, CheckId, Kind, Outcome, RunId, Sample, SeriesPart, StoredProof, UsageError

if TYPE_CHECKING:
    from tests.store.conftest import Maker

    from outrider.store import Store

NOW_US = 1_800_000_000_000_000
RUN = "01a2b3c4-0000-7000-8000-0000000000"


def proof(fault: str, at_us: int, *, noticed: bool = True) -> StoredProof:
    return StoredProof(CheckId("journey:a"), fault, at_us, Outcome.FAILED, noticed, "because", "5eed")


def test_runs_are_listed_the_latest_due_first(store: Store, make: Maker) -> None:
    """However late they were recorded."""
    runs = make.runs(5)
    store.runs.record_many([runs[3], runs[0], runs[4], runs[2], runs[1]])

    listed = store.runs.search(limit=3)

    assert [line.id for line in listed] == [runs[4].id, runs[3].id, runs[2].id]
    assert (listed[0].check, listed[0].environment, listed[0].location) == (runs[4].check, "production", "local")
    assert (listed[0].due_us, listed[0].finished_us) == (runs[4].due_us, runs[4].finished_us)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", 4),
        ("journey:a.py::test_x[chromium]", 1),
        ("journey:a.py::test_x[*", 2),
        ("journey:*", 3),
        ("*::test_?", 1),
        ("journey:a.py::test_x", 0),
        ("nothing", 0),
    ],
)
def test_runs_are_found_by_a_pattern_of_their_check(store: Store, make: Maker, pattern: str, expected: int) -> None:
    """The brackets of parametrised tests are no wildcards."""
    checks = ("journey:a.py::test_x[chromium]", "journey:a.py::test_x[firefox]", "journey:b.py::test_y", "probe:home")
    store.runs.record_many([make.run(check) for check in checks])

    rows = store.runs.search(pattern)

    assert len(rows) == expected


def test_runs_are_found_by_outcome_and_time(store: Store, make: Maker) -> None:
    """Both narrow the list."""
    old, good, bad = make.run(), make.run(), make.run(outcome=Outcome.FAILED)
    store.runs.record_many([old, good, bad])

    assert [line.id for line in store.runs.search(outcome=Outcome.FAILED)] == [bad.id]
    assert [line.id for line in store.runs.search(since_us=good.due_us)] == [bad.id, good.id]
    assert [line.id for line in store.runs.search(since_us=good.due_us, outcome=Outcome.PASSED)] == [good.id]
    assert len(store.runs.search(environment="production", location="local")) == 3
    assert store.runs.search(environment="staging") == store.runs.search(location="oslo") == ()


def test_the_last_run_of_each_check_is_known(store: Store, make: Maker) -> None:
    """A check without runs has none."""
    store.checks.record([Check(CheckId("probe:idle"), Kind.PROBE, "probes/a.toml", "idle", "idle")], NOW_US)
    runs = [make.run("journey:b"), make.run("journey:a"), make.run("journey:b", outcome=Outcome.FAILED)]
    store.runs.record_many(runs)

    last = store.runs.latest()

    assert [(line.check, line.id) for line in last] == [("journey:a", runs[1].id), ("journey:b", runs[2].id)]


@pytest.mark.parametrize("part", [RUN + "a1", "01A2B3C4", "01a2b3c4-0", "01a2b", "a1", "00a1", "0a1"])
def test_a_run_is_found_by_either_end_of_its_id(store: Store, make: Maker, part: str) -> None:
    """The beginning is a time and the end is random, so that a short end is usually enough."""
    run = make.run(id=RunId(RUN + "a1"))
    store.runs.record_many([run, make.run(id=RunId("02a2b3c4-0000-7000-8000-0000000000b2"))])

    result = store.runs.get(part)

    assert result.run == run


def test_a_part_that_several_ids_share_names_the_candidates(store: Store, make: Maker) -> None:
    """The reader types more of it."""
    runs = [make.run(id=RunId(f"{RUN}{number:02x}")) for number in range(3)]
    store.runs.record_many(runs)

    with pytest.raises(UsageError) as raised:
        store.runs.get("01a2")

    assert raised.value.slug == "ambiguous-run"
    assert all(run.id in str(raised.value) for run in runs)


@pytest.mark.parametrize("part", ["ffff", "", "-", "xyz", "%", "0" * 40])
def test_an_unknown_run_is_said_to_be_unknown(store: Store, make: Maker, part: str) -> None:
    """Also where it could be no id at all."""
    store.runs.record(make.run())

    with pytest.raises(UsageError) as raised:
        store.runs.get(part)

    assert raised.value.slug == "unknown-run"


def test_samples_come_as_arrays_in_the_order_of_time(store: Store, make: Maker) -> None:
    """Within a half-open range of when the runs were due."""
    runs = [
        make.run("journey:a", make.attempt(samples=(Sample("pay", "duration_ms", float(value)),))) for value in range(5)
    ]
    store.runs.record_many(list(reversed(runs)))
    (series,) = store.series.of(CheckId("journey:a"))

    at_us, value = store.series.samples(series, runs[1].due_us, runs[4].due_us)

    assert (at_us.dtype, value.dtype) == (np.dtype(np.int64), np.dtype(np.float64))
    assert at_us.tolist() == [run.due_us for run in runs[1:4]]
    assert value.tolist() == [1.0, 2.0, 3.0]
    assert store.series.samples(series).at_us.size == 5


def test_a_series_is_a_check_step_metric_environment_and_location(store: Store, make: Maker) -> None:
    """Each of the five tells series apart; the release does not."""
    places = itertools.product(("journey:a", "journey:b"), ("production", "staging"), ("local", "far"))
    runs = [make.run(check, environment=environment, location=location) for check, environment, location in places]
    released = replace(runs[0], id=make.run().id, circumstances=replace(runs[0].circumstances, release="2.0"))
    store.runs.record_many([*runs, released])

    series = store.series.of()

    assert len(series) == 16
    assert len(store.series.of(CheckId("journey:a"))) == 8
    assert {item.step for item in series} == {"", "pay"}
    assert store.series.of(CheckId("journey:unheard")) == ()


def test_checks_tell_where_they_stand_and_when_they_were_seen(store: Store, make: Maker) -> None:
    """A check that only runs spoke of is known by its id."""
    check = Check(CheckId("journey:a"), Kind.JOURNEY, "journeys/a.py", "test_a", "a.py::test_a")
    run = make.run("journey:b")
    store.checks.record([check], NOW_US)
    store.checks.record([replace(check, path="journeys/b.py")], NOW_US + 5)
    store.runs.record(run)

    first, second = store.checks.all()

    assert (first.id, first.kind, first.path, first.name) == ("journey:a", Kind.JOURNEY, "journeys/b.py", "test_a")
    assert (first.first_seen_us, first.last_seen_us) == (NOW_US, NOW_US + 5)
    assert (second.id, second.kind, second.path) == ("journey:b", None, None)
    assert second.first_seen_us == run.finished_us

    earlier = replace(run, id=make.run().id, finished_us=run.finished_us - 9)
    store.runs.record(earlier)  # as of a past that is stored afterwards

    assert store.checks.all()[1].first_seen_us == earlier.finished_us


def test_the_last_proving_of_a_check_is_returned_whole(store: Store) -> None:
    """An earlier one is history."""
    store.proofs.record([proof("abort", 1), proof("delay", 1)])
    store.proofs.record([proof("abort", 2, noticed=False), proof("status 500", 2)])
    store.proofs.record([proof("abort", 2, noticed=True)])

    proofs = store.proofs.latest(CheckId("journey:a"))

    assert proofs == (proof("abort", 2, noticed=False), proof("status 500", 2)) == store.proofs.latest()
    assert store.proofs.latest(CheckId("journey:b")) == ()


def test_a_renamed_check_keeps_its_history(store: Store, make: Maker) -> None:
    """Runs, series and proofs of before are read under the new id, and the old id still works."""
    old, new = CheckId("journey:a"), CheckId("journey:b")
    before, after, late = make.run(old), make.run(new), make.run(old)
    store.proofs.record([proof("abort", 1)])
    store.runs.record_many([before, after])

    store.checks.rename(old, new, NOW_US)
    store.checks.rename(old, new, NOW_US)
    store.runs.record(late)

    assert [(line.id, line.check) for line in store.runs.search(old)] == [
        (run.id, new) for run in (late, after, before)
    ]
    assert store.runs.search(new) == store.runs.search(old) == store.runs.search()
    assert [(check.id, check.aliases) for check in store.checks.all()] == [(new, (old,))]
    assert [line.id for line in store.runs.latest()] == [late.id]
    assert store.series.samples(store.series.of(new)[0]).at_us.tolist() == [run.due_us for run in (before, after, late)]
    assert store.series.of(old) == store.series.of(new)
    assert store.proofs.latest(new)[0].check == new
    assert store.runs.get(before.id).run == replace(before, check=new)


def test_a_renaming_can_be_taken_back(store: Store, make: Maker) -> None:
    """Renaming the other way makes the first id the check again."""
    old, new = CheckId("journey:a"), CheckId("journey:b")
    store.runs.record_many([make.run(old), make.run(new)])
    store.checks.rename(old, new, NOW_US)

    store.checks.rename(new, old, NOW_US)

    assert [(check.id, check.aliases) for check in store.checks.all()] == [(old, (new,))]
    assert len(store.runs.search(old)) == 2


def test_a_check_renamed_twice_answers_to_all_its_names(store: Store, make: Maker) -> None:
    """An alias of an alias is an alias."""
    first, second, third = CheckId("journey:a"), CheckId("journey:b"), CheckId("journey:c")
    store.runs.record_many([make.run(first), make.run(second)])

    store.checks.rename(first, second, NOW_US)
    store.checks.rename(second, third, NOW_US)

    assert [(check.id, check.aliases) for check in store.checks.all()] == [(third, (first, second))]
    assert len(store.runs.search(first)) == len(store.runs.search(second)) == len(store.runs.search(third)) == 2


@pytest.mark.parametrize(
    ("changes", "snapshot", "has_passed"),
    [
        ({"outcome": Outcome.PASSED}, "5eed", True),
        ({"outcome": Outcome.PASSED_ON_RETRY}, "5eed", True),
        ({"outcome": Outcome.FAILED}, "5eed", False),
        ({"outcome": Outcome.PASSED}, "other", False),
        ({"outcome": Outcome.PASSED, "location": "berlin"}, "5eed", False),
    ],
)
def test_it_is_known_whether_a_check_passed_from_the_same_snapshot(
    store: Store, make: Maker, changes: dict[str, Any], snapshot: str, has_passed: bool
) -> None:
    """In the same place, and whatever came between."""
    before = make.run("journey:a", **changes)
    store.runs.record(replace(before, circumstances=replace(before.circumstances, snapshot=snapshot)))
    other = make.run("journey:b", outcome=Outcome.PASSED)
    store.runs.record(replace(other, circumstances=replace(other.circumstances, snapshot="5eed")))

    run = make.run("journey:a", outcome=Outcome.SETUP_ERROR)
    run = replace(run, circumstances=replace(run.circumstances, snapshot="5eed"))

    assert store.runs.has_passed(run) == has_passed
    assert not store.runs.has_passed(replace(run, circumstances=replace(run.circumstances, snapshot="")))


def test_runs_beyond_the_limit_are_not_left_out_in_silence(store: Store, make: Maker) -> None:
    """Whoever shows the latest can say that there are more; a span of time bounds them exactly."""
    runs = make.runs(3)
    store.runs.record_many(runs)

    latest = store.runs.search(limit=2)
    between = store.runs.search(since_us=runs[0].due_us, until_us=runs[2].due_us, limit=2)

    assert ([line.id for line in latest], latest.is_complete) == ([runs[2].id, runs[1].id], False)
    assert ([line.id for line in between], between.is_complete) == ([runs[1].id, runs[0].id], True)
    assert store.runs.search(limit=None).is_complete


def test_known_steps_are_those_of_the_last_run_that_passed_in_each_place(store: Store, make: Maker) -> None:
    """A run that failed, and one after the time that is asked for, change nothing; former names are one check."""
    failed = make.run(outcome=Outcome.FAILED)
    before, later = make.run(), make.run()
    store.runs.record_many([before, failed, later])
    store.checks.rename(before.check, CheckId("journey:new"), NOW_US)

    known = store.runs.known_steps(later.due_us)

    assert list(known) == [(CheckId("journey:new"), "production", "local")]
    assert [step.key for step in known[CheckId("journey:new"), "production", "local"]] == ["pay"]
    assert [step.duration_ms for step in known[CheckId("journey:new"), "production", "local"]] == [250.5]


def test_outcomes_of_several_checks_are_those_that_were_stored_until_a_run_was(store: Store, make: Maker) -> None:
    """Of each run's own place, by time; of a renamed check under both names, and none of a run that is not stored."""
    old, new, other = CheckId("journey:old"), CheckId("journey:new"), CheckId("journey:b")
    first, failed = make.run(old), make.run(old, outcome=Outcome.FAILED)
    elsewhere = replace(make.run(old, outcome=Outcome.SETUP_ERROR), location="fra")
    beside = make.run(other)
    late = replace(make.run(new, outcome=Outcome.PASSED_ON_RETRY), due_us=first.due_us - 1)
    last = make.run(new)
    store.runs.record_many([first, elsewhere, beside])
    store.runs.record(failed)
    store.checks.rename(old, new, NOW_US)
    for run in (late, last):
        store.runs.record(run)

    whole = store.runs.outcomes([first, failed, elsewhere, beside, late, last, make.run(other)], 9)
    latest = store.runs.outcomes([last], 2)

    passed, retried = Outcome.PASSED, Outcome.PASSED_ON_RETRY
    known = ((passed,), (passed, Outcome.FAILED), (Outcome.SETUP_ERROR,), (passed,))
    assert whole == (*known, (retried, passed, Outcome.FAILED), (retried, passed, Outcome.FAILED, passed), ())
    assert latest == ((Outcome.FAILED, passed),)


def test_parts_of_several_series_are_read_together(store: Store, make: Maker) -> None:
    """Each from a time on, as far as they were stored or due when a run was; none where they are too many."""
    runs = make.runs(4)
    for run in (runs[1], runs[0], runs[3], runs[2]):
        store.runs.record(run)
    duration, pay = store.series.of(runs[0].check)

    parts = [SeriesPart(duration, run=runs[3].id), SeriesPart(pay, since_us=runs[1].due_us, run=runs[2].id)]
    whole = [*parts, SeriesPart(pay), SeriesPart(duration, run=make.run().id), SeriesPart(pay, run=runs[0].id)]
    read = store.series.parts(whole)

    assert read is not None
    numbers = [[0, 1, 2, 3], [1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1]]
    assert [points.at_us.tolist() for points in read] == [[runs[n].due_us for n in own] for own in numbers]
    assert [points.value.tolist() for points in read[:2]] == [[650.0] * 4, [250.5] * 3]
    assert store.series.parts(parts, 7) is not None
    assert store.series.parts(parts, 6) is None
    assert store.series.of_many([runs[0].check, CheckId("journey:nobody")]) == {
        runs[0].check: (duration, pay), CheckId("journey:nobody"): (),
    }  # fmt: skip
