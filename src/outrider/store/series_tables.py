"""Series, rollups and the judge's memory, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import AggregateLog, JudgeMemory, RollupReader, SeriesReader
from outrider.store.judge_rows import (
    count_checkpoints,
    read_checkpoints,
    read_releases,
    write_checkpoints,
    write_release,
)
from outrider.store.past_points import read_past
from outrider.store.rollups import read_rollups
from outrider.store.schema import days, hours
from outrider.store.series_rows import read_parts, read_points, read_series, read_series_of
from outrider.store.unjudged_rows import delete_unjudged, read_unjudged

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from outrider.model import (
        AggregateSample,
        Checkpoint,
        Points,
        RecordedAggregates,
        Release,
        Rollup,
        Series,
        SeriesPart,
        Subject,
        UnjudgedSeries,
    )
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer


class SeriesTable(SeriesReader):
    """Series and their samples."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, subject: Subject | None = None) -> tuple[Series, ...]:
        with self._database.reading() as connection:
            return read_series(connection, subject)

    def samples(
        self,
        series: Series,
        since_us: int | None = None,
        until_us: int | None = None,
        *,
        judged_only: bool = True,
    ) -> Points:
        with self._database.reading() as connection:
            return read_points(connection, series, since_us=since_us, until_us=until_us, judged_only=judged_only)

    def of_many(self, subjects: Collection[Subject]) -> dict[Subject, tuple[Series, ...]]:
        with self._database.reading() as connection:
            return read_series_of(connection, subjects)

    def parts(self, wanted: Sequence[SeriesPart], limit: int | None = None) -> tuple[Points, ...] | None:
        with self._database.reading() as connection:
            return read_parts(connection, wanted, limit)

    def past(self, wanted: Sequence[Series], since_us: int, until_us: int, *, exact_from_us: int) -> tuple[Points, ...]:
        with self._database.reading() as connection:
            return read_past(connection, wanted, since_us, until_us, exact_from_us)


class AggregateTable(AggregateLog):
    """Samples that belong to no run."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, samples: Sequence[AggregateSample]) -> RecordedAggregates:
        return self._writer.record_aggregates(samples)

    def unjudged(self, limit: int) -> tuple[UnjudgedSeries, ...]:
        with self._database.reading() as connection:
            return read_unjudged(connection, limit)

    def mark_judged(self, judged: Sequence[UnjudgedSeries]) -> None:
        if judged:
            self._writer.write(lambda connection: delete_unjudged(connection, judged))


class RollupTable(RollupReader):
    """Rollups by hour and UTC day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hours(self, series: Series, since_us: int, until_us: int) -> tuple[Rollup, ...]:
        with self._database.reading() as connection:
            return read_rollups(connection, hours, series, since_us, until_us)

    def days(self, series: Series, since_us: int, until_us: int) -> tuple[Rollup, ...]:
        with self._database.reading() as connection:
            return read_rollups(connection, days, series, since_us, until_us)


class JudgementTable(JudgeMemory):
    """Releases and checkpoints."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record_release(self, release: Release) -> None:
        self._writer.write(lambda connection: write_release(connection, release))

    def releases(self, environment: str | None = None) -> tuple[Release, ...]:
        with self._database.reading() as connection:
            return read_releases(connection, environment)

    def record_checkpoints(self, checkpoints: Sequence[Checkpoint]) -> None:
        self._writer.write(lambda connection: write_checkpoints(connection, checkpoints))

    def checkpoints(self, wanted: Sequence[Series]) -> tuple[Checkpoint, ...]:
        with self._database.reading() as connection:
            return read_checkpoints(connection, wanted)

    def judged_series(self, since_us: int) -> int:
        with self._database.reading() as connection:
            return count_checkpoints(connection, since_us)
