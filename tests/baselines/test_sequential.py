"""The gate that takes more sessions, and its correction for many comparisons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from outrider.baselines import Comparison, Plan, Verdict, correct, judge_so_far, run_plan
from outrider.baselines.sequential import nominal_levels
from outrider.model import BadSeries

Sessions = list[np.ndarray[tuple[int], np.dtype[np.float64]]]


def taken(seed: int, ratio: float, count: int) -> tuple[Sessions, Sessions]:
    rng = np.random.default_rng(seed)
    pairs = [800 * np.exp(0.1 * rng.standard_normal((2, 5))) for _ in range(count)]
    return [pair[0] for pair in pairs], [ratio * pair[1] for pair in pairs]


def a_comparison(p_value: float) -> Comparison:
    return Comparison(Verdict.FAIL if p_value < 0.05 else Verdict.PASS, 1.1, 1.05, 1.2, 100, 10, p_value, "seen")


def test_one_look_spends_the_whole_level() -> None:
    """A plan of one look is an ordinary test."""
    assert nominal_levels((40,), 0.05)[0] == pytest.approx(0.05, abs=2e-4)


def test_first_crossings_of_all_looks_add_up_to_the_level() -> None:
    """20,000 simulated random walks cross the boundaries in .05 of cases (seed 1, tolerance 3 standard errors)."""
    looks = (6, 10, 15, 20, 30, 40)
    boundary = norm.isf(nominal_levels(looks, 0.05))
    walks = np.random.default_rng(1).standard_normal((20_000, 40)).cumsum(axis=1)
    scores = walks[:, np.array(looks) - 1] / np.sqrt(looks)

    crossed = (scores > boundary).any(axis=1).mean()

    assert crossed == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 20_000))


def test_a_slow_candidate_fails_early() -> None:
    """A fifth slower is known before the cap (seed 2)."""
    result = run_plan(lambda count: taken(2, 1.2, count), Plan())

    assert result.verdict is Verdict.FAIL
    assert result.sessions < 20


def test_an_undecided_gate_ends_at_the_cap_and_says_so() -> None:
    """A candidate slower by little more than the margin ends inconclusive (seed 5)."""
    result = run_plan(lambda count: taken(5, 1.03, count), Plan())

    assert result.verdict is Verdict.INCONCLUSIVE
    assert "cap of 40 sessions" in result.reason


def test_between_looks_nothing_is_decided() -> None:
    """Sessions that are no planned look spend nothing, however slow the candidate is."""
    result = judge_so_far(*taken(3, 2.0, 7))

    assert result.verdict is Verdict.INCONCLUSIVE
    assert "after 10 sessions" in result.reason


def test_a_plan_must_ascend() -> None:
    """Looks out of order are an error."""
    with pytest.raises(BadSeries):
        Plan(looks=(10, 5))


def test_a_lone_fail_among_many_passes_becomes_inconclusive() -> None:
    """One p of .04 among forty comparisons is what chance gives; one of .00001 is not."""
    result = {f"step {k}": a_comparison(0.5) for k in range(40)}

    corrected = correct(result | {"weak": a_comparison(0.04), "strong": a_comparison(1e-5)})

    assert corrected["weak"].verdict is Verdict.INCONCLUSIVE
    assert corrected["strong"].verdict is Verdict.FAIL
    assert corrected["step 0"].verdict is Verdict.PASS
    assert correct({}) == {}


@pytest.mark.parametrize(
    ("others", "p", "verdict"),
    [(0.999, 0.015, "fail"), (0.999, 0.03, "inconclusive"), (0.4, 0.015, "inconclusive")],
)
def test_comparisons_that_speak_against_a_slowdown_cost_the_slow_one_nothing(
    others: float, p: float, verdict: str
) -> None:
    """One p among forty near one is doubled, whatever their number; among forty that may be slow it is multiplied."""
    crowd = {f"step {k}": a_comparison(others) for k in range(40)}

    assert correct(crowd | {"slow": a_comparison(p)})["slow"].verdict == verdict


def test_a_single_comparison_needs_no_correction() -> None:
    """Its p-value is what it is."""
    assert correct({"slow": a_comparison(0.039)})["slow"].verdict is Verdict.FAIL
    assert correct({"slow": a_comparison(0.039)}, {"slow": 0.03})["slow"].verdict is Verdict.INCONCLUSIVE


def test_discarding_keeps_the_rate_of_false_fails() -> None:
    """Of 2,000 gates of thirty comparisons at the margin or below it, at most 4 % have a false fail (seed 1)."""
    rng = np.random.default_rng(1)
    gates = 0
    for below in (0.0, 2.0):
        shift = rng.choice([0.0, below], (1000, 30))
        p_values = norm.sf(rng.standard_normal((1000, 30)) - shift)
        for row in p_values:
            comparisons = {f"step {k}": a_comparison(float(p)) for k, p in enumerate(row)}
            corrected = correct(comparisons).values()
            gates += any(comparison.p_value < 0.5 and comparison.verdict is Verdict.FAIL for comparison in corrected)

    assert gates <= 0.04 * 2000 + 3 * np.sqrt(0.04 * 2000)


def test_a_plan_that_ends_early_or_late_spends_all_of_its_levels() -> None:
    """Simulated crossings at the margin add up to the level, with a reserve and without (seed 2)."""
    rng = np.random.default_rng(2)
    whole = Plan(looks=(6, 10, 20))
    kept = replace(whole, reserve=0.25)
    scores = rng.standard_normal((20_000, 30)).cumsum(axis=1) / np.sqrt(np.arange(1, 31))

    for plan in (
        Plan(looks=(6, 10, 20)),
        Plan(looks=(6, 10, 20)).ending_at(13),
        kept.ending_at(30),
        kept.ending_at(20),
    ):
        limits = norm.isf([plan.level(look, 0.2) for look in plan.looks])
        crossed = (scores[:, np.array(plan.looks) - 1] > limits).any(axis=1).mean()
        assert crossed == pytest.approx(0.2, abs=0.01)
    limits = norm.isf([kept.level(look, 0.2) for look in kept.looks])
    assert (scores[:, np.array(kept.looks) - 1] > limits).any(axis=1).mean() == pytest.approx(0.15, abs=0.01)
    assert kept.level(7, 0.2) == 0.0
