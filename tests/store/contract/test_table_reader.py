"""Stored rows as columns, in batches: what DataFrames and exports are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.store.conftest import NOW_US, SECOND_US
from tests.store.contract.test_aggregates import CHECKOUT, aggregate

from outrider.model import CheckId, Circumstances, Outcome, Sample, Selection, Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.store.conftest import Maker

    from outrider.model import Run
    from outrider.store import Store

PAY, ASK = "journey:shop.py::test_pay", "probe:ask"


def rows(batches: Iterable[Mapping[str, Sequence[object]]], *columns: str) -> list[tuple[object, ...]]:
    """Return columns of all batches row by row; every column of a batch has the same length."""
    table: list[tuple[object, ...]] = []
    for batch in batches:
        assert len({len(values) for values in batch.values()}) == 1
        table += zip(*(batch[column] for column in columns), strict=True)
    return table


@pytest.fixture
def runs(store: Store, make: Maker) -> list[Run]:
    """Store five runs that differ in one thing each."""
    stored = [
        make.run(),
        make.run(environment="staging"),
        make.run(location="oslo"),
        make.run(ASK),
        make.run(outcome=Outcome.FAILED, reason="refused", circumstances=Circumstances("2.0", "firefox", "1", "bob")),
    ]
    store.runs.record_many(stored)
    return stored


@pytest.mark.parametrize("batch_rows", [1, 2, 5, 100])
def test_runs_come_in_the_order_in_which_they_were_due(store: Store, runs: list[Run], batch_rows: int) -> None:
    """Each once, with all of their columns, however large a batch is."""
    columns = ("run", "due_us", "check", "environment", "location", "release", "browser", "host", "outcome", "reason")
    times = ("started_us", "finished_us", "due_count")

    batches = list(store.tables.runs(Selection(), batch_rows))

    assert all(len(batch["run"]) <= batch_rows for batch in batches)
    assert rows(batches, *columns, *times) == [
        (
            run.id, run.due_us, run.check, run.environment, run.location, run.circumstances.release,
            run.circumstances.browser, run.circumstances.host, run.outcome.value, run.reason,
            run.started_us, run.finished_us, 1,
        )
        for run in runs
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"environment": "staging"}, [1]),
        ({"location": "oslo"}, [2]),
        ({"pattern": "probe:*"}, [3]),
        ({"pattern": ASK}, [3]),
        ({"pattern": "probe:as?"}, [3]),
        ({"pattern": "nothing*"}, []),
        ({"since_us": NOW_US + 120 * SECOND_US, "until_us": NOW_US + 240 * SECOND_US}, [1, 2]),
        ({"since_us": NOW_US + 300 * SECOND_US}, [4]),
        ({"until_us": NOW_US + 60 * SECOND_US}, []),
    ],
)
def test_a_selection_holds_for_runs_steps_and_samples(
    store: Store, runs: list[Run], selection: dict[str, Any], expected: list[int]
) -> None:
    """The time at which it begins is in it, and the one at which it ends is not."""
    wanted, ids = Selection(**selection), {runs[number].id for number in expected}

    assert {row for (row,) in rows(store.tables.runs(wanted, 2), "run")} == ids
    assert {row for (row,) in rows(store.tables.steps(wanted, 2), "run")} == ids
    assert {row for (row,) in rows(store.tables.samples(wanted, 2), "run")} == ids


@pytest.mark.parametrize("batch_rows", [1, 3, 100])
def test_samples_come_series_by_series_in_the_order_of_time(store: Store, make: Maker, batch_rows: int) -> None:
    """With the release of their run; an aggregate belongs to none, and both columns are empty."""
    later, earlier = make.run(), make.run(due_us=NOW_US)
    store.runs.record_many([later, earlier])
    store.aggregates.record([aggregate(NOW_US, 30.0), aggregate(NOW_US + 1, 40.0)])

    table = rows(
        store.tables.samples(Selection(), batch_rows), "check", "step", "metric", "due_us", "run", "release", "value"
    )

    assert table == [
        (PAY, "", "duration_ms", NOW_US, earlier.id, "1.0", 650.0),
        (PAY, "", "duration_ms", later.due_us, later.id, "1.0", 650.0),
        (PAY, "pay", "duration_ms", NOW_US, earlier.id, "1.0", 250.5),
        (PAY, "pay", "duration_ms", later.due_us, later.id, "1.0", 250.5),
        (CHECKOUT, "POST /pay", "duration_ms", NOW_US, "", "", 30.0),
        (CHECKOUT, "POST /pay", "duration_ms", NOW_US + 1, "", "", 40.0),
    ]


def test_samples_of_one_step_or_one_metric(store: Store, make: Maker) -> None:
    """An empty step is the whole run; none is every step."""
    samples = (Sample("", "duration_ms", 1.0), Sample("pay", "duration_ms", 2.0), Sample("pay", "lcp_ms", 3.0))
    store.runs.record(make.run(PAY, make.attempt(samples=samples)))

    def values(**selection: Any) -> list[object]:
        return [value for (value,) in rows(store.tables.samples(Selection(**selection), 9), "value")]

    assert values() == [1.0, 2.0, 3.0]
    assert values(step="") == [1.0]
    assert values(step="pay") == [2.0, 3.0]
    assert values(metric="lcp_ms") == [3.0]
    assert [series.metric for series in store.tables.series(Selection(step="pay"))] == ["duration_ms", "lcp_ms"]


def test_what_no_judge_may_see_is_there_when_it_is_asked_for(store: Store, make: Maker) -> None:
    """Of a run that passed on retry, the attempt that was not measured has steps and samples too."""
    first = make.attempt(1, measured=False, outcome=Outcome.FAILED)
    run = make.run(PAY, first, make.attempt(2), outcome=Outcome.PASSED_ON_RETRY)
    store.runs.record(run)

    judged, everything = Selection(), Selection(judged_only=False)

    assert rows(store.tables.steps(judged, 9), "attempt", "measured") == [(2, True)]
    assert rows(store.tables.steps(everything, 9), "attempt", "measured") == [(1, False), (2, True)]
    assert len(rows(store.tables.samples(everything, 9), "attempt")) == 4
    assert len(rows(store.tables.samples(judged, 9), "attempt")) < 4


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_steps_come_in_the_order_of_their_runs(store: Store, make: Maker, batch_rows: int) -> None:
    """With title, parent, offset and error; one that never ended has no duration."""
    steps = (
        Step("pay", "Pay", StepKind.NAMED, 10.0, 250.5),
        Step("click", "Click", StepKind.AUTOMATIC, 20.0, None, parent="pay", error="detached"),
    )
    run = make.run(PAY, make.attempt(steps=steps))
    before = make.run(due_us=NOW_US)
    store.runs.record_many([run, before])
    columns = ("run", "check", "step", "title", "parent", "offset_us", "duration_us", "error")

    table = rows(store.tables.steps(Selection(), batch_rows), *columns)

    assert [row[:4] for row in table] == [
        (before.id, PAY, "pay", "Pay"), (run.id, PAY, "pay", "Pay"), (run.id, PAY, "click", "Click"),
    ]  # fmt: skip
    assert table[1][4:] == ("", 10_000, 250_500, None)
    assert table[2][4:] == ("pay", 20_000, None, "detached")
    assert rows(store.tables.steps(Selection(step="click"), batch_rows), "step") == [("click",)]


def test_a_former_name_finds_what_was_recorded_under_it(store: Store, make: Maker) -> None:
    """Rows bear the present name; brackets in a name are no pattern."""
    renamed = CheckId("journey:shop.py::test_pay[1]")
    store.runs.record(make.run())
    store.checks.rename(CheckId(PAY), renamed, NOW_US)

    for pattern in (PAY, renamed, "journey:*[1]"):
        assert rows(store.tables.runs(Selection(pattern), 9), "check") == [(renamed,)]
        assert len(rows(store.tables.samples(Selection(pattern), 9), "check")) == 2
    assert rows(store.tables.samples(Selection("journey:*[2]"), 9), "check") == []
