"""Rollups count every judged sample and every run exactly once, whatever comes when."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import select

from outrider.model import CheckId, Histogram, Outcome, Retention, Sample
from outrider.store.artifact_folder import open_folder
from outrider.store.database import open_database
from outrider.store.histogram_codec import pack_histogram, unpack_histogram
from outrider.store.pruner import prune
from outrider.store.rollup_job import roll_up
from outrider.store.rollups import merge
from outrider.store.schema import late_runs, outcome_days, outcome_hours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection
    from tests.store.conftest import Maker, Place

    from outrider.model import Rollup, Run
    from outrider.store import Store
    from outrider.store.database import Database

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
NOW_US = 20_000 * DAY_US
CHECK = "journey:a"
FOREVER = 1 << 60
AGES = (13, 14, 34, 35, 36, 394, 395, 396, 397, 500)


def run_at(make: Maker, at_us: int, value: float = 100.0, check: str = CHECK, **changes: object) -> Run:
    """Return a run that was due then, with one sample."""
    attempt = make.attempt(started_us=at_us, samples=(Sample("", "duration_ms", value),))
    return make.run(check, attempt, due_us=at_us, **changes)


def hours_of(store: Store, check: str = CHECK) -> tuple[Rollup, ...]:
    (series,) = store.series.of(CheckId(check))
    return store.rollups.hours(series, 0, FOREVER)


def days_of(store: Store, check: str = CHECK) -> tuple[Rollup, ...]:
    (series,) = store.series.of(CheckId(check))
    return store.rollups.days(series, 0, FOREVER)


def counted(place: Place) -> tuple[int, int, int]:
    """Return how many runs the hours and the days counted, and how many wait on the list of late ones."""
    database = open_database(place.url)
    with database.reading() as connection:
        sums = [sum(connection.execute(select(table.c.runs)).scalars()) for table in (outcome_hours, outcome_days)]
        late = len(connection.execute(select(late_runs)).all())
    database.close()
    return (*sums, late)


@pytest.mark.parametrize("values", [[], [0.0], [-5.0, 3.2], [100.0] * 300, [1e-3, 1e9], list(range(1, 500))])
def test_a_packed_histogram_comes_back_whole(values: list[float]) -> None:
    """Whatever the buckets and counts."""
    histogram = Histogram.of(values)

    assert unpack_histogram(pack_histogram(histogram)) == histogram


def test_hours_tell_what_their_samples_came_to_and_add_up_to_their_day(store: Store, make: Maker) -> None:
    """Counts, sums, extremes and buckets of a day are those of its hours, and quantiles lie within 1 %."""
    begins_us = NOW_US - 3 * DAY_US
    values = np.random.default_rng(7).lognormal(5, 0.5, 288)
    store.runs.record_many([run_at(make, begins_us + n * 5 * 60_000_000, v) for n, v in enumerate(values.tolist())])

    store.prune(NOW_US)

    hours, (day,) = hours_of(store), days_of(store)
    assert [hour.count for hour in hours] == [12] * 24
    assert (hours[0].min, hours[0].max) == (values[:12].min(), values[:12].max())
    assert merge(hours) == day
    assert (day.count, day.min, day.max) == (288, values.min(), values.max())
    assert day.sum == pytest.approx(values.sum(), rel=1e-12)
    for share in (0.5, 0.75, 0.95, 0.99):
        exact = np.quantile(values, share, method="inverted_cdf")
        assert day.quantile(share) == pytest.approx(exact, rel=0.01)


@pytest.mark.slow
def test_rolling_up_again_changes_nothing(place: Place, store: Store, make: Maker) -> None:
    """Nor does it count a run twice."""
    store.runs.record_many([run_at(make, NOW_US - n * 7 * HOUR_US) for n in range(1, 30)])
    store.prune(NOW_US)
    before = hours_of(store), days_of(store), counted(place)

    store.prune(NOW_US)

    assert (hours_of(store), days_of(store), counted(place)) == before
    assert before[2][0] == 29


@pytest.mark.parametrize(
    ("age_days", "in_hours"),
    [(2, True), (40, True), (390, True), (500, False)],
    ids=["samples-kept", "samples-gone", "steps-gone", "hours-gone"],
)
def test_a_late_run_is_counted_once_however_old_it_is(
    place: Place, store: Store, make: Maker, age_days: int, in_hours: bool
) -> None:
    """Its hour is made anew, or added to where samples of that hour are gone; so is its day."""
    at_us = NOW_US - age_days * DAY_US
    store.runs.record_many([run_at(make, at_us, 100.0), run_at(make, at_us + 60_000_000, 200.0)])
    store.prune(NOW_US)
    store.runs.record(run_at(make, at_us + 120_000_000, 700.0))
    assert counted(place)[2] == 1

    for _ in range(2):
        store.prune(NOW_US)

    assert [rollup.count for rollup in hours_of(store)] == ([3] if in_hours else [])
    assert [(rollup.count, rollup.sum, rollup.max) for rollup in days_of(store)] == [(3, 1000.0, 700.0)]
    assert counted(place) == (3 if in_hours else 0, 3, 0)


def test_a_sample_in_the_future_waits_for_its_time(place: Place, store: Store, make: Maker) -> None:
    """And what is stored beside it is not late."""
    store.runs.record_many([run_at(make, NOW_US - 2 * HOUR_US), run_at(make, NOW_US + 30 * DAY_US)])
    store.prune(NOW_US)
    assert [rollup.count for rollup in hours_of(store)] == [1]

    store.prune(NOW_US + 32 * DAY_US)

    assert [rollup.count for rollup in hours_of(store)] == [1, 1]
    assert counted(place) == (2, 2, 0)


def test_an_hour_that_is_not_over_waits(store: Store, make: Maker) -> None:
    """For a quarter of an hour more, in which its last runs end."""
    store.runs.record(run_at(make, NOW_US + 1))

    store.prune(NOW_US + HOUR_US + 14 * 60_000_000)
    waiting = hours_of(store)
    store.prune(NOW_US + HOUR_US + 15 * 60_000_000)

    assert waiting == ()
    assert [rollup.at_us for rollup in hours_of(store)] == [NOW_US]


def test_a_renamed_check_keeps_its_rollups(store: Store, make: Maker) -> None:
    """Both names' values of one hour are told together."""
    store.runs.record_many(
        [run_at(make, NOW_US - DAY_US, 1.0, "journey:old"), run_at(make, NOW_US - DAY_US, 3.0, "journey:new")]
    )
    store.prune(NOW_US)

    store.checks.rename(CheckId("journey:old"), CheckId("journey:new"), NOW_US)

    assert [(rollup.count, rollup.sum) for rollup in hours_of(store, "journey:new")] == [(2, 4.0)]


def test_only_judged_samples_are_rolled_up_and_every_run_is_counted(place: Place, store: Store, make: Maker) -> None:
    """A failed attempt gives no value, but is a run."""
    failed = make.attempt(outcome=Outcome.FAILED, samples=(Sample("", "duration_ms", 9e9),))
    at_us = NOW_US - 2 * DAY_US
    store.runs.record_many([run_at(make, at_us), make.run(CHECK, failed, due_us=at_us, outcome=Outcome.FAILED)])

    store.prune(NOW_US)

    assert [(rollup.count, rollup.max) for rollup in hours_of(store)] == [(1, 100.0)]
    assert counted(place) == (2, 2, 0)


class Killed(BaseException):
    """Stands for the end of a process."""


def killed_after(database: Database, transactions: int) -> AbstractContextManager[object]:
    """Return how to open transactions, of which only so many end."""
    left = iter(range(transactions))

    @contextmanager
    def writing() -> Iterator[Connection]:
        with database.writing() as connection:
            yield connection
            if next(left, None) is None:
                raise Killed

    return writing  # type: ignore[return-value]


def told(store: Store) -> tuple[list[tuple[int, Outcome, int]], list[tuple[int, float]]]:
    """Return the runs of each day by outcome, and the judged values by day, to three figures."""
    (series,) = store.series.of()
    (points,) = store.series.past([series], 0, FOREVER, exact_from_us=0)
    days = [NOW_US - age * DAY_US for age in (*AGES, -2)]
    runs = [(day, rollup.outcome, rollup.runs) for day in days for rollup in store.runs.tallies(day, day + DAY_US)]
    values = zip((points.at_us // DAY_US).tolist(), points.value.tolist(), strict=True)
    return runs, [(day, round(value, -1)) for day, value in values]


def sparsely(points: range, *, every: int) -> list[object]:
    """Return points of interruption as parameters; all but every so many-th are marked as slow."""
    return [
        point if number % every == 0 else pytest.param(point, marks=pytest.mark.slow)
        for number, point in enumerate(points)
    ]


@pytest.mark.parametrize("transactions", sparsely(range(12), every=4))
def test_a_kill_at_any_transaction_loses_nothing(place: Place, store: Store, make: Maker, transactions: int) -> None:
    """Not even the run that was stored before it went on, nor one whose samples are past their age."""
    at_us = NOW_US - 40 * DAY_US
    store.runs.record_many([run_at(make, at_us), run_at(make, NOW_US - 2 * DAY_US)])
    database = open_database(place.url)
    with pytest.raises(Killed):
        roll_up(database, killed_after(database, transactions), NOW_US)  # type: ignore[arg-type]
    database.close()
    store.runs.record(run_at(make, at_us + 1))

    store.prune(NOW_US)

    assert [rollup.count for rollup in hours_of(store)] == [2, 1]
    assert [rollup.count for rollup in days_of(store)] == [2, 1]
    assert counted(place) == (3, 3, 0)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # the order of transactions is the same everywhere
@pytest.mark.parametrize("transactions", sparsely(range(3, 95, 6), every=5))
def test_a_kill_while_keeping_house_loses_and_doubles_nothing(
    place: Place, store: Store, make: Maker, transactions: int
) -> None:
    """Between rolling up and deleting, and between any two deletions: before it went on, and after."""
    store.runs.record_many([run_at(make, NOW_US - age * DAY_US + n, 100.0 + n) for age in AGES for n in range(3)])
    store.runs.record(run_at(make, NOW_US + 2 * DAY_US))
    before = told(store)
    database, folder = open_database(place.url), open_folder(place.artifacts)
    left = iter(range(transactions))

    def pause(_seconds: float) -> None:
        if next(left, None) is None:
            raise Killed

    with suppress(Killed):
        prune(database, folder, NOW_US, Retention(), pause=pause)
    database.close()

    assert told(store) == before
    store.prune(NOW_US)
    assert told(store) == before


def test_samples_go_before_hours_and_hours_before_days(place: Place, store: Store, make: Maker) -> None:
    """Each by its own age, never sooner than what it feeds has been made."""
    policy = Retention(details_s=10 * 86_400, hours_s=20 * 86_400, days_s=30 * 86_400, runs_s=25 * 86_400)
    store.runs.record_many([run_at(make, NOW_US - age * DAY_US) for age in (5, 15, 25, 35)])

    store.prune(NOW_US, policy)

    (series,) = store.series.of()
    assert len(store.series.samples(series).at_us) == 1
    assert [(NOW_US - rollup.at_us) // DAY_US for rollup in hours_of(store)] == [15, 5]
    assert [(NOW_US - rollup.at_us) // DAY_US for rollup in days_of(store)] == [25, 15, 5]
