"""Samples that no run measured: of services, pages, issues and locations, kept like those of checks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from outrider.model import AggregateSample, Subject, SubjectKind
from outrider.store.text_limits import SERIES_PER_SUBJECT

if TYPE_CHECKING:
    from tests.store.conftest import Maker

    from outrider.store import Store

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
NOW_US = 20_000 * DAY_US
FOREVER = 1 << 60
CHECKOUT = Subject.of(SubjectKind.SERVICE, "checkout")


def aggregate(at_us: int, value: float = 100.0, subject: Subject = CHECKOUT, **changes: Any) -> AggregateSample:
    plain = AggregateSample(subject, "POST /pay", "duration_ms", "production", "", at_us, value)
    return replace(plain, **changes)


def values_of(store: Store, subject: Subject = CHECKOUT) -> list[tuple[int, float]]:
    (series,) = store.series.of(subject)
    points = store.series.samples(series)
    return list(zip(points.at_us.tolist(), points.value.tolist(), strict=True))


def test_aggregates_are_read_back_as_a_series_in_the_order_of_time(store: Store) -> None:
    """They may come in any order, and belong to their subject."""
    recorded = store.aggregates.record([aggregate(3, 30.0), aggregate(1, 10.0), aggregate(2, 20.0)])

    (series,) = store.series.of(CHECKOUT)
    assert (recorded.stored, recorded.omitted) == (3, ())
    assert (series.subject, series.subject.kind, series.step) == (CHECKOUT, SubjectKind.SERVICE, "POST /pay")
    assert values_of(store) == [(1, 10.0), (2, 20.0), (3, 30.0)]
    assert store.series.of() == (series,)


def test_a_repeated_aggregate_changes_nothing(store: Store) -> None:
    """A series has one aggregate at a time; the first is kept, within a call and across calls."""
    store.aggregates.record([aggregate(1, 10.0), aggregate(1, 11.0)])

    again = store.aggregates.record([aggregate(1, 12.0), aggregate(2, 20.0)])

    assert again.stored == 1
    assert values_of(store) == [(1, 10.0), (2, 20.0)]


@pytest.mark.slow
def test_what_cannot_be_stored_is_named(store: Store) -> None:
    """Values that are no numbers, and series beyond what a subject may have, cost nothing else."""
    many = [aggregate(1, step=str(number)) for number in range(SERIES_PER_SUBJECT + 2)]

    recorded = store.aggregates.record([aggregate(1, float("nan")), *many])

    assert recorded.stored == SERIES_PER_SUBJECT
    assert recorded.omitted == (
        "not finite: 1",
        f"of series beyond {SERIES_PER_SUBJECT} of their subject: 2",
    )


def test_a_service_is_no_check(store: Store, make: Maker) -> None:
    """It has series, and stands in no list of checks and no coverage."""
    store.runs.record(make.run())
    store.aggregates.record([aggregate(1)])

    assert [check.id for check in store.checks.all()] == ["journey:shop.py::test_pay"]
    assert {place.check for place in store.schedule.coverage(0)} == {"journey:shop.py::test_pay"}


def test_a_check_may_have_aggregates_beside_its_runs(store: Store, make: Maker) -> None:
    """Both are samples of one series; a run that is due at the same time keeps its own."""
    run = make.run()
    store.runs.record(run)

    place = {"step": "pay", "environment": run.environment, "location": run.location}
    store.aggregates.record([aggregate(run.due_us, 1.0, run.check, **place), aggregate(5, 2.0, run.check, **place)])

    (series,) = (series for series in store.series.of(run.check) if series.step == "pay")
    assert sorted(store.series.samples(series).value.tolist()) == [1.0, 2.0, 250.5]
    assert len(store.runs.get(run.id).run.attempts[0].measurement.samples) == 2


def test_aggregates_are_rolled_up_without_any_run(store: Store) -> None:
    """Hours and days hold each value once."""
    store.aggregates.record([aggregate(NOW_US + minute * MINUTE_US, float(minute)) for minute in range(120)])

    store.prune(NOW_US + 2 * DAY_US)

    (series,) = store.series.of(CHECKOUT)
    hours, days = (read(series, 0, FOREVER) for read in (store.rollups.hours, store.rollups.days))
    assert [(hour.count, hour.min, hour.max) for hour in hours] == [(60, 0.0, 59.0), (60, 60.0, 119.0)]
    assert [(day.count, day.sum) for day in days] == [(120, sum(range(120)))]


def test_an_aggregate_that_comes_late_is_counted_once(store: Store) -> None:
    """Its hour and its day were rolled up before, and are again."""
    store.aggregates.record([aggregate(NOW_US, 1.0)])
    store.prune(NOW_US + 2 * DAY_US)

    store.aggregates.record([aggregate(NOW_US + MINUTE_US, 2.0), aggregate(NOW_US - 3 * HOUR_US, 4.0)])
    store.aggregates.record([aggregate(NOW_US + MINUTE_US, 2.0)])
    store.prune(NOW_US + 2 * DAY_US)
    store.prune(NOW_US + 2 * DAY_US)

    (series,) = store.series.of(CHECKOUT)
    assert [hour.sum for hour in store.rollups.hours(series, 0, FOREVER)] == [4.0, 3.0]
    assert [day.sum for day in store.rollups.days(series, 0, FOREVER)] == [4.0, 3.0]
    (past,) = store.series.past([series], 0, FOREVER, exact_from_us=FOREVER)
    assert past.value.sum() == pytest.approx(7.0, rel=0.01)


def test_aggregates_are_pruned_by_age_and_their_rollups_stay(store: Store) -> None:
    """What is judged stays 35 days, what informs 14; a late one of a pruned hour is omitted, and said so."""
    old = NOW_US - 20 * DAY_US
    store.aggregates.record([aggregate(old, 5.0), aggregate(old, 7.0, metric="requests_per_s")])

    pruned = store.prune(NOW_US)
    late = store.aggregates.record([aggregate(old + 1, 6.0, metric="requests_per_s")])

    kept = {series.metric: len(store.series.samples(series).value) for series in store.series.of(CHECKOUT)}
    assert pruned.samples == 1
    assert kept == {"duration_ms": 1, "requests_per_s": 0}
    assert (late.stored, late.omitted) == (0, ("older than the samples that are kept: 1",))
    assert all(store.rollups.hours(series, 0, FOREVER) for series in store.series.of(CHECKOUT))


def test_a_late_aggregate_is_not_pruned_before_it_is_counted(store: Store) -> None:
    """It came between the rollups and the next pruning, and is past its age by then."""
    at_us = NOW_US - 10 * DAY_US
    store.aggregates.record([aggregate(at_us, 1.0, metric="requests_per_s")])
    store.prune(NOW_US)
    store.aggregates.record([aggregate(at_us + 1, 2.0, metric="requests_per_s")])

    store.prune(NOW_US + 10 * DAY_US)

    (series,) = store.series.of(CHECKOUT)
    assert len(store.series.samples(series).value) == 0
    assert [hour.sum for hour in store.rollups.hours(series, 0, FOREVER)] == [3.0]


def unjudged(store: Store, limit: int = 10) -> list[tuple[str, str]]:
    return [(item.series.subject, item.series.step) for item in store.aggregates.unjudged(limit)]


def test_series_wait_to_be_judged_those_with_the_oldest_aggregates_first(store: Store) -> None:
    """However often they are written; the time of the first that waits counts."""
    store.aggregates.record([aggregate(3, step="b"), aggregate(5, step="a"), aggregate(2, step="b")])
    store.aggregates.record([aggregate(4, step="c"), aggregate(1, step="a")])

    assert unjudged(store) == [(CHECKOUT, "b"), (CHECKOUT, "c"), (CHECKOUT, "a")]
    assert unjudged(store, 2) == [(CHECKOUT, "b"), (CHECKOUT, "c")]


def test_a_judged_series_waits_no_more_unless_it_was_written_meanwhile(store: Store) -> None:
    """What came while the judge worked is judged next."""
    store.aggregates.record([aggregate(1, step="a"), aggregate(1, step="b")])
    read = store.aggregates.unjudged(10)

    store.aggregates.record([aggregate(2, step="b")])
    store.aggregates.mark_judged(read)
    store.aggregates.mark_judged([])

    assert unjudged(store) == [(CHECKOUT, "b")]
    store.aggregates.mark_judged(store.aggregates.unjudged(10))
    assert unjudged(store) == []


def test_only_what_is_judged_by_itself_waits_to_be_judged(store: Store, make: Maker) -> None:
    """A check is judged with its runs, other metrics inform, and a repeated aggregate is nothing new."""
    run = make.run()
    store.aggregates.record(
        [
            aggregate(1),
            aggregate(1, metric="requests_per_s"),
            aggregate(1, subject=run.check),
            aggregate(1, subject=Subject("odd")),
        ]
    )
    assert unjudged(store) == [(CHECKOUT, "POST /pay")]

    store.aggregates.mark_judged(store.aggregates.unjudged(10))
    store.aggregates.record([aggregate(1, 7.0)])

    assert unjudged(store) == []
