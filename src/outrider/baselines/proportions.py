"""Base against candidate: do more requests fail? Compared exactly."""

from __future__ import annotations

import math

from outrider.baselines.comparison import Comparison, Verdict
from outrider.model import BadSeries

ERROR_LEVEL = 0.01
_BOSCHLOO_RUNS = 2_000  # above it the exact test takes seconds and Fisher's loses nothing


def compare_errors(  # noqa: PLR0913, PLR0917 - a two by two table
    base_failed: int, base_total: int, candidate_failed: int, candidate_total: int, *, level: float = ERROR_LEVEL
) -> Comparison:
    """Compare error rates by Boschloo's exact test (1970, doi:10.1111/j.1467-9574.1970.tb00104.x), one-sided.

    Args:
        base_failed: Failures of the base.
        base_total: Its runs or requests.
        candidate_failed: Failures of the candidate.
        candidate_total: Its runs or requests.
        level: One-sided level that fails.

    Returns:
        `fail` where the candidate fails more often; `pass` where it fails no more often than the base did, or its excess
        is explained by chance and would have been seen; `low` and `high` bound the candidate's own rate over the base's.

    Raises:
        BadSeries: If a count is negative or exceeds its total.
    """
    for failed, total in ((base_failed, base_total), (candidate_failed, candidate_total)):
        if not 0 <= failed <= total:
            raise BadSeries(f"{failed} failures of {total}", slug="bad-counts", fix="0 <= failures <= total")
    samples = base_total + candidate_total
    if not base_total or not candidate_total:
        return Comparison(Verdict.INCONCLUSIVE, math.nan, 0.0, math.inf, samples, 0, 1.0, "one side has no runs")
    p_value = _p_value(base_failed, base_total, candidate_failed, candidate_total)
    left, right = base_failed / base_total, candidate_failed / candidate_total
    ratio = right / left if left else (math.inf if right else 1.0)
    low, high = _rate_ratio_bounds(base_failed, base_total, candidate_failed, candidate_total)
    verdict = Verdict.FAIL if p_value <= level else Verdict.PASS if right <= left or p_value > 0.2 else Verdict.INCONCLUSIVE
    reason = f"{candidate_failed} of {candidate_total} failed against {base_failed} of {base_total} (p = {p_value:.2g})"
    return Comparison(verdict, ratio, low, high, samples, 0, p_value, reason)


def _p_value(base_failed: int, base_total: int, candidate_failed: int, candidate_total: int) -> float:
    from scipy.stats import boschloo_exact, fisher_exact  # noqa: PLC0415 - half a second most commands do not need

    table = [[candidate_failed, base_failed], [candidate_total - candidate_failed, base_total - base_failed]]
    if candidate_failed * base_total <= base_failed * candidate_total:
        return 1.0
    if base_total + candidate_total > _BOSCHLOO_RUNS:
        return float(fisher_exact(table, alternative="greater").pvalue)
    return float(boschloo_exact(table, alternative="greater").pvalue)


def _rate_ratio_bounds(
    base_failed: int, base_total: int, candidate_failed: int, candidate_total: int
) -> tuple[float, float]:
    """Return the 90 % interval of the ratio of rates, on the log scale with half a failure added to each side."""
    left, right = base_failed + 0.5, candidate_failed + 0.5
    middle = math.log(right / (candidate_total + 0.5)) - math.log(left / (base_total + 0.5))
    error = math.sqrt(max(1 / right - 1 / (candidate_total + 0.5) + 1 / left - 1 / (base_total + 0.5), 0.0))
    return math.exp(middle - 1.645 * error), math.exp(middle + 1.645 * error)
