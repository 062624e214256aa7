"""The provisional judgement of a series that is still being learned: it sees that runs take much longer, no more.

Within three hours seven of nine runs must lie beyond the median of all runs before by a factor of 1.65, or by two
robust sigmas where runs vary more. Set on simulated series of three days (seed 901): false in 2 of 2,800, a doubling
seen after seven runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.deviation import Deviation, Quantity
from outrider.baselines.judge_settings import Scale
from outrider.baselines.location import robust_sigma
from outrider.baselines.value_scale import from_log, least_change, unit_of

if TYPE_CHECKING:
    from outrider.baselines.judge_settings import Settings
    from outrider.baselines.series import BoolArray, FloatArray, IntArray

FEWEST_RUNS = 30
MOST_RUNS = 4096  # of a quick cadence; it learns for three days all the same
WINDOW = 9
_BEYOND = 7  # runs of the window
_LONGEST_S = 3 * 3600  # that a window may last: the time of day, which is not known yet, explains longer ones
_STEP = 12  # runs for which a reference holds
_LEAST_RATIO = 0.5  # log units
_SIGMAS = 2.0
_USUAL_SHARE = 0.9
_CLOSING_RUNS = 6
_STILL = 0.5  # share of the threshold below which a run is well again


@dataclass(frozen=True, slots=True)
class Reference:
    """What the first runs of a series look like.

    Attributes:
        level: Their median.
        reach: How far a run must lie from it, in log units.
    """

    level: float
    reach: float

    @staticmethod
    def of(value: FloatArray, settings: Settings) -> Reference:
        """Return the reference that values on the scale of the judge give."""
        level = float(np.median(value))
        floor = math.log1p(least_change(settings) / math.exp(level))
        usual = float(np.quantile(np.abs(value - level), _USUAL_SHARE))  # of values that are rounded, or of two kinds
        return Reference(level, max(_LEAST_RATIO, floor, usual, _SIGMAS * robust_sigma(value)))

    @staticmethod
    def before(value: FloatArray, settings: Settings) -> Reference:
        """Return the reference with which the last of `value` is compared: of the runs before its step."""
        last = len(value) - 1 - FEWEST_RUNS
        return Reference.of(value[: FEWEST_RUNS + last // _STEP * _STEP], settings)

    def deviation(self, value: FloatArray, settings: Settings) -> Deviation:
        """Return the median of a block of runs against the reference."""
        logs = (float(np.median(value)), self.level - self.reach, self.level + self.reach, self.level)
        seen, low, high, usual = (from_log(log, settings) for log in logs)
        return Deviation(Quantity.MEDIAN, len(value), seen, low, high, usual, unit=unit_of(settings))


def first_deviation(at: IntArray, value: FloatArray, count: int, settings: Settings) -> tuple[int, int]:
    """Return the position of the first new run after which runs deviate to an alerting side, and the side.

    Args:
        at: UTC seconds of all runs, ascending.
        value: Their values on the scale of the judge.
        count: How many of them are not new.

    Returns:
        The number of new runs, and 0, if there is no such run.
    """
    if settings.scale is Scale.COUNT:  # nights and weekends of traffic are deep: they must have been seen
        return len(value) - count, 0
    last = min(len(value), MOST_RUNS)
    begin = FEWEST_RUNS + max(0, count - FEWEST_RUNS) // _STEP * _STEP
    for block in range(begin, last, _STEP):
        end, start = min(block + _STEP, last), max(block, count)
        reference = Reference.of(value[:block], settings)
        recent = value[start - WINDOW + 1 : end] - reference.level
        is_brief = at[start:end] - at[start - WINDOW + 1 : end - WINDOW + 1] <= _LONGEST_S
        for side in settings.alerting_sides:
            fired = is_brief & (_counts(side * recent > reference.reach, WINDOW) >= _BEYOND)
            if fired.any():
                return start - count + int(fired.argmax()), side
    return len(value) - count, 0


def first_recovery(reference: Reference, since: FloatArray, value: FloatArray, side: int) -> int:
    """Return the position of the first new run after which a deviation is over; the number of new runs if none is.

    Args:
        reference: What was expected.
        since: Values since the deviation began.
        value: Those of new runs.
        side: Of the deviation.
    """
    recent = np.concatenate([since[len(since) - min(len(since), _CLOSING_RUNS - 1) :], value])
    is_well = side * (recent - reference.level) < _STILL * reference.reach
    over = np.zeros(len(value), dtype=bool)
    counts = _counts(is_well, _CLOSING_RUNS) >= _CLOSING_RUNS - 1
    over[len(over) - min(len(over), len(counts)) :] = counts[-len(over) :] if len(over) else counts[:0]
    return int(over.argmax()) if over.any() else len(value)


def _counts(where: BoolArray, window: int) -> FloatArray:
    total = np.concatenate([[0], np.cumsum(where)])
    counts: FloatArray = total[window:] - total[:-window]
    return counts
