"""The gate that takes more sessions, and its correction for many comparisons."""

from __future__ import annotations

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
    found = run_plan(lambda count: taken(2, 1.2, count), Plan())

    assert found.verdict is Verdict.FAIL
    assert found.sessions < 20


def test_an_undecided_gate_ends_at_the_cap_and_says_so() -> None:
    """A candidate slower by little more than the margin ends inconclusive (seed 5)."""
    found = run_plan(lambda count: taken(5, 1.03, count), Plan())

    assert found.verdict is Verdict.INCONCLUSIVE
    assert "cap of 40 sessions" in found.reason


def test_between_looks_nothing_is_decided() -> None:
    """Sessions that are no planned look spend nothing, however slow the candidate is."""
    found = judge_so_far(*taken(3, 2.0, 7))

    assert found.verdict is Verdict.INCONCLUSIVE
    assert "after 10 sessions" in found.reason


def test_a_plan_must_ascend() -> None:
    """Looks out of order are an error."""
    with pytest.raises(BadSeries):
        Plan(looks=(10, 5))


def test_a_lone_fail_among_many_passes_becomes_inconclusive() -> None:
    """One p of .04 among forty comparisons is what chance gives; one of .00001 is not."""
    found = {f"step {k}": a_comparison(0.5) for k in range(40)}

    corrected = correct(found | {"weak": a_comparison(0.04), "strong": a_comparison(1e-5)})

    assert corrected["weak"].verdict is Verdict.INCONCLUSIVE
    assert corrected["strong"].verdict is Verdict.FAIL
    assert corrected["step 0"].verdict is Verdict.PASS
    assert correct({}) == {}
