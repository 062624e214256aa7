"""What is recorded is there, whole and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.statements import noted_statements

from outrider.model import (
    AttemptTrace,
    ErrorRecord,
    ErrorSource,
    Origin,
    Outcome,
    RunId,
    Sample,
    Step,
    StepKind,
    TraceSource,
)
from outrider.store.text_limits import (
    ARTIFACTS_PER_ATTEMPT,
    ATTRIBUTES_PER_ATTEMPT,
    ERRORS_PER_ATTEMPT,
    MESSAGE_CHARACTERS,
    STEPS_PER_CHECK,
    TRACES_PER_ATTEMPT,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.store.conftest import Maker, Place

    from outrider.model import Attempt, Run
    from outrider.store import Store

AUTOMATIC = StepKind.AUTOMATIC


def test_a_run_comes_back_with_all_that_belongs_to_it(store: Store, make: Maker) -> None:
    """Everything but the prober's own paths is the same after storing."""
    error = ErrorRecord(ErrorSource.CONSOLE, "boom", "at pay.js:3", "https://shop.test/pay", "pay", 12.5)
    steps = (
        Step("pay", "Pay", StepKind.NAMED, 0.0, None, error="timeout"),
        Step("click #pay 1", "Click Pay", AUTOMATIC, 1.25, 30.5, parent="pay", source="journeys/shop.py:7"),
    )
    attempt = make.attempt(
        steps=steps,
        errors=(error,),
        attributes={"browser": "chromium"},
        traces=(AttemptTrace("0a" * 16, "pay", Origin.LOAD, TraceSource.RESPONSE),),
    )
    run = make.run("journey:shop.py::test_pay", attempt, outcome=Outcome.FAILED, reason="no thanks page")

    store.runs.record(run)

    assert store.runs.get(run.id).run == run


def test_recording_a_run_twice_changes_nothing(store: Store, make: Maker) -> None:
    """A recorder that does not know whether it was cut off may simply do it again."""
    run = make.run()
    store.runs.record(run)

    store.runs.record(run)
    store.runs.record_many([run, run])

    assert len(store.runs.search()) == 1
    assert [store.series.samples(series).value.size for series in store.series.of(run.check)] == [1, 1]


def test_several_runs_are_stored_in_one_transaction_or_not_at_all(store: Store, make: Maker) -> None:
    """One impossible run leaves none of its companions behind."""
    good, bad = make.run(), make.run()
    twice = replace(bad, attempts=(bad.attempts[0], bad.attempts[0]))

    with pytest.raises(Exception, match=r"(?i)unique"):
        store.runs.record_many([good, twice])

    assert store.runs.search() == ()
    store.runs.record(good)
    assert len(store.runs.search()) == 1


def test_a_run_that_never_happened_is_stored_without_attempts(store: Store, make: Maker) -> None:
    """Missing data is data."""
    run = replace(make.run(), outcome=Outcome.MISSED, reason="the host slept", attempts=())

    store.runs.record(run)

    assert store.runs.get(run.id).run == run


@pytest.mark.parametrize(
    ("attempt", "judged"),
    [
        (lambda make: make.attempt(), True),
        (lambda make: make.attempt(outcome=Outcome.FAILED), False),
        (lambda make: make.attempt(outcome=Outcome.INCONCLUSIVE), False),
        (lambda make: make.attempt(measured=False), False),
        (lambda make: make.attempt(measured=False, evidence=True), False),
    ],
    ids=["first attempt", "failed", "inconclusive", "retry", "evidence"],
)
def test_only_a_measured_attempt_that_passed_is_judged(
    store: Store, make: Maker, attempt: Callable[[Maker], Attempt], judged: bool
) -> None:
    """The others' samples are kept for readers, and out of the judges' sight."""
    run = make.run("journey:a", attempt(make))

    store.runs.record(run)

    series = store.series.of(run.check)[0]
    assert store.series.samples(series).value.size == judged
    assert store.series.samples(series, judged_only=False).value.size == 1


def test_a_run_has_one_sample_a_series_and_attempt_and_the_last_counts(store: Store, make: Maker) -> None:
    """Two samples of one name have one place."""
    run = make.run("journey:a", make.attempt(samples=(Sample("", "lcp_ms", 1.0), Sample("", "lcp_ms", 2.0))))

    store.runs.record(run)

    assert store.series.samples(store.series.of(run.check)[0]).value.tolist() == [2.0]


def test_numbers_that_are_not_finite_are_left_out_and_told_of(store: Store, make: Maker) -> None:
    """No judge meets a NaN."""
    samples = (Sample("", "a", float("nan")), Sample("", "b", float("inf")), Sample("", "c", 3.0))
    run = make.run("journey:a", make.attempt(samples=samples))

    store.runs.record(run)

    assert [series.metric for series in store.series.of(run.check)] == ["c"]
    assert "2 samples" in store.runs.get(run.id).omitted[0]


def test_a_very_long_message_is_cut_with_a_mark_that_says_so(store: Store, make: Maker) -> None:
    """Ten megabytes on the console cost some kilobytes."""
    error = ErrorRecord(ErrorSource.CONSOLE, "x" * 10_000_000, "y" * 10_000_000)
    run = make.run("journey:a", make.attempt(errors=(error,)), reason="z" * 10_000_000)

    store.runs.record(run)

    stored = store.runs.get(run.id).run
    message = stored.attempts[0].measurement.errors[0].message
    assert len(message) == MESSAGE_CHARACTERS
    assert message.endswith("[cut: 10000000 characters]")
    assert stored.reason.endswith("[cut: 10000000 characters]")


def test_errors_beyond_the_limit_are_counted(store: Store, make: Maker) -> None:
    """A page that throws in a loop fills no disk."""
    errors = tuple(ErrorRecord(ErrorSource.PAGE, f"error {number}") for number in range(ERRORS_PER_ATTEMPT + 50))
    run = make.run("journey:a", make.attempt(errors=errors, omitted=("3 of 23 origins",)))

    store.runs.record(run)

    stored = store.runs.get(run.id)
    assert stored.run.attempts[0].measurement.errors == errors[:ERRORS_PER_ATTEMPT]
    left_out = ("attempt 1: 3 of 23 origins", f"attempt 1: 50 of {ERRORS_PER_ATTEMPT + 50} errors")
    assert stored.omitted == left_out


def test_files_beyond_the_limit_are_counted(store: Store, make: Maker) -> None:
    """The first hundred are kept; a hundred are not too many."""
    files = tuple(make.file(b"x", f"{number:03}.zip") for number in range(ARTIFACTS_PER_ATTEMPT + 3))
    many = make.run("journey:shop.py::test_pay", make.attempt(artifacts=files))
    enough = make.run("journey:shop.py::test_pay", make.attempt(artifacts=files[:ARTIFACTS_PER_ATTEMPT]))

    store.runs.record_many([many, enough])

    stored = store.runs.get(many.id)
    assert len(stored.artifacts) == ARTIFACTS_PER_ATTEMPT
    assert stored.omitted == (f"attempt 1: 3 of {ARTIFACTS_PER_ATTEMPT + 3} files",)
    assert store.runs.get(enough.id).omitted == ()


def test_attributes_and_links_to_traces_beyond_the_limit_are_counted(store: Store, make: Maker) -> None:
    """What is not there is not mistaken for what never was."""
    attributes = {f"name {number}": "value" for number in range(ATTRIBUTES_PER_ATTEMPT + 1)}
    traces = tuple(AttemptTrace(f"{number:032x}") for number in range(1, TRACES_PER_ATTEMPT + 3))
    run = make.run("journey:a", make.attempt(attributes=attributes, traces=traces))

    store.runs.record(run)

    assert store.runs.get(run.id).omitted == (
        f"attempt 1: 2 of {TRACES_PER_ATTEMPT + 2} links to traces",
        f"attempt 1: 1 of {ATTRIBUTES_PER_ATTEMPT + 1} attributes",
    )


def test_text_that_no_database_takes_is_stored_as_escapes(store: Store, make: Maker) -> None:
    """NUL and lone surrogates come from pages, not from people."""
    run = make.run(reason="a\0b\udc80")

    store.runs.record(run)

    assert store.runs.get(run.id).run.reason == "a\\x00b\\udc80"


def test_long_identities_stay_apart_when_they_are_cut(store: Store, make: Maker) -> None:
    """Two selectors that begin alike are two series."""
    samples = (Sample("s" * 1_000 + "1", "duration_ms", 1.0), Sample("s" * 1_000 + "2", "duration_ms", 2.0))
    run = make.run("journey:a", make.attempt(samples=samples))

    store.runs.record(run)

    assert len({series.step for series in store.series.of(run.check)}) == 2


def with_steps(make: Maker, names: range, **changes: int) -> Run:
    steps = tuple(Step(f"click {name}", "Click", AUTOMATIC, float(name), 1.0) for name in names)
    samples = tuple(Sample(step.key, "duration_ms", 1.0) for step in steps)
    attempt = make.attempt(steps=steps, samples=samples, started_us=changes.get("due_us", 1))
    return make.run("journey:a", attempt, **changes)


def test_a_check_keeps_no_more_automatic_steps_than_the_cap(store: Store, make: Maker) -> None:
    """Selectors that are new in every run do not become series without end."""
    first, second = with_steps(make, range(STEPS_PER_CHECK)), with_steps(make, range(400, STEPS_PER_CHECK + 100))
    store.runs.record(first)

    store.runs.record(second)

    stored = store.runs.get(second.id)
    assert len(store.series.of(first.check)) == STEPS_PER_CHECK
    assert stored.run.attempts[0].measurement.steps == second.attempts[0].measurement.steps[:100]
    assert stored.omitted[0].startswith("attempt 1: 100 steps")
    assert stored.omitted[1].startswith("attempt 1: 100 samples")


def test_steps_unseen_for_long_make_room_for_new_ones(store: Store, make: Maker) -> None:
    """An edited journey is not held to what it was a year ago."""
    year_us = 365 * 86_400 * 1_000_000
    store.runs.record(with_steps(make, range(STEPS_PER_CHECK), due_us=1))

    late = with_steps(make, range(1_000, 1_000 + STEPS_PER_CHECK), due_us=year_us)
    store.runs.record(late)

    assert store.runs.get(late.id).run == late


def test_a_moved_step_is_shown_as_it_was_in_each_run(store: Store, make: Maker) -> None:
    """The same step at another line is the same series, and each run names its own line."""
    before, after = (
        make.run("journey:a", make.attempt(steps=(Step("pay", "Pay", AUTOMATIC, 0.0, 1.0, source=source),)))
        for source in ("a.py:1", "a.py:2")
    )

    store.runs.record_many([before, after])

    assert store.runs.get(before.id).run == before
    assert store.runs.get(after.id).run == after


def test_a_second_process_sees_the_keys_that_another_one_added(place: Place, make: Maker) -> None:
    """Two recorders that remember keys do not disagree."""
    with place.open() as item, place.open() as other:
        item.runs.record(make.run("journey:a"))
        other.runs.record(make.run("journey:a", make.attempt(samples=(Sample("", "new", 1.0),))))

        item.runs.record(make.run("journey:a", make.attempt(samples=(Sample("", "new", 2.0),))))

        series = next(series for series in item.series.of() if series.metric == "new")
        assert item.series.samples(series).value.tolist() == [1.0, 2.0]


def test_several_threads_may_record_at_once(store: Store, make: Maker) -> None:
    """One store serves a whole process."""
    runs = make.runs(40)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store.runs.record, runs))

    assert {line.id for line in store.runs.search()} == {run.id for run in runs}


def test_a_run_without_a_uuid_is_a_mistake_of_the_caller(store: Store, make: Maker) -> None:
    """Ids are made by `new_run_id`."""
    run = replace(make.run(), id=RunId("nonsense"))

    with pytest.raises(ValueError, match="UUID"):
        store.runs.record(run)


def test_many_new_checks_are_stored_by_few_statements(store: Store, make: Maker) -> None:
    """However many run for the first time at once: a server that is asked for each of them does not keep pace."""
    runs = [make.run(f"journey:{number}") for number in range(100)]

    with noted_statements() as first:
        store.runs.record_many(runs[:1])
    with noted_statements() as rest:
        store.runs.record_many(runs[1:])

    assert len(rest) <= len(first) <= 32, first
    assert [store.runs.get(run.id).run for run in runs] == runs


def test_several_runs_of_a_new_check_are_stored_at_once(store: Store, make: Maker) -> None:
    """Their steps differ, and a limit of series counts for all of them."""
    pay, ship = Step("pay", "Pay", StepKind.NAMED, 0.0, 1.0), Step("ship", "Ship", StepKind.NAMED, 0.0, 2.0)
    runs = [
        make.run("journey:a", make.attempt(steps=(step,), samples=(Sample(step.key, "duration_ms", 1.0),)))
        for step in (pay, ship, pay)
    ]
    store.runs.record_many(runs)

    assert [store.runs.get(run.id).run for run in runs] == runs
    values = {series.step: store.series.samples(series).value.size for series in store.series.of(runs[0].check)}
    assert values == {"pay": 2, "ship": 1}
