"""What is read of long ago: rollups in place of samples and runs, and the same numbers as before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.store.contract.test_rollups import CHECK, DAY_US, HOUR_US, NOW_US, run_at

from outrider.model import BUCKET_VALUE, RATIO, CheckId, Histogram, Outcome
from outrider.store.histogram_codec import pack_histogram, unpack_histogram, unpack_values

if TYPE_CHECKING:
    from tests.store.conftest import Maker

    from outrider.model import Points
    from outrider.store import Store

MINUTE_US = 60_000_000


def past(store: Store, since_us: int, until_us: int, exact_from_us: int) -> Points:
    (series,) = store.series.of(CheckId(CHECK))
    return store.series.past([series], since_us, until_us, exact_from_us=exact_from_us)[0]


def fill(store: Store, make: Maker, begins_us: int, hours: int) -> np.ndarray:
    """Store six runs an hour; return their values."""
    values = np.random.default_rng(11).lognormal(4, 0.7, 6 * hours)
    store.runs.record_many([run_at(make, begins_us + n * 10 * MINUTE_US, v) for n, v in enumerate(values.tolist())])
    return values


@pytest.mark.parametrize(
    "values", [[], [0.0], [-5.0, 3.2], [100.0] * 300, [1e-3, 1e9, 1e-3], list(range(1, 500)), [2.0]]
)
def test_many_histograms_are_unpacked_like_one_after_the_other(values: list[float]) -> None:
    """Large counts and distances take several bytes."""
    packed = [pack_histogram(Histogram.of(part)) for part in (values, [], [7.0], values[::2])]

    result = unpack_values(packed)

    counted = [entry for item in packed for entry in sorted(unpack_histogram(item).counts.items())]
    assert result == pytest.approx([BUCKET_VALUE * RATIO**bucket for bucket, count in counted for _ in range(count)])


def test_samples_are_told_one_by_one_from_when_they_are_wanted_exactly(store: Store, make: Maker) -> None:
    """Before, each hour has as many values as before, within one per cent."""
    begins_us = NOW_US - 4 * DAY_US
    values = fill(store, make, begins_us, 96)
    store.prune(NOW_US)

    result = past(store, begins_us, NOW_US, NOW_US - DAY_US)

    old = 6 * 72
    assert result.value[old:].tolist() == values[old:].tolist()
    assert result.at_us[:old].tolist() == [begins_us + n // 6 * HOUR_US for n in range(old)]
    wanted = np.sort(values[:old].reshape(72, 6), axis=1)
    assert result.value[:old] == pytest.approx(wanted.ravel(), rel=0.0101)


def test_what_is_not_rolled_up_yet_is_told_by_its_samples(store: Store, make: Maker) -> None:
    """As in a store that was never cleared up."""
    values = fill(store, make, NOW_US - DAY_US, 24)

    result = past(store, NOW_US - DAY_US, NOW_US, NOW_US)

    assert result.value.tolist() == values.tolist()


@pytest.mark.parametrize(("age_days", "width_us"), [(40, HOUR_US), (500, DAY_US)])
def test_of_deleted_samples_the_rollups_are_told(store: Store, make: Maker, age_days: int, width_us: int) -> None:
    """By hour, and by day where hours are gone too."""
    begins_us = NOW_US - age_days * DAY_US
    values = fill(store, make, begins_us, 48)
    store.prune(NOW_US)
    store.prune(NOW_US)

    result = past(store, begins_us, begins_us + 2 * DAY_US, begins_us)

    assert sorted(set(np.diff(result.at_us))) == [0, width_us]
    assert np.sort(result.value) == pytest.approx(np.sort(values), rel=0.0101)


def test_runs_are_counted_alike_before_and_after_they_are_rolled_up(store: Store, make: Maker) -> None:
    """Parts of hours at both ends, hours that are not over, and a run that came late."""
    fill(store, make, NOW_US - 2 * DAY_US, 49)
    spans = [
        (NOW_US - 40 * HOUR_US - 25 * MINUTE_US, NOW_US - 10 * HOUR_US + 15 * MINUTE_US),
        (NOW_US - 5 * HOUR_US, NOW_US + HOUR_US),
        (NOW_US - 20 * HOUR_US + 5 * MINUTE_US, NOW_US - 20 * HOUR_US + 35 * MINUTE_US),
        (NOW_US + 9 * HOUR_US, 1 << 62),
    ]
    before = [store.runs.tallies(*span) for span in spans]
    assert [sum(item.runs for item in some) for some in before] == [184, 36, 3, 0]

    store.prune(NOW_US + 30 * MINUTE_US)
    assert [store.runs.tallies(*span) for span in spans] == before

    store.runs.record(run_at(make, NOW_US - 20 * HOUR_US + 7 * MINUTE_US))
    assert [sum(item.runs for item in store.runs.tallies(*span)) for span in spans] == [185, 36, 4, 0]


def test_runs_are_counted_after_they_were_deleted(store: Store, make: Maker) -> None:
    """By the days that are left of them."""
    begins_us = NOW_US - 500 * DAY_US
    fill(store, make, begins_us, 72)
    store.prune(NOW_US)
    store.prune(NOW_US)

    assert store.runs.search(limit=None) == ()
    (result,) = store.runs.tallies(begins_us, begins_us + 2 * DAY_US)
    assert (result.check, result.outcome, result.runs) == (CHECK, Outcome.PASSED, 288)


def test_a_record_of_missed_runs_is_tallied_as_all_of_them_before_and_after_it_is_rolled_up(
    store: Store, make: Maker
) -> None:
    """By its hour, and by its day when the hours are gone."""
    due_us = NOW_US - 500 * DAY_US
    store.runs.record(replace(run_at(make, due_us), outcome=Outcome.MISSED, attempts=(), due_count=60))
    span = (due_us - DAY_US, due_us + DAY_US)
    before = [(tally.outcome, tally.runs) for tally in store.runs.tallies(*span)]

    store.prune(NOW_US)
    store.prune(NOW_US)

    after = [(tally.outcome, tally.runs) for tally in store.runs.tallies(*span)]
    assert before == after == [(Outcome.MISSED, 60)]
