"""What a part of the judge measured over a block of runs, and what it usually measures.

A part says its own quantity: `measured` returns one that lies outside its band whenever the part has passed its limit.
The median comes first where it left its band, since everybody knows what a median is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.statistics import SCALE, SCANS, SHARES_BELOW, SHORT_WINDOWS, TAIL_FROM, WINDOWS, Part, scores
from outrider.baselines.value_scale import from_log, unit_of
from outrider.model import per_cent

if TYPE_CHECKING:
    from outrider.baselines.expectation import Baseline
    from outrider.baselines.judge_settings import Settings
    from outrider.baselines.series import FloatArray, IntArray

_SHARE_Z = 2.0  # binomial standard deviations by which a share of runs must be unusual to be named
_FEWEST_RUNS = 2
_MOST_SIGMAS = 6.0  # of a band


class Quantity(StrEnum):
    """What is compared with its band."""

    MEDIAN = "median"
    MEAN = "mean"  # of values limited to some sigmas, which is what the level is judged by
    SHARE = "share"  # of runs beyond a value
    DISTANCE = "distance"  # mean distance of runs from what is expected
    EXCESS = "excess"  # mean amount by which runs exceed a value
    LEAST = "least"  # the least extreme of a few runs in a row


@dataclass(frozen=True, slots=True)
class Deviation:
    """A quantity of a block of runs, and the band in which it usually lies.

    Attributes:
        quantity: What was measured.
        window: Over how many runs.
        observed: In `unit`; a share between 0 and 1 for shares of runs.
        low: Lower end of the band.
        high: Upper end.
        usual: Where it lies on average.
        cut: Value beyond which runs count, for quantities that have one.
        above: Whether runs above the cut count, or those below it.
        unit: Of values; empty for counts.
    """

    quantity: Quantity
    window: int
    observed: float
    low: float
    high: float
    usual: float
    cut: float = 0.0
    above: bool = True
    unit: str = "ms"

    @property
    def is_outside(self) -> bool:
        """Whether the observed value lies outside the band."""
        return not self.low <= self.observed <= self.high

    @property
    def is_level(self) -> bool:
        """Whether it is a typical value of the runs."""
        return self.quantity in {Quantity.MEDIAN, Quantity.MEAN}

    @property
    def ratio(self) -> float:
        """Observed over usual; infinite where the usual value is zero."""
        return self.observed / self.usual if self.usual > 0 else math.inf

    @property
    def told_ratio(self) -> float:
        """Observed over what `expected_text` tells: the usual value, or the limit where it tells no more than that."""
        usual = self.high if self.low <= 0 else self.usual
        return self.observed / usual if usual > 0 else math.inf

    def contradicts(self, side: int) -> bool:
        """Whether it lies outside its band on a side; what is not a level only knows of more."""
        return (
            self.observed < self.low
            if side < 0 and self.is_level
            else self.is_outside and not (self.is_level and self.observed < self.low)
        )

    @property
    def observed_text(self) -> str:
        """The observed value in words: "1240 ms", "5 of 6 runs above 1.7 ms"."""
        side = "above" if self.above else "below"
        match self.quantity:
            case Quantity.SHARE:
                count = round(self.observed * self.window)
                return f"{count} of {self.window} runs {side} {self._value(self.cut)}"
            case Quantity.EXCESS:
                return f"{self._value(self.observed)} above {self._value(self.cut)} on average"
            case _:
                return self._value(self.observed)

    @property
    def expected_text(self) -> str:
        """The band in words: "780 ms to 830 ms", "1 in 20"."""
        match self.quantity:
            case Quantity.SHARE:
                return _odds(self.high)
            case Quantity.EXCESS:
                return f"at most {self._value(self.high)}"
            case Quantity.LEAST:
                return f"at most {self._value(self.high)}" if self.above else f"at least {self._value(self.low)}"
            case _ if self.low <= 0:  # no time or share is negative
                return f"at most {self._value(self.high)}"
            case _:
                return f"{self._value(self.low)} to {self._value(self.high)}"

    @property
    def sentence(self) -> str:
        """What was measured, in one clause for people."""
        runs = "1 run" if self.window == 1 else f"{self.window} runs"
        match self.quantity:
            case Quantity.MEDIAN:
                return f"median of {runs} {self.observed_text}, expected {self.expected_text}"
            case Quantity.MEAN:
                return f"mean of {runs} {self.observed_text}, outliers limited, expected {self.expected_text}"
            case Quantity.SHARE:
                return f"{self.observed_text}, usually {self.expected_text}"
            case Quantity.DISTANCE:
                return f"{runs} differ by {self.observed_text} from what is expected, usually {self.expected_text}"
            case Quantity.EXCESS:
                return f"{runs}: {self.observed_text}, usually {self.expected_text}"
            case Quantity.LEAST:
                bound = "at least" if self.above else "at most"
                return f"{runs} in a row of {bound} {self.observed_text}, usually {self.expected_text}"

    def _value(self, value: float) -> str:
        number = _number(max(value, 0.0), [value, self.observed, self.low, self.high])
        return f"{number} {self.unit}".rstrip()


def _number(value: float, beside: list[float]) -> str:
    """Return a number with three digits, or as many as tell it apart from those beside it."""
    others = {max(other, 0.0) for other in beside if math.isfinite(other)}
    for digits in (3, 4, 5, 6):
        texts = {_rounded(other, digits) for other in others}
        if len(texts) == len(others):
            break
    return _rounded(value, digits)


def _rounded(value: float, digits: int) -> str:
    if value and abs(value) < 1e15:
        places = digits - 1 - math.floor(math.log10(abs(value)))
        value = round(value, places)
        return f"{value:.{max(0, places)}f}" if abs(value) >= 10.0**-6 else f"{value:.{digits}g}"
    return f"{value:.{digits}g}"


def _odds(share: float) -> str:
    if share <= 0:
        return "none"
    return f"1 in {round(1 / share)}" if share < 0.4 else per_cent(share, ".0f")


class Block:
    """A block of runs that are compared with a baseline.

    Args:
        baseline: What is expected.
        at: UTC seconds of the runs, shape (window,).
        value: Their values on the scale of the judge.
        settings: For the scale and the time zone.
    """

    def __init__(self, baseline: Baseline, at: IntArray, value: FloatArray, settings: Settings) -> None:
        self._baseline = baseline
        self._residual = baseline.residual(at, value, settings.tz)
        self._expected = float(np.median(baseline.expected(at, settings.tz)))
        self._settings = settings
        self._unit = unit_of(settings)

    def measured(self, part: Part, side: int) -> Deviation:
        """Return what a part measured on a side; of several quantities the plainest that lies outside its band."""
        candidates = [self._level(Quantity.MEDIAN)] if part is not Part.EXTREME else []
        match part:
            case Part.LEVEL:
                candidates += [self._level(Quantity.MEAN)]
            case Part.SHAPE:
                candidates += [*self._shares(side, SHARES_BELOW), self._shifted()]
            case Part.SPREAD:
                candidates += [self._distance()]
            case Part.TAIL:
                candidates += [*self._shares(side, SHARES_BELOW[SHARES_BELOW >= 0.8]), self._excess()]
            case Part.EXTREME:
                candidates += [self._least(side)]
        return next((candidate for candidate in candidates if candidate.contradicts(side)), candidates[-1])

    def mean(self) -> Deviation:
        """Return what the level is judged by."""
        return self._level(Quantity.MEAN)

    def _raw(self, sigmas: float) -> float:
        return from_log(self._expected + sigmas * self._baseline.sigma, self._settings)

    def _deviation(self, quantity: Quantity, observed: float, band: tuple[float, float]) -> Deviation:
        seen, low, high, usual = (self._raw(sigmas) for sigmas in (observed, *band, sum(band) / 2))
        return Deviation(quantity, len(self._residual), seen, low, high, usual, unit=self._unit)

    def _score(self, row: int) -> float:
        return float(scores(self._residual, self._baseline.shape)[row].mean()) / SCALE

    def _reach(self, row: int) -> float:
        """Return by how much the mean score of a scan may differ from its usual one, in sigmas."""
        baseline, window = self._baseline, len(self._residual)
        if window < WINDOWS[0]:
            return _MOST_SIGMAS
        column = min(int(np.searchsorted(WINDOWS, window)), len(WINDOWS) - 1)
        limit = baseline.limit[row * len(WINDOWS) + column] * baseline.spread[row, column]
        return float(min(limit, _MOST_SIGMAS))

    def _level(self, quantity: Quantity) -> Deviation:
        usual = float(self._baseline.mean[0])
        reach = max(self._reach(0), self._baseline.least_effect / self._baseline.sigma)
        observed = float(np.median(self._residual)) if quantity is Quantity.MEDIAN else self._score(0)
        return self._deviation(quantity, observed, (usual - reach, usual + reach))

    def _shifted(self) -> Deviation:
        """Return the mean against the smallest change that raises an alert, which the shape has found to be real."""
        usual, reach = float(self._baseline.mean[0]), self._baseline.least_effect / self._baseline.sigma
        return self._deviation(Quantity.MEAN, self._score(0), (usual - reach, usual + reach))

    def _distance(self) -> Deviation:
        middle, reach, zero = float(self._baseline.mean[2]), self._reach(2), self._raw(0.0)
        sigmas = (self._score(2), max(middle - reach, 0.0), middle + reach, middle)
        seen, low, high, usual = (self._raw(size) - zero for size in sigmas)
        return Deviation(Quantity.DISTANCE, len(self._residual), seen, low, high, usual, unit=self._unit)

    def _excess(self) -> Deviation:
        cut, middle = self._raw(TAIL_FROM), float(self._baseline.mean[3])
        sizes = (self._score(3), middle + self._reach(3), middle)
        seen, high, usual = (self._raw(TAIL_FROM + size) - cut for size in sizes)
        return Deviation(Quantity.EXCESS, len(self._residual), seen, 0.0, high, usual, cut, unit=self._unit)

    def _least(self, side: int) -> Deviation:
        window = min(len(self._residual), len(SHORT_WINDOWS))
        column = len(SCANS) * len(WINDOWS) + window - 1
        limit = float((self._baseline.limit if side > 0 else self._baseline.low_limit)[column])
        recent = self._residual[-window:]
        observed = float(recent.min() if side > 0 else recent.max())
        band = (-math.inf, limit) if side > 0 else (-limit, math.inf)
        low, high = (math.copysign(math.inf, end) if math.isinf(end) else self._raw(end) for end in band)
        return Deviation(
            Quantity.LEAST, window, self._raw(observed), low, high, self._raw(0.0), above=side > 0, unit=self._unit
        )  # fmt: skip

    def _shares(self, side: int, below: FloatArray) -> list[Deviation]:
        """Return the share of runs beyond the value at which it is most unusual; none where no share is."""
        cuts = np.interp(below, SHARES_BELOW, self._baseline.quantiles)
        usual = 1 - below if side > 0 else below
        beyond = side * self._residual[:, None] > side * cuts
        share, count = beyond.mean(axis=0), beyond.sum(axis=0)
        z = (share - usual) / np.sqrt(usual * (1 - usual) / len(self._residual))
        best = int(z.argmax())
        if z[best] < _SHARE_Z or count[best] < _FEWEST_RUNS:
            return []
        cut, odds = self._raw(float(cuts[best])), float(usual[best])
        window = len(self._residual)
        return [Deviation(Quantity.SHARE, window, float(share[best]), 0.0, odds, odds, cut, side > 0, self._unit)]
