"""The trends of a check's steps: medians by hour or day, with the judge's band, releases and incidents as marks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from outrider.baselines import expected_band, load
from outrider.charts import Trend, draw_trend
from outrider.dashboard.period_slots import DAY_US, HOUR_US
from outrider.dashboard.week_shift import WeekShift, week_shift
from outrider.model import BadSeries
from outrider.runs import METRIC, primary_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Check, Checkpoint, DashboardRecords, Series, StoredCheck

Moment = tuple[int, str]

MOST_STEPS = 12
_HOURLY_DAYS = 7
_MEDIAN, _P95 = 0.5, 0.95
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """A time that is shown, and the width of its points."""

    since_us: int
    until_us: int
    width_us: int

    @classmethod
    def of_days(cls, days: int, now_us: int) -> Span:
        """Return the last days: by hour for a week or less, else by UTC day."""
        width_us = HOUR_US if days <= _HOURLY_DAYS else DAY_US
        return cls(now_us // width_us * width_us - days * DAY_US + width_us, now_us, width_us)

    @property
    def grid(self) -> list[int]:
        """Where its points begin."""
        return list(range(self.since_us, self.until_us, self.width_us))


@dataclass(frozen=True, slots=True)
class StepTrend:
    """A step of a check in one place.

    Attributes:
        p50_ms, p95_ms: By hour or day; None where nothing was measured.
        low_ms, high_ms: Where the judge expects nine of ten runs; empty while it learns.
        condition: What the judge says, and why; empty if it says nothing.
        shift: This week against the week before; None where either has too few values.
    """

    step: str
    location: str
    at_us: tuple[int, ...]
    p50_ms: tuple[float | None, ...]
    p95_ms: tuple[float | None, ...]
    low_ms: tuple[float, ...] = ()
    high_ms: tuple[float, ...] = ()
    condition: str = ""
    reason: str = ""
    shift: WeekShift | None = None

    @property
    def latest_ms(self) -> tuple[float, float] | None:
        """Median and p95 of the last point that has values."""
        pairs = zip(reversed(self.p50_ms), reversed(self.p95_ms), strict=True)
        return next(((p50, p95) for p50, p95 in pairs if p50 is not None and p95 is not None), None)


def step_trends(
    store: DashboardRecords, check: Check | StoredCheck, places: Sequence[tuple[str, str]], span: Span
) -> tuple[tuple[StepTrend, ...], int]:
    """Return the trends of a check's steps in some places, and how many more there are."""
    wanted = [series for series in watched_series(store, check) if (series.environment, series.location) in places]
    shown = wanted[:MOST_STEPS]
    known = {checkpoint.series: checkpoint for checkpoint in store.judgements.checkpoints(shown)}
    trends = tuple(_trend(store, series, known.get(series), span) for series in shown)
    return trends, len(wanted) - len(shown)


def watched_series(store: DashboardRecords, check: Check | StoredCheck) -> list[Series]:
    """Return the judged series of a check; all durations of its steps where no run is left that names them."""
    if primary := primary_series(store, check.id):
        return primary
    durations = [series for series in store.series.of(check.id) if series.metric == METRIC]
    return [series for series in durations if series.step] or durations


def _trend(store: DashboardRecords, series: Series, known: Checkpoint | None, span: Span) -> StepTrend:
    grid = span.grid
    by_time = rolled_quantiles(store, series, span)
    quantiles = [by_time.get(at_us, (None, None)) for at_us in grid]
    band = _band(known, grid, span)
    return StepTrend(
        series.step,
        series.location,
        tuple(grid),
        tuple(p50 for p50, _ in quantiles),
        tuple(p95 for _, p95 in quantiles),
        *band,
        known.condition if known else "",
        known.reason if known else "",
        week_shift(store, series, span.until_us),
    )


def rolled_quantiles(
    store: DashboardRecords, series: Series, span: Span
) -> dict[int, tuple[float | None, float | None]]:
    """Return median and p95 by time: from rollups, and from samples where those end."""
    read = store.rollups.hours if span.width_us == HOUR_US else store.rollups.days
    rollups = read(series, span.since_us, span.until_us)
    values: dict[int, tuple[float | None, float | None]] = {
        rollup.at_us: (rollup.quantile(_MEDIAN), rollup.quantile(_P95)) for rollup in rollups
    }
    from_us = rollups[-1].at_us + span.width_us if rollups else max(span.since_us, span.until_us - 8 * DAY_US)
    points = store.series.samples(series, from_us, span.until_us)
    cells = points.at_us // span.width_us * span.width_us
    for at_us in np.unique(cells).tolist():
        p50, p95 = np.quantile(points.value[cells == at_us], [_MEDIAN, _P95])
        values[at_us] = float(p50), float(p95)
    return values


def _band(known: Checkpoint | None, grid: Sequence[int], span: Span) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the judge's band by hour; none by day, where a season of hours has no meaning, nor of a damaged state."""
    if known is None or span.width_us != HOUR_US:
        return (), ()
    try:
        band = expected_band(load(known.state), np.array(grid, np.int64) // _SECOND_US)
    except BadSeries:
        return (), ()
    return (tuple(band[0].tolist()), tuple(band[1].tolist())) if band is not None else ((), ())


@dataclass(frozen=True, slots=True)
class TrendMarks:
    """What is marked on a trend: times in microseconds UTC, and words."""

    releases: Sequence[Moment] = ()
    incidents: Sequence[Moment] = ()
    annotations: Sequence[Moment] = ()


def draw_step_trend(trend: StepTrend, title: str, timezone: str, marks: TrendMarks) -> str:
    """Return a step's trend as SVG with its values; nothing without any."""
    if not trend.at_us:
        return ""
    first, last = trend.at_us[0], trend.at_us[-1]

    def shown(moments: Sequence[Moment]) -> list[Moment]:
        return [(at_us, word) for at_us, word in moments if first <= at_us <= last]

    return draw_trend(
        Trend(
            title=title,
            at_us=trend.at_us,
            value=[math.nan if value is None else value for value in trend.p50_ms],
            low=trend.low_ms,
            high=trend.high_ms,
            days=day_marks(first, last, timezone),
            changes=shown(marks.incidents),
            releases=shown(marks.releases),
            notes=shown(marks.annotations),
            since_us=first,
        )
    )


def day_marks(first_us: int, last_us: int, timezone: str) -> list[tuple[int, str]]:
    """Return at most about seven local midnights, with their dates."""
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(first_us / _SECOND_US, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    pace = max(1, round((last_us - first_us) / DAY_US / 6))
    marks = []
    while (at_us := round(day.astimezone(UTC).timestamp()) * _SECOND_US) <= last_us:
        if at_us >= first_us:
            marks.append((at_us, f"{day.day} {day:%b}"))
        day += timedelta(days=pace)
    return marks
