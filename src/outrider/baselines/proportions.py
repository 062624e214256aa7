"""Base against candidate: do more requests fail? Compared exactly."""

from __future__ import annotations

import math

from outrider.baselines.comparison import PASS_LEVEL, Comparison, Verdict
from outrider.model import BadSeries

ERROR_LEVEL = 0.01
TOLERANCE = 0.05
_BOSCHLOO_RUNS = 2_000  # above it the exact test takes seconds and Fisher's loses nothing


def compare_errors(
    base: tuple[int, int], candidate: tuple[int, int], *, level: float = ERROR_LEVEL, tolerance: float = TOLERANCE
) -> Comparison:
    """Compare error rates by Boschloo's exact test (1970, doi:10.1111/j.1467-9574.1970.tb00104.x), one-sided.

    Args:
        base: Failures, and runs or requests, of the base.
        candidate: The same of the candidate.
        level: One-sided level that fails.
        tolerance: Rise of the error rate that a pass must make unlikely.

    Returns:
        `fail` where the candidate fails more often; `pass` where the upper 80 % bound of its rate (Clopper and Pearson
        1934) lies less than `tolerance` above the base's; else `inconclusive`. The ratio is that of the rates.

    Raises:
        BadSeries: If a count is negative or exceeds its total.
    """
    for failed, total in (base, candidate):
        if not 0 <= failed <= total:
            raise BadSeries(f"{failed} failures of {total}", slug="bad-counts", fix="0 <= failures <= total")
    samples = base[1] + candidate[1]
    if not base[1] or not candidate[1]:
        return Comparison(Verdict.INCONCLUSIVE, math.nan, 0.0, math.inf, samples, 0, 1.0, "one side has no runs")
    p_value, low, high = _p_value(*base, *candidate), *_ratio_bounds(*base, *candidate)
    left, right = base[0] / base[1], candidate[0] / candidate[1]
    ratio = right / left if left else (math.inf if right else 1.0)
    reason = f"{candidate[0]} of {candidate[1]} failed against {base[0]} of {base[1]} (p = {p_value:.2g})"
    verdict = Verdict.INCONCLUSIVE
    if p_value <= level:
        verdict = Verdict.FAIL
    elif _upper_rate(*candidate) - left < tolerance:
        verdict = Verdict.PASS
    return Comparison(verdict, ratio, low, high, samples, 0, p_value, reason)


def proportion_interval(good: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404).

    Raises:
        BadSeries: If a count is negative or exceeds its total, or there is nothing.
    """
    if not 0 <= good <= total or not total:
        raise BadSeries(f"{good} of {total}", slug="bad-counts", fix="0 <= failures <= total")
    from scipy.special import betaincinv  # noqa: PLC0415 - only where used

    tail = (1 - level) / 2
    low = float(betaincinv(good, total - good + 1, tail)) if good else 0.0
    high = float(betaincinv(good + 1, total - good, 1 - tail)) if good < total else 1.0
    return low, high


def _upper_rate(failed: int, total: int) -> float:
    from scipy.special import betaincinv  # noqa: PLC0415 - only where used

    return 1.0 if failed == total else float(betaincinv(failed + 1, total - failed, 1 - PASS_LEVEL))


def _p_value(base_failed: int, base_total: int, candidate_failed: int, candidate_total: int) -> float:
    from scipy.stats import boschloo_exact, fisher_exact  # noqa: PLC0415 - half a second most commands do not need

    table = [[candidate_failed, base_failed], [candidate_total - candidate_failed, base_total - base_failed]]
    if candidate_failed * base_total <= base_failed * candidate_total:
        return 1.0
    if base_total + candidate_total > _BOSCHLOO_RUNS:
        return float(fisher_exact(table, alternative="greater").pvalue)
    return float(boschloo_exact(table, alternative="greater").pvalue)


def _ratio_bounds(
    base_failed: int, base_total: int, candidate_failed: int, candidate_total: int
) -> tuple[float, float]:
    """Return the 90 % interval of the ratio of rates, on the log scale with half a failure added to each side."""
    left, right = base_failed + 0.5, candidate_failed + 0.5
    middle = math.log(right / (candidate_total + 0.5)) - math.log(left / (base_total + 0.5))
    error = math.sqrt(max(1 / right - 1 / (candidate_total + 0.5) + 1 / left - 1 / (base_total + 0.5), 0.0))
    return math.exp(middle - 1.645 * error), math.exp(middle + 1.645 * error)
