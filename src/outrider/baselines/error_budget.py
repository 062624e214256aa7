"""Availability, error budget and burn rates, for reports; `rates` detects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.series import seconds_of, values_of
from outrider.model import BadSeries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from outrider.baselines.series import FloatArray, IntArray

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class BurnRule:
    """A pair of windows, both of which must burn faster than `rate`.

    Attributes:
        rate: Multiple of the speed at which the budget lasts for exactly its period.
        long_s: The window that gives weight.
        short_s: The window that ends the alert soon after the problem.
    """

    rate: float
    long_s: int
    short_s: int


# The Site Reliability Workbook (2018), chapter 5, table 5-8, for a period of 30 days
WORKBOOK_RULES = (
    BurnRule(14.4, HOUR_S, HOUR_S // 12),
    BurnRule(6.0, 6 * HOUR_S, HOUR_S // 2),
    BurnRule(1.0, 72 * HOUR_S, 6 * HOUR_S),
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of an error budget.

    Attributes:
        runs: Runs that counted.
        failed: Those that failed.
        availability: Share that passed; NaN without runs.
        left: Share of the budget that is left; negative once it is overspent.
        burning: The rules that burn.
    """

    runs: int
    failed: int
    availability: float
    left: float
    burning: tuple[BurnRule, ...]


def error_budget(
    at: ArrayLike, failed: ArrayLike, *, objective: float, rules: Sequence[BurnRule] = WORKBOOK_RULES
) -> Budget:
    """Return the state of an error budget after the last run.

    Args:
        at: datetime64[s] UTC, ascending, shape (n,): the runs of the budget's period.
        failed: True or one for a failure, NaN for a missing run.
        objective: Share of runs that shall pass, such as 0.995.
        rules: Which burn rates to look at.

    Raises:
        BadSeries: If the objective is not between zero and one, or shapes differ.
    """
    if not 0 < objective < 1:
        raise BadSeries(f"objective = {objective}", slug="bad-objective", fix="write a share such as 0.995")
    values = values_of(failed)
    seconds = seconds_of(at, len(values))
    real = ~np.isnan(values)
    seconds, values = seconds[real], (values[real] > 0).astype(np.float64)
    if not len(values):
        return Budget(0, 0, math.nan, 1.0, ())
    burning = tuple(rule for rule in rules if _burns(seconds, values, rule, 1 - objective))
    share = float(values.mean())
    return Budget(len(values), int(values.sum()), 1 - share, 1 - share / (1 - objective), burning)


def _burns(at: IntArray, failed: FloatArray, rule: BurnRule, allowed: float) -> bool:
    windows = (failed[at > at[-1] - span] for span in (rule.long_s, rule.short_s))
    return all(float(window.mean()) > rule.rate * allowed for window in windows)
