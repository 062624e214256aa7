"""DataFrames of what is stored."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.frames.conftest import BEGIN_US, CHECK, MINUTE_US

from outrider.frames import FrameReader, FrameSources
from outrider.model import OutriderError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pandas import DataFrame

    from outrider.model import Selection, Series
    from outrider.store import Store

NOW_US = BEGIN_US + 120 * MINUTE_US


def no_incidents(since_us: int | None, until_us: int | None) -> list[Mapping[str, object]]:
    return []


def reader(store: Store, *, most_rows: int = 1_000) -> FrameReader:
    sources = FrameSources(store.tables, store.rollups, store.runs, no_incidents)
    return FrameReader(lambda: sources, "Europe/Berlin", NOW_US, most_rows=most_rows)


def shape(frame: DataFrame) -> tuple[str, list[str]]:
    return str(frame.index.name), list(frame.columns)


def test_samples_have_the_workspaces_time_and_their_runs_release(store: Store) -> None:
    """Failed attempts give no samples, and the metric names the column."""
    frame = reader(store).samples("*checkout*", step="pay")

    assert shape(frame) == (
        "due_at",
        ["check", "step", "environment", "location", "release", "run", "attempt", "duration_ms"],
    )
    assert str(frame.index[0]) == "2026-01-01 09:00:00+01:00"
    assert frame["duration_ms"].tolist() == [100.0, 101.0, 102.0, 103.0]
    assert frame["release"].tolist() == ["v1", "v1", "v2", "v2"]
    assert set(frame["check"]) == {CHECK}


def test_all_metrics_stand_in_one_column(store: Store) -> None:
    """Without a metric its name is a column, and numbers stand in `value`."""
    frame = reader(store).samples(metric="")

    assert frame.groupby("metric", observed=True)["value"].count().to_dict() == {"duration_ms": 4, "requests": 4}


@pytest.mark.parametrize("metric", ["check", "run", "due_at"])
def test_a_metric_named_like_a_column_stands_in_value(store: Store, metric: str) -> None:
    """Two columns of one name could not be told apart."""
    frame = reader(store).samples(metric=metric)

    assert frame.columns.is_unique
    assert (frame.columns[-1], frame.index.name) == ("value", "due_at")


def test_samples_of_failed_attempts_can_be_had(store: Store) -> None:
    """What no judge may see is no secret."""
    frame = reader(store).samples(step="pay", judged_only=False)

    assert frame["duration_ms"].tolist() == [100.0, 101.0, 102.0, 103.0, 104.0]


@pytest.mark.parametrize(
    ("since", "until", "values"),
    [
        ("2026-01-01T09:02", None, [102.0, 103.0]),
        ("2026-01-01T08:02+00:00", None, [102.0, 103.0]),
        (timedelta(hours=1, minutes=57), None, [103.0]),
        ("1h59m", "1h58m", [101.0]),
        (datetime(2026, 1, 1, 8, 3, tzinfo=UTC), "2027-01-01", [103.0]),
        ("2027-01-01", None, []),
    ],
)
def test_time_is_bounded(
    store: Store, since: str | timedelta | datetime, until: str | None, values: list[float]
) -> None:
    """Moments without a zone are the workspace's; durations count back from now; the end is not included."""
    frame = reader(store).samples(step="pay", since=since, until=until)

    assert frame["duration_ms"].tolist() == values


def test_a_range_without_rows_is_an_empty_frame_of_the_same_columns(store: Store) -> None:
    """A program that plots need not ask first."""
    frames = reader(store)

    for read in (frames.samples, frames.runs, frames.steps, frames.rollups):
        full, empty = read(), read(until="2000-01-01")
        assert (len(empty), shape(empty)) == (0, shape(full))
        assert empty.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()


def test_runs_have_outcome_and_duration(store: Store) -> None:
    """The load is a run, too."""
    frame = reader(store).runs()

    assert frame["outcome"].value_counts().to_dict() == {"passed": 5, "failed": 1}
    assert frame["duration_ms"].tolist()[0] == 200.0
    assert str(frame["started_at"].iloc[0]) == "2026-01-01 09:00:00.500000+01:00"


def test_a_step_that_never_ended_has_no_duration(store: Store) -> None:
    """Its error is told."""
    frame = reader(store).steps()

    ended = frame[frame["step"] == "pay"]
    thanks = frame[frame["step"] == "thanks"]
    assert ended["duration_ms"].tolist() == [100.0, 101.0, 102.0, 103.0]
    assert thanks["duration_ms"].isna().all()
    assert set(thanks["error"]) == {"never shown"}


def test_rollups_have_their_unit_in_their_names(store: Store) -> None:
    """They are made by housekeeping."""
    store.prune(BEGIN_US + 10 * 86_400_000_000)

    frame = reader(store).rollups(since="2026-01-01", until="2026-01-02")

    (row,) = frame[frame["step"] == "pay"].to_dict("records")
    assert (row["count"], row["mean_ms"], row["min_ms"], row["max_ms"]) == (4, 101.5, 100.0, 103.0)
    assert row["p50_ms"] == pytest.approx(101.0, rel=0.02)


def test_a_load_has_a_row_a_second_and_endpoint(store: Store) -> None:
    """Percentiles are those of all requests."""
    (run,) = store.runs.search("load:*")

    frame = reader(store).load_seconds(run.id)

    assert frame[["offset_s", "users", "requests", "failures"]].to_numpy().tolist() == [[0, 5, 3, 1], [1, 5, 3, 1]]
    assert frame["p95_ms"].tolist() == pytest.approx([50.0, 50.0], rel=0.01)
    assert (frame.index[1] - frame.index[0]) == timedelta(seconds=1)


def test_a_run_that_is_no_load_is_refused(store: Store) -> None:
    """The message says where loads are."""
    (run,) = store.runs.search("journey:*", limit=1)

    with pytest.raises(OutriderError, match="load:") as refused:
        reader(store).load_seconds(run.id)

    assert refused.value.slug == "no-load"


def test_a_moment_that_is_none_is_refused(store: Store) -> None:
    """The message says what to write."""
    with pytest.raises(OutriderError, match="7d") as refused:
        reader(store).samples(since="yesterday")

    assert refused.value.slug == "bad-moment"


def test_a_frame_that_would_not_fit_is_refused(store: Store) -> None:
    """Chunks hold as many rows as one likes."""
    frames = reader(store, most_rows=3)

    with pytest.raises(OutriderError) as refused:
        frames.samples()

    assert refused.value.slug == "frame-too-large"
    assert sum(len(chunk) for chunk in frames.sample_chunks(rows=2)) == 4


class Endless:
    """A table that ends after so many batches."""

    def __init__(self, batches: int) -> None:
        self._batches = batches
        self.rows_read = 0

    def series(self, selection: Selection) -> Sequence[Series]:
        return ()

    def samples(self, selection: Selection, batch_rows: int) -> Iterator[Mapping[str, Sequence[object]]]:
        words = ("check", "step", "environment", "location", "release")
        for number in range(self._batches):
            self.rows_read += batch_rows
            yield {
                "due_us": range(number * batch_rows, (number + 1) * batch_rows),
                **{name: [name] * batch_rows for name in words},
                "run": [f"{number} {row}" for row in range(batch_rows)],
                "attempt": np.ones(batch_rows, np.int64).tolist(),
                "value": np.ones(batch_rows).tolist(),
            }

    def runs(self, selection: Selection, batch_rows: int) -> Iterator[Mapping[str, Sequence[object]]]:
        return iter(())

    steps = runs


def peak_of_chunks(store: Store, batches: int) -> tuple[int, int]:
    """Return how many rows were read, and the most memory meanwhile, in bytes."""
    sources = FrameSources(Endless(batches), store.rollups, store.runs, no_incidents)
    tracemalloc.start()
    rows = sum(len(chunk) for chunk in FrameReader(lambda: sources, "UTC", NOW_US).sample_chunks(rows=20_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return rows, peak


def test_a_frame_over_ten_million_rows_is_refused_before_they_are_read(store: Store) -> None:
    """No more is read than shows that they do not fit; the message says what to do instead."""
    table = Endless(1_000)
    sources = FrameSources(table, store.rollups, store.runs, no_incidents)

    with pytest.raises(OutriderError) as refused:
        FrameReader(lambda: sources, "UTC", NOW_US, most_rows=50_000).samples()

    assert refused.value.slug == "frame-too-large"
    assert "read chunks" in refused.value.fix
    assert 50_000 < table.rows_read <= 100_000


@pytest.mark.slow
def test_memory_does_not_grow_with_the_range(store: Store) -> None:
    """Ten times the rows need no more; every run has a name of its own."""
    few, little = peak_of_chunks(store, 3)
    many, much = peak_of_chunks(store, 30)

    assert (few, many) == (60_000, 600_000)
    assert much < 1.5 * little


@pytest.mark.parametrize("rows", [0, -1, 2.5, "many"])
def test_chunks_of_no_rows_are_refused(store: Store, rows: int) -> None:
    """Nothing is dropped in silence."""
    frames = reader(store)

    for chunks in (frames.sample_chunks, frames.run_chunks, frames.rollup_chunks):
        with pytest.raises(UsageError, match=r"rows = .* is no whole number from 1") as refused:
            chunks(rows=rows)
        assert refused.value.slug == "bad-argument"


@pytest.mark.parametrize(
    ("since", "until"), [("2026-03-01", "2026-01-01"), ("1d", "7d"), (timedelta(hours=1), "2026-01-01")]
)
def test_a_range_whose_beginning_is_later_than_its_end_is_refused(
    store: Store, since: str | timedelta, until: str
) -> None:
    """An empty frame would look like no data."""
    frames = reader(store)

    for read in (
        frames.samples, frames.runs, frames.steps, frames.rollups, frames.incidents, frames.sample_chunks,
        frames.run_chunks, frames.rollup_chunks,
    ):  # fmt: skip
        with pytest.raises(UsageError, match="is later than until") as refused:
            read(since=since, until=until)
        assert refused.value.slug == "bad-moment"


def test_a_number_is_no_moment(store: Store) -> None:
    """Its unit could be anything."""
    with pytest.raises(UsageError, match="5 is not a time") as refused:
        reader(store).samples(since=5)  # type: ignore[arg-type]

    assert refused.value.slug == "bad-moment"
