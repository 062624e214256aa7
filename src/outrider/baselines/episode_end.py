"""When a deviation is over, and when a past that never varied tells nothing of it any more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.statistics import COLUMNS, WINDOW_OF, Part

if TYPE_CHECKING:
    from outrider.baselines.series import BoolArray, FloatArray
    from outrider.baselines.state import Episode

STILL = 0.5  # share of the limit below which the part that fired must fall, that the deviation is over
STILL_RUNS = 12  # that must lie at the level again where all did before: a series that varies now has not come back
_CALM = 0.9  # share of the limit below which every other part must stay meanwhile
_CLOSING_WINDOW = 24
_MEDIAN_ERROR = 1.4826 * 1.2533  # standard error of a median, times the root of n, for each median absolute deviation


def is_over(episode: Episode, side_evidence: FloatArray) -> BoolArray:
    """Return after which runs the deviation is gone: its part far below the limit, every other part below it."""
    reach = max(episode.window, 3 if episode.part is Part.EXTREME else _CLOSING_WINDOW)
    inside = reach >= WINDOW_OF
    own = np.array([part is episode.part for part, _ in COLUMNS])
    ceiling = np.where(own, STILL, _CALM)[inside]
    over: BoolArray = np.asarray((side_evidence[:, inside] < ceiling).all(axis=1))
    return over


def lies_still(rest: FloatArray, count: int, least_effect: float) -> BoolArray:
    """Return after which of the last `count` runs the latest dozen, or all that there are, lie at the level.

    Args:
        rest: Log values above what was expected: of the runs to be looked back at, and of the last `count`.
        count: How many runs to answer for.
        least_effect: By how much a run must differ to lie elsewhere.
    """
    away = np.concatenate([[0], np.cumsum(np.abs(rest) >= least_effect)])
    end = np.arange(len(rest) - count + 1, len(rest) + 1)
    still: BoolArray = away[end] == away[np.maximum(end - STILL_RUNS, 0)]
    return still


def is_only_wider(rest: FloatArray, least_effect: float) -> bool:
    """Return whether runs lie around the level that was expected, however far from it: within three standard errors."""
    middle = float(np.median(rest))
    error = _MEDIAN_ERROR * float(np.median(np.abs(rest - middle))) / math.sqrt(len(rest))
    return abs(middle) < max(least_effect, 3 * error)
