"""Judge thousands of series at a time by their last day alone: cheap, without seasons, for what only informs.

A value deviates where it lies half as far again beyond the median as the 99th percentile of the day before (the tail
of its own past, whose times of the day are in it), and far enough to matter. Two periods in a row begin a deviation, or
one in which a fifth fails; two that came back half of the way end it. Its values do not count as usual, until it has
lasted for a day: then the new level is learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from outrider.baselines.error_share import excesses
from outrider.baselines.series import DAY_S

if TYPE_CHECKING:
    from outrider.baselines.series import BoolArray, FloatArray, IntArray

PERIOD_S: Final = 300
_PERIODS: Final = DAY_S // PERIOD_S
_HOUR_S: Final = 3600
_LEAST_VALUES: Final = 72
"""Fewer values in a day do not tell its tail."""

_LEAST_REQUESTS: Final = 20
_LEAST_EXPECTED: Final = 60
_TAIL: Final = 0.99
_BEYOND_TAIL: Final = 1.5
_FLOOR_MS: Final = 5.0
_LEAST_RISE: Final = (np.log(1.2), np.log(2.0))
"""A fifth slower, half of the requests."""

_IN_A_ROW: Final = 2
_OUTAGE_SHARE, _OUTAGE_ERRORS = 0.2, 10
SLOWER, FEWER, FAILING_MORE = 0, 1, 2
"""The first axis of what a `BatchJudge` says."""


@dataclass(frozen=True, slots=True)
class Period:
    """What was counted of each series in five minutes, shape (n,) each; series are added at the end.

    Attributes:
        p95_ms: Of durations.
        whole: Requests of the whole that the series is a part of.
    """

    count: IntArray
    errors: IntArray
    p95_ms: FloatArray
    whole: IntArray


class Moves(NamedTuple):
    """What deviates, shape (3, n) each: slower, fewer, failing more.

    Attributes:
        since_s: Since when, seconds since 1970; zero where nothing deviates.
        value: The p95 in milliseconds, the number of requests, the share that fails (0 to 1).
        usual: What they are usually; NaN while that is learned.
    """

    since_s: IntArray
    value: FloatArray
    usual: FloatArray


class BatchJudge:
    """Judges durations, share of the whole's requests, and failures of many series, period by period."""

    def __init__(self) -> None:
        self._past = np.full((2, 0, _PERIODS), np.nan, np.float32)
        self._median = np.full((2, 0), np.nan)
        self._limit = np.full((2, 0), np.nan)
        self._failed = np.zeros((2, 0))  # errors and requests, of about a day
        self._known_s = np.zeros((3, 0), np.int64)
        self._seen_s = np.zeros(0, np.int64)
        self._since_s = np.zeros((3, 0), np.int64)
        self._first_s = np.zeros((3, 0), np.int64)
        self._calm = np.zeros((3, 0), np.int64)
        self._hour_s = -1

    def judge(self, at_s: int, period: Period) -> Moves:
        """Judge the next period, which begins at `at_s`."""
        self._grow(len(period.count), at_s)
        if at_s // _HOUR_S != self._hour_s:
            self._hour_s = at_s // _HOUR_S
            self._learn(at_s)
        self._seen_s[period.count > 0] = at_s
        now = _values(period)
        share = (self._failed[0] + 1) / (self._failed[1] + 100)
        usual = np.vstack([np.exp(self._median[0]) - _FLOOR_MS, np.exp(-self._median[1]) * period.whole, share])
        beyond, calm = self._compared(now, period, usual)
        self._follow(at_s, beyond, calm)
        failed = period.errors / np.maximum(period.count, 1)
        outage = beyond[FAILING_MORE] & (failed >= _OUTAGE_SHARE) & (period.errors >= _OUTAGE_ERRORS)
        self._since_s[FAILING_MORE, outage & (self._since_s[FAILING_MORE] == 0)] = at_s
        self._remember(at_s, now, period)
        value = np.vstack([period.p95_ms, period.count, failed])
        return Moves(self._since_s.copy(), value, usual)

    def gone(self, at_s: int) -> BoolArray:
        """Return which series have had nothing for a day, shape (n,)."""
        return np.asarray(self._seen_s < at_s - DAY_S, dtype=bool)

    def keep(self, kept: BoolArray) -> None:
        """Forget all series but some; they keep their order."""
        self._past, self._seen_s = self._past[:, kept], self._seen_s[kept]
        for name in ("_median", "_limit", "_failed", "_known_s", "_since_s", "_first_s", "_calm"):
            setattr(self, name, getattr(self, name)[:, kept])

    def _grow(self, size: int, at_s: int) -> None:
        more = size - len(self._seen_s)
        if more <= 0:
            return
        unknown = np.full((2, more, _PERIODS), np.nan, np.float32)
        self._past = np.concatenate([self._past, unknown], axis=1)
        for name, rows, start in (
            ("_median", 2, np.nan), ("_limit", 2, np.nan), ("_failed", 2, 0.0), ("_known_s", 3, at_s),
            ("_since_s", 3, 0), ("_first_s", 3, 0), ("_calm", 3, 0),
        ):  # fmt: skip
            known = getattr(self, name)
            setattr(self, name, np.hstack([known, np.full((rows, more), start, known.dtype)]))
        self._seen_s = np.concatenate([self._seen_s, np.full(more, at_s)])

    def _learn(self, at_s: int) -> None:
        """Take what was usual anew; once an hour, so that its own beginning does not hide a slow rise."""
        values = np.sort(self._past, axis=2)  # NaN last
        known = np.isfinite(values).sum(axis=2)
        enough = (known >= _LEAST_VALUES) & (at_s - self._known_s[:2] >= DAY_S)
        last = np.maximum(known - 1, 0)
        median, tail = (
            np.take_along_axis(values, np.rint(last * rank).astype(np.int64)[..., None], axis=2)[..., 0]
            for rank in (0.5, _TAIL)
        )
        self._median = np.where(enough, median, np.nan).astype(float)
        least = np.array(_LEAST_RISE)[:, None]
        self._limit = self._median + np.maximum(_BEYOND_TAIL * (tail - self._median), least)

    def _compared(self, now: FloatArray, period: Period, usual: FloatArray) -> tuple[BoolArray, BoolArray]:
        """Return which values lie beyond what is usual, and which are back; what is not known is back."""
        beyond = np.zeros((3, now.shape[1]), bool)
        beyond[:2] = now > self._limit
        beyond[SLOWER] &= period.p95_ms - usual[SLOWER] >= _FLOOR_MS
        beyond[FEWER] &= usual[FEWER] >= _LEAST_EXPECTED
        beyond[FAILING_MORE] = excesses(period.errors, period.count, usual[FAILING_MORE])
        beyond &= self._known_s <= self._hour_s * _HOUR_S - DAY_S
        back = np.ones_like(beyond)
        back[:2] = ~(now > (self._median + self._limit) / 2)
        share = period.errors / np.maximum(period.count, 1)
        back[FAILING_MORE] = share < np.maximum(2 * usual[FAILING_MORE], usual[FAILING_MORE] + 0.01)
        return beyond, back & ~beyond

    def _follow(self, at_s: int, beyond: BoolArray, calm: BoolArray) -> None:
        again = beyond & (self._first_s > 0) & (self._since_s == 0)
        self._since_s[again] = self._first_s[again]
        self._first_s = np.where(beyond, at_s, 0)
        self._calm = np.where(calm & (self._since_s > 0), self._calm + 1, 0)
        self._since_s[self._calm >= _IN_A_ROW] = 0
        lasting = (self._since_s > 0) & (at_s - self._since_s >= DAY_S)
        self._since_s[lasting] = 0
        self._known_s[lasting] = at_s
        self._past[lasting[:2]] = np.nan
        self._limit[lasting[:2]] = np.nan
        self._failed[:, lasting[FAILING_MORE]] = 0

    def _remember(self, at_s: int, now: FloatArray, period: Period) -> None:
        deviates = self._since_s > 0
        own = self._past[:, :, at_s // PERIOD_S % _PERIODS]  # of a day ago, which stays while something deviates
        own[...] = np.where(deviates[:2], own, now)
        faded = self._failed * (1 - 1 / _PERIODS) + [period.errors, period.count]
        self._failed = np.where(deviates[FAILING_MORE], self._failed, faded)


def _values(period: Period) -> FloatArray:
    """Return what is compared, higher being worse: log(5 ms + p95), and minus the log of the share of the whole."""
    with np.errstate(divide="ignore", invalid="ignore"):
        durations = np.where(period.count >= _LEAST_REQUESTS, np.log(_FLOOR_MS + period.p95_ms), np.nan)
        shares = np.where(period.whole >= _LEAST_REQUESTS, -np.log((period.count + 0.5) / period.whole), np.nan)
    return np.vstack([durations, shares])
