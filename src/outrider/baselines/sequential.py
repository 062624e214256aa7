"""A gate that takes sessions until it knows, or until the cap.

Looks are planned beforehand and every look spends a part of the error allowed (Lan and DeMets 1983,
doi:10.1093/biomet/70.3.659; spending t^2, Kim and DeMets 1987). Boundaries come from the recursion of Armitage,
McPherson and Rowe 1969 (doi:10.2307/2343787), so that looking often does not cost the whole sum of levels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.comparison import Comparison, Verdict, compare
from outrider.model import BadSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from outrider.baselines.series import FloatArray

DEFAULT_LOOKS = (6, 10, 15, 20, 30, 40)
FAIL_LEVEL = 0.05
PASS_LEVEL = 0.25
FAMILY_LEVEL = 0.04
"""Share of false ones, over all looks, among the fails of a gate."""
_DISCARDED = 0.5  # a p-value above says that the candidate is not even measured as slower than the margin
_POWER = 2.0
_GRID = 401


@dataclass(frozen=True, slots=True)
class Plan:
    """When to look, and how sure to be.

    Attributes:
        looks: Numbers of sessions, ascending; the last is the cap.
        fail_level: Chance, over all looks, to fail a candidate that is slower by exactly the margin.
        pass_level: Chance, over all looks, to pass it.
        margin: Slowdown that is tolerated, as a share.
        horizon: Number of sessions at which all of the levels would be spent; None if that is the last look. One that
            ends before or after spends the rest at its last look.
        reserve: Share of the levels that is kept for a look after the last of `looks`, named by `ending_at`.
    """

    looks: tuple[int, ...] = DEFAULT_LOOKS
    fail_level: float = FAIL_LEVEL
    pass_level: float = PASS_LEVEL
    margin: float = 0.02
    horizon: int | None = None
    reserve: float = 0.0

    def __post_init__(self) -> None:
        if not self.looks or list(self.looks) != sorted(set(self.looks)) or self.looks[0] < 1:
            raise BadSeries(f"looks = {self.looks}", slug="bad-plan", fix="numbers of sessions, ascending")

    def next_look(self, sessions: int) -> int | None:
        """Return after how many sessions to look next; None once the cap is reached."""
        return next((look for look in self.looks if look > sessions), None)

    def ending_at(self, sessions: int) -> Plan:
        """Return the plan whose last look is after so many sessions, for a reason that is not in the data."""
        looks = (*(look for look in self.looks if look < sessions), sessions)
        return replace(self, looks=looks, horizon=self.horizon or self.looks[-1])

    def level(self, sessions: int, total: float) -> float:
        """Return the one-sided level of the look after `sessions`, of `total` over all looks; 0 if there is no look."""
        if sessions not in self.looks:
            return 0.0
        horizon = self.horizon or self.looks[-1]
        shares = [(1 - self.reserve) * min(1.0, look / horizon) ** _POWER for look in self.looks]
        if self.horizon or not self.reserve:
            shares[-1] = 1.0
        return nominal_levels(self.looks, total, tuple(shares))[self.looks.index(sessions)]


def judge_so_far(base: Sequence[ArrayLike], candidate: Sequence[ArrayLike], plan: Plan | None = None) -> Comparison:
    """Return the verdict at a planned look.

    Args:
        base: One array a session, as for `compare`.
        candidate: As `base`.
        plan: The looks; sessions that are not a planned look give `inconclusive` without spending anything.

    While it is inconclusive and `plan.next_look` names a number, take sessions up to that number and ask again.
    """
    plan = plan or Plan()
    sessions = len(base)
    if sessions not in plan.looks:
        comparison = compare(base, candidate, margin=plan.margin)
        wait = plan.next_look(sessions)
        return replace(comparison, verdict=Verdict.INCONCLUSIVE, reason=f"the next look is after {wait} sessions")
    return compare(
        base,
        candidate,
        margin=plan.margin,
        fail_level=plan.level(sessions, plan.fail_level),
        pass_level=plan.level(sessions, plan.pass_level),
    )


def run_plan(take: Callable[[int], tuple[Sequence[ArrayLike], Sequence[ArrayLike]]], plan: Plan) -> Comparison:
    """Take sessions until a verdict is known or the cap is reached.

    Args:
        take: Returns base and candidate with so many sessions.
        plan: When to look.
    """
    for look in plan.looks:
        comparison = judge_so_far(*take(look), plan)
        if comparison.verdict is not Verdict.INCONCLUSIVE:
            return comparison
    return replace(comparison, reason=f"{comparison.reason}; the cap of {plan.looks[-1]} sessions is reached")


@lru_cache(maxsize=64)
def nominal_levels(looks: tuple[int, ...], level: float, shares: tuple[float, ...] | None = None) -> tuple[float, ...]:
    """Return the one-sided level of each look, whose chances of a first crossing add up to `level`.

    Args:
        looks: Numbers of sessions.
        level: The sum.
        shares: Of it that are spent up to each look; without them, all of it by the square of the sessions.
    """
    from scipy.stats import norm  # noqa: PLC0415 - half a second that most commands do not need

    share = np.array(looks) / looks[-1]
    spent = level * (share**_POWER if shares is None else np.array(shares))
    spend = np.diff(np.concatenate([[0.0], spent]))
    grid = np.linspace(-8.0, 8.0, _GRID)  # the sum of scores, in units of its deviation at the last look
    density, levels = norm.pdf(grid, scale=math.sqrt(share[0])), list[float]()
    for k, part in enumerate(spend):
        if k:
            density = _spread(density, grid, math.sqrt(share[k] - share[k - 1]))
        boundary = _upper_point(density, grid, float(part))
        density = np.where(grid > boundary, 0.0, density)
        levels.append(float(norm.sf(boundary / math.sqrt(share[k]))))
    return tuple(levels)


def _spread(density: FloatArray, grid: FloatArray, scale: float) -> FloatArray:
    kernel = np.exp(-0.5 * ((grid[:, None] - grid) / scale) ** 2) / (scale * math.sqrt(2 * math.pi))
    spread: FloatArray = kernel @ density * (grid[1] - grid[0])
    return spread


def _upper_point(density: FloatArray, grid: FloatArray, mass: float) -> float:
    """Return the point above which `density` holds `mass`."""
    width = grid[1] - grid[0]
    above = np.concatenate([np.cumsum((density[1:] + density[:-1])[::-1] / 2 * width)[::-1], [0.0]])
    return float(np.interp(-mass, -above, grid))


def correct(comparisons: Mapping[str, Comparison], levels: Mapping[str, float] | None = None) -> dict[str, Comparison]:
    """Return comparisons of all steps and metrics, in which fails survive false-discovery control.

    Where nothing is slower, p-values pile up near one, since they ask for more than the margin. They say nothing about
    those near zero, and are discarded before the correction, which the selection is allowed for (J. Zhao, D. Small and
    W. Su 2019, doi:10.1080/01621459.2018.1497499): one slow step among thirty is then found by what it shows itself.

    Args:
        comparisons: By step and metric.
        levels: By step and metric: share of false ones among those that fail, at this look; `FAMILY_LEVEL` without.
    """
    adjusted = _adjusted([comparison.p_value for comparison in comparisons.values()])
    return {
        name: _weaken(comparison, p) if p > (FAMILY_LEVEL if levels is None else levels[name]) else comparison
        for (name, comparison), p in zip(comparisons.items(), adjusted, strict=True)
    }


def _adjusted(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number (Benjamini and Hochberg 1995), those above the limit discarded."""
    from scipy.stats import false_discovery_control  # noqa: PLC0415 - half a second that most commands do not need

    if len(p_values) <= 1:
        return list(p_values)
    adjusted = np.ones(len(p_values))
    kept = np.array(p_values) <= _DISCARDED
    if kept.any():
        adjusted[kept] = false_discovery_control(np.array(p_values)[kept] / _DISCARDED)
    return [float(p) for p in adjusted]


def _weaken(comparison: Comparison, adjusted: float) -> Comparison:
    if comparison.verdict is not Verdict.FAIL:
        return comparison
    reason = f"{comparison.reason}; among so many comparisons that may be chance (adjusted p = {adjusted:.3f})"
    return replace(comparison, verdict=Verdict.INCONCLUSIVE, reason=reason)
