"""Error rates compared exactly."""

from __future__ import annotations

import pytest
from scipy.stats import boschloo_exact, fisher_exact

from outrider.baselines import Verdict, compare_errors
from outrider.model import BadSeries


@pytest.mark.parametrize(
    ("base", "candidate", "verdict"),
    [
        ((0, 50), (8, 50), Verdict.FAIL),
        ((0, 50), (0, 50), Verdict.PASS),
        ((5, 50), (3, 50), Verdict.PASS),
        ((0, 5), (0, 5), Verdict.INCONCLUSIVE),
        ((0, 50), (3, 50), Verdict.INCONCLUSIVE),
        ((0, 0), (3, 50), Verdict.INCONCLUSIVE),
        ((100, 10_000), (180, 10_000), Verdict.FAIL),
        ((100, 10_000), (100, 10_000), Verdict.PASS),
        ((5, 5), (5, 5), Verdict.PASS),
    ],
)
def test_verdicts_need_evidence(base: tuple[int, int], candidate: tuple[int, int], verdict: Verdict) -> None:
    """Failing needs proof, and so does passing."""
    assert compare_errors(base, candidate).verdict is verdict


def test_the_exact_test_is_scipys_and_sharper_than_fishers() -> None:
    """The p-value is Boschloo's, below Fisher's."""
    table = [[7, 1], [43, 49]]

    result = compare_errors((1, 50), (7, 50)).p_value

    assert result == pytest.approx(boschloo_exact(table, alternative="greater").pvalue)
    assert result < fisher_exact(table, alternative="greater").pvalue


@pytest.mark.parametrize(("base", "candidate"), [((-1, 5), (0, 5)), ((0, 5), (6, 5))])
def test_impossible_counts_are_an_error(base: tuple[int, int], candidate: tuple[int, int]) -> None:
    """More failures than runs cannot be."""
    with pytest.raises(BadSeries):
        compare_errors(base, candidate)
