"""The baseline of a series: what it is expected to be, learned from its own past."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from outrider.baselines.extremes import return_level
from outrider.baselines.judge_settings import MONTH_S, Scale
from outrider.baselines.local_time import CELLS_A_DAY
from outrider.baselines.season import FLAT, Cells, Season, fit_season
from outrider.baselines.series import DAY_S, FloatArray, IntArray, active_start
from outrider.baselines.statistics import (
    COLUMNS,
    SCALE,
    SCANS,
    SHARES_BELOW,
    SHORT_WINDOWS,
    WINDOWS,
    Part,
    block_means,
    limits,
    scores,
    shape_scores,
    sustained,
)
from outrider.baselines.value_scale import least_change, resolution

if TYPE_CHECKING:
    from outrider.baselines.judge_settings import Settings

TRAIL_S = 14 * DAY_S
GAP_S = DAY_S // 2
TRAIL_RUNS = 300
_SEASON_SPAN_S = TRAIL_S - GAP_S
_COUNT_SEASON_S = 6 * DAY_S  # of the first week of traffic, but for the gap
_SEASON_DAYS = 5  # on which each time of the day must have been seen
_LEAST_SIGMA = 0.01  # log units: nobody is paged for less than a percent of noise
_FALLING = -3.0  # standardised level below which a wider spread is no news
_DOWNWARD = 0.5  # share of a wider spread that a fall explains: more, and quicker runs alone made it wider
_RECENT_RUNS = 49  # tell the cadence, which may have changed
_LEAST_EFFECT = 0.02  # log units: the smallest change of level worth an alert
_LEAST_EFFECTS = _LEAST_EFFECT * np.array([1.0, 1.0, 1.0, 0.25])  # by part, of its mean score times sigma
_FLOOR_SHARES = np.array([1.0, 1.0, 1.0, 0.5])  # of the floor: two slow runs among six are a blip, no tail
_FLOOR_SIGMAS = 2.0  # a change as large as the floor must be, below the sigmas at which scores are clipped
_EXTREME_SHARE = 0.5  # of the false alerts that may come from a few runs
_FEWEST_EXTREMES = 2  # runs in a row: what a single run does once in months, two weeks of a slow cadence cannot tell
_LONG_SPAN_S = 300  # and a block of runs where it lasts five minutes
_LEAST_BLOCKS = 14  # that a history must hold of a length before a block of that length can raise an alert
_BUSY_S = 300.0  # slower cadences do not lower limits: there it is drift, not chance, that alarms falsely
_AGGREGATE_LIMIT = 1.25  # at night few requests make a value: its spread is not that of the day
_FEW, _MOST = (int(np.searchsorted(SHARES_BELOW, share)) for share in (0.05, 0.95))
_SAME = 1e-6  # sigmas by which equal values may differ once a season is taken from them
_FORGIVEN = 2  # incidents that two weeks of history may hold without becoming normal
_INCIDENT_RUNS = 6
_IMPOSSIBLE = 1e9


class _Excursion(NamedTuple):
    """What two or three values in a row must do to alert.

    Attributes:
        span_s: Last so long together.
        ratio: Be so many times what is expected, each of them.
        margin: Exceed by this factor what the tail of the past explains: it does not know all of the next weeks.
    """

    span_s: int
    ratio: float
    margin: float


_OF_RUNS = _Excursion(1800, 2.0, 1.25)
_OF_AGGREGATES = _Excursion(600, 1.2, 1.0)  # a value of many requests has a thinner tail than a single run


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a series is expected to be, in log units.

    Attributes:
        level: Median of what the season leaves.
        sigma: Robust standard deviation of one run around it.
        cadence_s: Median seconds between runs lately.
        shape: Scores of the density of residuals, see `shape_scores`.
        mean: Mean score of each part, shape (4,).
        spread: Standard deviation of block means, shape (4, windows).
        limit: What standardised evidence must exceed, a column each; for extremes in sigmas.
        low_limit: The same downwards.
        floor: Change, in log units, that the floor of milliseconds and the clock's resolution ask for.
        quantiles: Of residuals, at SHARES_BELOW.
    """

    season: Season
    level: float
    sigma: float
    cadence_s: float
    shape: FloatArray
    mean: FloatArray
    spread: FloatArray
    limit: FloatArray
    low_limit: FloatArray
    floor: float
    quantiles: FloatArray

    @property
    def least_effect(self) -> float:
        """The smallest change of level worth an alert, in log units."""
        return max(self.floor, _LEAST_EFFECT)

    @property
    def is_constant(self) -> bool:
        """Whether nine of ten runs took the same value, so that nothing is known of how far runs differ."""
        return bool(self.quantiles[_MOST] - self.quantiles[_FEW] < _SAME)

    def expected(self, at: IntArray, tz: str) -> FloatArray:
        """Return the expected log value at UTC seconds `at`."""
        return self.season.at(at, tz) + self.level

    def residual(self, at: IntArray, value: FloatArray, tz: str) -> FloatArray:
        """Return log values as sigmas above what was expected."""
        return (value - self.expected(at, tz)) / self.sigma


def learn(at: IntArray, value: FloatArray, cells: Cells, settings: Settings) -> Baseline:
    """Return the baseline that a history supports.

    Args:
        at: UTC seconds of its runs, ascending, at least a few dozen.
        value: Log value of each.
        cells: The same history by half hours, which may reach further back.
        settings: For the time zone and the sensitivity.

    The season is learned once two weeks are there, that of counts once a week is.
    """
    end = int(at[-1]) - GAP_S
    since = active_start(at, TRAIL_S, end)
    past, season = _trailing(at, value, since, end), FLAT
    least_s = _COUNT_SEASON_S if settings.scale is Scale.COUNT else _SEASON_SPAN_S
    if len(cells.index) and end - int(cells.index[0]) * 1800 >= least_s:
        lately = _trailing_cells(cells, since, end)
        season = fit_season(lately, settings.tz) if _tells_season(lately) else FLAT
    rest = past[1] - season.at(past[0], settings.tz)
    level = float(np.median(rest))
    floor = _floor_effect(past[1], level, settings)
    sigma = max(float(np.median(np.abs(rest - level))) * 1.4826, _LEAST_SIGMA, floor / _FLOOR_SIGMAS)
    cadence = max(float(np.median(np.diff(at[-_RECENT_RUNS:]))), 1.0)
    scale = (level, sigma, cadence, floor)
    return _measure(season, scale, (rest - level) / sigma, settings)


def _floor_effect(value: FloatArray, level: float, settings: Settings) -> float:
    """Return the change, in log units, that a floor of milliseconds and the clock's resolution ask for."""
    return math.log1p(max(least_change(settings), resolution(value, settings)) / math.exp(level))


def _trailing(at: IntArray, value: FloatArray, since: int, end: int) -> tuple[IntArray, FloatArray]:
    """Return two weeks, or three hundred runs if they are longer, that stop half a day before the last run."""
    stop = int(np.searchsorted(at, end, "right"))
    if stop < TRAIL_RUNS // 2:
        stop = max(stop, len(at) - WINDOWS[2])
    start = min(int(np.searchsorted(at, since)), max(0, stop - TRAIL_RUNS))
    return at[start:stop], value[start:stop]


def _trailing_cells(cells: Cells, since: int, end: int) -> Cells:
    kept = (cells.index * 1800 >= since) & (cells.index * 1800 < end)
    return Cells(cells.index[kept], cells.middle[kept])


def _tells_season(cells: Cells) -> bool:
    """Whether each time of the day has been seen on several days."""
    times = np.unique(cells.index % CELLS_A_DAY)
    return len(cells.index) >= _SEASON_DAYS * max(1, len(times))


def _measure(
    season: Season, scale: tuple[float, float, float, float], residual: FloatArray, settings: Settings
) -> Baseline:
    level, sigma, cadence, floor = scale
    sides = len(settings.alerting_sides)  # share the false alerts
    runs_between = sides * settings.months * MONTH_S / cadence
    shape = shape_scores(residual)
    score = scores(residual, shape)
    mean = score.mean(axis=1) / SCALE
    spread = _block_spread(score)
    often = sides * settings.months * MONTH_S / min(cadence, _BUSY_S)
    limit = np.array([limits(part, often, len(residual)) for part in SCANS])
    limit[:, np.array(WINDOWS) * cadence < _LONG_SPAN_S] = _IMPOSSIBLE
    if 1 not in settings.alerting_sides:
        limit[SCANS.index(Part.SPREAD)] = _IMPOSSIBLE  # runs that differ more are no improvement
    if settings.scale is Scale.AGGREGATE:
        limit *= _AGGREGATE_LIMIT
        limit[SCANS.index(Part.TAIL)] = _IMPOSSIBLE
    return Baseline(
        season, level, sigma, cadence, shape, mean, spread,
        limit=np.concatenate([limit.ravel(), _extremes(residual, scale, runs_between, settings)]),
        low_limit=np.concatenate([limit.ravel(), _extremes(-residual, scale, runs_between, settings)]),
        floor=floor, quantiles=np.quantile(residual, SHARES_BELOW),
    )  # fmt: skip


def _block_spread(score: IntArray) -> FloatArray:
    """Return the standard deviation of block means, at least half of what independent runs would have."""
    single = np.maximum(score.std(axis=1) / SCALE, 0.05)
    floor = single[:, None] * 0.5 / np.sqrt(WINDOWS)
    spread = floor.copy()
    for column, means in enumerate(block_means(score)):
        if score.shape[1] >= _LEAST_BLOCKS * WINDOWS[column]:
            spread[:, column] = means.std(axis=1)
        else:  # a history too short for such blocks: no alert from them
            spread[:, column] = _IMPOSSIBLE
    spread[:, len(block_means(score)) :] = _IMPOSSIBLE
    bounded: FloatArray = np.maximum(spread, floor)
    return bounded


def _extremes(
    residual: FloatArray, scale: tuple[float, float, float, float], runs_between: float, settings: Settings
) -> FloatArray:
    _, sigma, cadence, _ = scale
    limit = np.full(len(SHORT_WINDOWS), _IMPOSSIBLE)
    least_of = _OF_AGGREGATES if settings.scale is Scale.AGGREGATE else _OF_RUNS
    for column, window in enumerate(SHORT_WINDOWS):
        if window >= _FEWEST_EXTREMES and window * cadence >= least_of.span_s and len(residual) > 10 * window:
            between = max(runs_between / _EXTREME_SHARE, 10.0 * window)  # runs may come years apart
            alone = float(np.quantile(residual, 1 - between ** (-1 / window)))  # were runs independent
            least = _forgiven(sustained(residual, window))
            usual = least_of.margin * max(return_level(least, between), alone)
            limit[column] = max(usual, math.log(least_of.ratio) / sigma, 4.0)
    return limit


def _forgiven(values: FloatArray) -> FloatArray:
    """Return `values` without the surroundings of its largest few: incidents in what is learned are no example."""
    kept = np.ones(len(values), dtype=bool)
    for _ in range(_FORGIVEN):
        worst = int(np.argmax(np.where(kept, values, -np.inf)))
        kept[max(0, worst - _INCIDENT_RUNS) : worst + _INCIDENT_RUNS] = False
    return values[kept]


def evidence(baseline: Baseline, residual: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Return the evidence after each of the last `count` runs, up and down, as a share of the limit.

    Args:
        baseline: What was expected.
        residual: Standardised residuals, the last `count` of them to be judged, the rest looked back at.
        count: How many to judge.

    Returns:
        Two arrays of shape (count, columns); windows that reach before the first residual are zero. Spread and tail
        speak upwards only, and spread not while the level falls.
    """
    score = scores(residual, baseline.shape)
    width, least = len(WINDOWS), np.maximum(_LEAST_EFFECTS, baseline.floor * _FLOOR_SHARES)[:, None]
    up, down = np.zeros((len(COLUMNS), count)), np.zeros((len(COLUMNS), count))
    is_constant = baseline.is_constant
    for column, means in enumerate(block_means(score)):
        change = means[:, -count:] - baseline.mean[:, None]
        blocks, new = slice(column, len(SCANS) * width, width), slice(count - change.shape[1], count)
        seen, effect = change / baseline.spread[:, column, None], change * baseline.sigma
        effect[1] = effect[0]  # the shape tells of a shift, the level how large it is
        up[blocks, new] = np.where(effect >= least, seen, 0.0)
        quicker = change[0] < -_DOWNWARD * change[2]
        up[blocks, new][2, quicker if is_constant else quicker | (seen[0] < _FALLING)] = 0.0
        down[blocks, new] = np.where(effect <= -least, -seen, 0.0)
    down[2 * width :] = 0.0
    for column, window in enumerate(SHORT_WINDOWS, start=len(SCANS) * width):
        if len(residual) >= window and min(baseline.limit[column], baseline.low_limit[column]) < _IMPOSSIBLE:
            _put(up[column], sustained(residual, window))
            _put(down[column], sustained(-residual, window))
    return (up / baseline.limit[:, None]).T, (down / baseline.low_limit[:, None]).T


def _put(row: FloatArray, values: FloatArray) -> None:
    count = min(len(row), len(values))
    row[len(row) - count :] = values[-count:]
