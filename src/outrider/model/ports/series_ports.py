"""Ports: series, their rollups, and what the judge keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from outrider.model.judge_record import Checkpoint, Release
    from outrider.model.subject import Subject
    from outrider.model.time_series import (
        AggregateSample,
        Points,
        RecordedAggregates,
        Rollup,
        Series,
        SeriesPart,
        UnjudgedSeries,
    )


class SeriesReader(Protocol):
    """Samples one by one, in the order of time. Each call sees one state of the store."""

    def of(self, subject: Subject | None = None) -> tuple[Series, ...]:
        """Return the series of a subject (of a check by its id or a former one), or all, by their names."""
        ...

    def samples(
        self,
        series: Series,
        since_us: int | None = None,
        until_us: int | None = None,
        *,
        judged_only: bool = True,
    ) -> Points:
        """Return the points of a series with since_us <= at_us < until_us, ordered by time.

        Args:
            series: As `of` returned it.
            since_us: Microseconds UTC; None for the oldest.
            until_us: Microseconds UTC; None for the newest.
            judged_only: Leave out what no judge may see: retries, failed attempts and evidence attempts.
        """
        ...

    def of_many(self, subjects: Collection[Subject]) -> dict[Subject, tuple[Series, ...]]:
        """Return what `of` returns of each of these subjects."""
        ...

    def parts(self, wanted: Sequence[SeriesPart], limit: int | None = None) -> tuple[Points, ...] | None:
        """Return the points of each part, ordered by time; None if there are more than `limit` of them together."""
        ...

    def past(self, wanted: Sequence[Series], since_us: int, until_us: int, *, exact_from_us: int) -> tuple[Points, ...]:
        """Return the judged points of each series with since_us <= at_us < until_us, ordered by time.

        Before `exact_from_us`, and wherever samples were deleted, they come from rollups: as many values, each within
        1 %, at the beginning of their hour, or of their UTC day where hours were deleted too.
        """
        ...


class AggregateLog(Protocol):
    """Samples that belong to no run. They are read by `SeriesReader`, rolled up and pruned like those of runs.

    Atomicity: all samples of a call are stored or none. Idempotence: a series has one aggregate at a time; a second one
    changes nothing, whatever its value. Ordering: samples may come in any order and late; those of an hour whose
    samples are pruned already are omitted, since repeated ones could not be distinguished from new ones there.
    """

    def record(self, samples: Sequence[AggregateSample]) -> RecordedAggregates:
        """Store aggregates; values that are not finite, and series beyond a subject's limit, are omitted."""
        ...

    def unjudged(self, limit: int) -> tuple[UnjudgedSeries, ...]:
        """Return series with aggregates that are not judged yet, those with the oldest first.

        Only series of metrics that are judged, and of subjects whose kind says that they are no checks.
        """
        ...

    def mark_judged(self, judged: Sequence[UnjudgedSeries]) -> None:
        """Note that series are judged; one that got aggregates since it was read stays unjudged.

        A crash before this is called leaves them unjudged: what follows from a judgement may be done twice.
        """
        ...


class RollupReader(Protocol):
    """What judged samples sum up to by hour and UTC day. An hour is rolled up some time after its end."""

    def hours(self, series: Series, since_us: int, until_us: int) -> tuple[Rollup, ...]:
        """Return the rollups of the hours that begin in since_us <= at_us < until_us, in the order of time."""
        ...

    def days(self, series: Series, since_us: int, until_us: int) -> tuple[Rollup, ...]:
        """Return the rollups of the UTC days that begin in since_us <= at_us < until_us, in the order of time."""
        ...


class JudgeMemory(Protocol):
    """Releases, and the judge's checkpoints.

    Atomicity: accepting a release deletes, in the same transaction, the checkpoints of its environment from its time
    on; a judge that finds none rebuilds it from samples.
    """

    def record_release(self, release: Release) -> None:
        """Note a deploy; the same name, time and environment again changes only whether it is accepted."""
        ...

    def releases(self, environment: str | None = None) -> tuple[Release, ...]:
        """Return the releases of an environment, or of all, in the order of time."""
        ...

    def record_checkpoints(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Keep checkpoints, all or none, each in place of the one that its series had."""
        ...

    def checkpoints(self, wanted: Sequence[Series]) -> tuple[Checkpoint, ...]:
        """Return the checkpoints of those series that have one."""
        ...

    def judged_series(self, since_us: int) -> int:
        """Return how many series were judged at or after a time, microseconds UTC."""
        ...
