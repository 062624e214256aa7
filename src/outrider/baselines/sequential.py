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
PASS_LEVEL = 0.15
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
            ends before spends the rest at its last look.
    """

    looks: tuple[int, ...] = DEFAULT_LOOKS
    fail_level: float = FAIL_LEVEL
    pass_level: float = PASS_LEVEL
    margin: float = 0.02
    horizon: int | None = None

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
        return nominal_levels(self.looks, total, self.horizon)[self.looks.index(sessions)]


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
def nominal_levels(looks: tuple[int, ...], level: float, horizon: int | None = None) -> tuple[float, ...]:
    """Return the one-sided level of each look, whose chances of a first crossing add up to `level`.

    Args:
        looks: Numbers of sessions.
        level: The sum.
        horizon: Number of sessions at which the sum would be spent, if not at the last look; that spends the rest.
    """
    from scipy.stats import norm  # noqa: PLC0415 - half a second that most commands do not need

    share = np.array(looks) / looks[-1]
    spent = level * np.minimum(np.array(looks) / (horizon or looks[-1]), 1.0) ** _POWER
    spent[-1] = level
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


def correct(comparisons: Mapping[str, Comparison], *, level: float = FAIL_LEVEL) -> dict[str, Comparison]:
    """Return comparisons of all steps and metrics, in which fails survive false-discovery control.

    Args:
        comparisons: By step and metric.
        level: Share of false ones among those that fail.
    """
    from scipy.stats import false_discovery_control  # noqa: PLC0415 - half a second that most commands do not need

    if not comparisons:
        return {}
    adjusted = false_discovery_control([comparison.p_value for comparison in comparisons.values()])
    return {
        name: _weaken(comparison, float(p)) if p > level else comparison
        for (name, comparison), p in zip(comparisons.items(), adjusted, strict=True)
    }


def _weaken(comparison: Comparison, adjusted: float) -> Comparison:
    if comparison.verdict is not Verdict.FAIL:
        return comparison
    reason = f"{comparison.reason}; among so many comparisons that may be chance (adjusted p = {adjusted:.3f})"
    return replace(comparison, verdict=Verdict.INCONCLUSIVE, reason=reason)
