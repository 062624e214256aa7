"""Samples, outcomes, steps, rollups and load seconds of a workspace as pandas DataFrames.

Frames have an index in the workspace's time zone, and the unit in the name of each column. `since` and `until` bound
the time: moments (without a zone they are the workspace's), durations back from now such as "7d", or None.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.frames.frame_builder import FrameBuilder
from outrider.model import Kind, Selection, UsageError, check_at_least, check_text
from outrider.workspace import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from outrider.model import LoadInterval, Rollup, RollupReader, RunLog, Series, TableReader

    Moment = datetime | timedelta | str | None
    IncidentSource = Callable[[int | None, int | None], Sequence[Mapping[str, object]]]
    """Returns incidents as rows of the columns below, the earliest first."""
    Batches = Iterator[Mapping[str, Sequence[object]]]

MOST_ROWS = 5_000_000
"""A frame has at most this many rows; more are read in chunks."""

_BATCH_ROWS = 20_000
_SAMPLES = ("due_us", "check", "step", "metric", "environment", "location", "release", "run", "attempt", "value")
_RUNS = (
    "due_us", "run", "check", "environment", "location", "release", "browser", "host", "outcome", "reason",
    "due_count", "started_us", "duration_us",
)  # fmt: skip
_STEPS = (
    "due_us", "run", "check", "environment", "location", "release", "attempt", "measured", "step", "title", "parent",
    "offset_us", "duration_us", "error",
)  # fmt: skip
_ROLLUPS = ("begin_us", "check", "step", "environment", "location", "count", "mean", "min", "max", "p50", "p95", "p99")
_INCIDENTS = (
    "begin_us", "incident", "problem", "severity", "phase", "check", "check_count", "reason", "acknowledged_by",
    "ended_us",
)  # fmt: skip
_LOAD = (
    "at_us", "check", "endpoint", "offset_s", "length_s", "users", "workers", "requests", "failures", "p50_ms",
    "p95_ms", "p99_ms", "cpu_share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FrameSources:
    """The ports that frames are read from."""

    tables: TableReader
    rollups: RollupReader
    runs: RunLog
    incidents: IncidentSource


class FrameReader:
    """Reads DataFrames.

    Args:
        open_sources: Returns where rows lie; it is called before each read, and raises if they can be read no more.
        zone: The workspace's IANA time zone; also an attribute.
        now_us: The time that durations count back from, microseconds UTC.
        most_rows: Rows that one frame may have.
    """

    def __init__(
        self, open_sources: Callable[[], FrameSources], zone: str, now_us: int, *, most_rows: int = MOST_ROWS
    ) -> None:
        self._open_sources = open_sources
        self.zone = zone
        self._now_us = now_us
        self._most_rows = most_rows

    @property
    def _sources(self) -> FrameSources:
        return self._open_sources()

    def samples(
        self, check: str = "*", *, metric: str = "duration_ms", since: Moment = None, until: Moment = None,
        step: str | None = None, environment: str | None = None, judged_only: bool = True,
    ) -> pd.DataFrame:  # fmt: skip
        """Return the samples of a metric; the last column has its name, such as `duration_ms`.

        It is called `value` if another column has that name, as for a metric "check".

        Args:
            check: An id, with `*` and `?` for any characters.
            metric: Which numbers; "" for all, with a column `metric` and their numbers in `value`.
            since: Due then or later.
            until: Due before then.
            step: Of this step only; "" is the whole run.
            environment: Of this one only.
            judged_only: Without retries, failed attempts and evidence attempts.

        Raises:
            UsageError: frame-too-large, bad-moment.
        """
        selection = self._selection(
            check, since, until, metric=metric, step=step, environment=environment, judged_only=judged_only
        )
        return self._whole(self._sources.tables.samples(selection, _BATCH_ROWS), _sample_columns(metric), metric)

    def sample_chunks(
        self, check: str = "*", *, metric: str = "duration_ms", since: Moment = None, until: Moment = None,
        rows: int = 100_000,
    ) -> Iterator[pd.DataFrame]:  # fmt: skip
        """Yield the same samples in frames of about so many rows, series by series; memory does not grow with them.

        Raises:
            UsageError: bad-argument, bad-moment.
        """
        check_at_least("rows", rows, 1)
        selection = self._selection(check, since, until, metric=metric)
        batches = self._sources.tables.samples(selection, min(rows, _BATCH_ROWS))
        return self._chunks(batches, _sample_columns(metric), rows, metric)

    def runs(
        self, check: str = "*", *, since: Moment = None, until: Moment = None, environment: str | None = None
    ) -> pd.DataFrame:
        """Return a row a run: outcome, reason, when it started and how long it took [ms].

        Raises:
            UsageError: frame-too-large, bad-moment.
        """
        selection = self._selection(check, since, until, environment=environment)
        return self._whole(map(_with_duration, self._sources.tables.runs(selection, _BATCH_ROWS)), _RUNS)

    def run_chunks(
        self, check: str = "*", *, since: Moment = None, until: Moment = None, rows: int = 100_000
    ) -> Iterator[pd.DataFrame]:
        """Yield the same runs in frames of about so many rows.

        Raises:
            UsageError: bad-argument, bad-moment.
        """
        check_at_least("rows", rows, 1)
        batches = self._sources.tables.runs(self._selection(check, since, until), min(rows, _BATCH_ROWS))
        return self._chunks(map(_with_duration, batches), _RUNS, rows)

    def steps(
        self, check: str = "*", *, since: Moment = None, until: Moment = None, measured_only: bool = True
    ) -> pd.DataFrame:
        """Return a row a step of each run, with offset and duration [ms]; one that never ended has no duration.

        Raises:
            UsageError: frame-too-large, bad-moment.
        """
        selection = self._selection(check, since, until, judged_only=measured_only)
        return self._whole(self._sources.tables.steps(selection, _BATCH_ROWS), _STEPS)

    def rollups(
        self, check: str = "*", *, by: str = "hour", metric: str = "duration_ms", since: Moment = None,
        until: Moment = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return what judged samples sum up to by "hour" or UTC "day"; quantiles are within 1 %. They outlive samples.

        Raises:
            UsageError: frame-too-large, bad-moment, bad-rollup.
        """
        return self._whole(self._rollup_batches(check, by, metric, since, until), _ROLLUPS, _unit(metric))

    def rollup_chunks(
        self, check: str = "*", *, by: str = "hour", metric: str = "duration_ms", since: Moment = None,
        until: Moment = None, rows: int = 100_000,
    ) -> Iterator[pd.DataFrame]:  # fmt: skip
        """Yield the same rollups in frames of about so many rows.

        Raises:
            UsageError: bad-argument, bad-moment, bad-rollup.
        """
        check_at_least("rows", rows, 1)
        batches = self._rollup_batches(check, by, metric, since, until)
        return self._chunks(batches, _ROLLUPS, rows, _unit(metric))

    def incidents(self, *, since: Moment = None, until: Moment = None) -> pd.DataFrame:
        """Return a row an incident that began in this time, the earliest first; one that lasts has no `ended_at`.

        Raises:
            UsageError: frame-too-large, bad-moment.
        """
        incidents = self._sources.incidents(*self._range_us(since, until))
        return self._whole(iter([{name: [row[name] for row in incidents] for name in _INCIDENTS}]), _INCIDENTS)

    def load_seconds(self, run: str) -> pd.DataFrame:
        """Return a row a second and endpoint of a load run: users, requests, failures, percentiles [ms].

        Args:
            run: The run's id, or a unique beginning or end of it.

        Raises:
            UsageError: unknown-run; no-load if the run is none of a load profile.
        """
        check_text("run", run)
        stored = self._sources.runs.get(run).run
        loads = [(attempt.measurement, attempt.measurement.load) for attempt in stored.attempts]
        measured = [(measurement, load) for measurement, load in loads if load is not None]
        if not measured:
            raise UsageError(
                f"run {stored.id} is none of a load profile", slug="no-load", fix=f"outrider runs '{Kind.LOAD}:*'"
            )
        batches = (
            _load_columns(str(stored.check), measurement.started_us, interval)
            for measurement, load in measured
            for interval in load.intervals
        )
        return self._whole(batches, _LOAD)

    def moment_us(self, moment: Moment) -> int | None:
        """Return a moment in microseconds UTC; None stays None.

        Raises:
            UsageError: bad-moment.
        """
        if moment is None:
            return None
        try:
            if isinstance(moment, str):
                moment = _parsed(moment)
            if isinstance(moment, timedelta):
                return self._now_us - int(moment.total_seconds() * 1_000_000)
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))
            return int(zoned.timestamp() * 1_000_000)
        except (AttributeError, TypeError, ValueError, OverflowError):  # of another type, or no time
            raise UsageError(
                f"{moment!r} is not a time",
                slug="bad-moment",
                fix='write "7d", "2026-03-01" or "2026-03-01T14:00+01:00"',
            ) from None

    def _selection(self, check: str, since: Moment, until: Moment, **more: object) -> Selection:
        check_text("check", check)
        for name in ("metric", "step", "environment"):
            if name == "metric" or more.get(name) is not None:
                check_text(name, more.get(name, ""))
        return Selection(check, *self._range_us(since, until), **more)  # type: ignore[arg-type]

    def _range_us(self, since: Moment, until: Moment) -> tuple[int | None, int | None]:
        since_us, until_us = self.moment_us(since), self.moment_us(until)
        if since_us is not None and until_us is not None and since_us > until_us:
            raise UsageError(
                f"since = {since!r} is later than until = {until!r}",
                slug="bad-moment",
                fix="exchange them; a duration counts back from now, so that since is the longer one",
            )
        return since_us, until_us

    def _rollup_batches(self, check: str, by: str, metric: str, since: Moment, until: Moment) -> Batches:
        if by not in ("hour", "day"):  # by may be a list, which is in no set
            raise UsageError(f"{by!r} is no rollup", slug="bad-rollup", fix='write by="hour" or by="day"')
        return self._rollups_of(self._selection(check, since, until, metric=metric), by)

    def _rollups_of(self, selection: Selection, by: str) -> Batches:
        read = self._sources.rollups.hours if by == "hour" else self._sources.rollups.days
        since_us, until_us = selection.since_us or 0, selection.until_us or self._now_us + 1
        for series in self._sources.tables.series(selection):
            if rollups := read(series, since_us, until_us):
                yield _rollup_columns(series, rollups)

    def _whole(
        self, batches: Batches | Iterator[Mapping[str, Sequence[object]]], columns: Sequence[str], value: str = "",
    ) -> pd.DataFrame:  # fmt: skip
        builder = FrameBuilder(self.zone, columns)
        for batch in batches:
            builder.add(batch)
            if builder.rows > self._most_rows:
                raise UsageError(
                    f"more than {self._most_rows:,} rows",
                    slug="frame-too-large",
                    fix="narrow since, until or check, read chunks, or rollups",
                )
        return _named(builder.frame(), value)

    def _chunks(
        self, batches: Batches | Iterator[Mapping[str, Sequence[object]]], columns: Sequence[str], rows: int,
        value: str = "",
    ) -> Iterator[pd.DataFrame]:  # fmt: skip
        builder = FrameBuilder(self.zone, columns)
        is_first = True
        for batch in self._while_open(iter(batches)):
            builder.add(batch)
            if builder.rows >= rows:
                is_first = False
                yield _named(builder.frame(), value)
        if builder.rows or is_first:
            yield _named(builder.frame(), value)

    def _while_open(self, batches: Batches) -> Batches:
        """Yield the batches, each read only if the sources can still be read then."""
        while True:
            self._open_sources()
            batch = next(batches, None)
            if batch is None:
                return
            yield batch


def _parsed(text: str) -> datetime | timedelta:
    try:
        return timedelta(seconds=parse_duration(text))
    except ValueError:
        return datetime.fromisoformat(text)


def _sample_columns(metric: str) -> tuple[str, ...]:
    return tuple(name for name in _SAMPLES if not (metric and name == "metric"))


def _unit(metric: str) -> str:
    """Return what is appended to statistics of a metric: its unit, if its name ends with one."""
    unit = metric.rpartition("_")[2]
    return f"*_{unit}" if unit in {"ms", "s", "bytes", "share"} and unit != metric else ""


def _named(frame: pd.DataFrame, value: str) -> pd.DataFrame:
    """Name columns for what they hold: a metric for `value`, and its unit behind statistics."""
    if value.startswith("*"):
        statistics = ("mean", "min", "max", "p50", "p95", "p99")
        return frame.rename(columns={name: f"{name}{value[1:]}" for name in statistics})
    is_free = value and value not in frame.columns and value != frame.index.name
    return frame.rename(columns={"value": value}) if is_free else frame


def _with_duration(batch: Mapping[str, Sequence[object]]) -> Mapping[str, Sequence[object]]:
    pairs = zip(batch["started_us"], batch["finished_us"], strict=True)
    return {**batch, "duration_us": [int(end) - int(start) for start, end in pairs]}  # type: ignore[call-overload]


def _rollup_columns(series: Series, rollups: Sequence[Rollup]) -> Mapping[str, Sequence[object]]:
    count = len(rollups)
    return {
        "begin_us": [rollup.at_us for rollup in rollups],
        "check": [series.subject] * count,
        "step": [series.step] * count,
        "environment": [series.environment] * count,
        "location": [series.location] * count,
        "count": [rollup.count for rollup in rollups],
        "mean": [rollup.sum / rollup.count for rollup in rollups],
        "min": [rollup.min for rollup in rollups],
        "max": [rollup.max for rollup in rollups],
        "p50": [rollup.quantile(0.5) for rollup in rollups],
        "p95": [rollup.quantile(0.95) for rollup in rollups],
        "p99": [rollup.quantile(0.99) for rollup in rollups],
    }


def _load_columns(check: str, started_us: int, interval: LoadInterval) -> Mapping[str, Sequence[object]]:
    endpoints = interval.endpoints
    count = len(endpoints)
    return {
        "at_us": [started_us + int(interval.offset_s * 1_000_000)] * count,
        "check": [check] * count,
        "endpoint": [endpoint.endpoint for endpoint in endpoints],
        "offset_s": [interval.offset_s] * count,
        "length_s": [interval.length_s] * count,
        "users": [interval.users] * count,
        "workers": [interval.workers] * count,
        "requests": [endpoint.requests for endpoint in endpoints],
        "failures": [endpoint.failed.total for endpoint in endpoints],
        "p50_ms": [endpoint.times.quantile(0.5) for endpoint in endpoints],
        "p95_ms": [endpoint.times.quantile(0.95) for endpoint in endpoints],
        "p99_ms": [endpoint.times.quantile(0.99) for endpoint in endpoints],
        "cpu_share": [interval.cpu_share] * count,
    }
