"""A candidate against itself."""

from __future__ import annotations

import numpy as np

from outrider.baselines import false_fail_rate


def test_a_system_against_itself_seldom_fails() -> None:
    """Ten sessions at CV 10 %: at most 3 % of 200 deals (seed 1)."""
    rng = np.random.default_rng(1)
    sessions = [800 * np.exp(0.1 * rng.standard_normal((2, 5))) for _ in range(10)]

    rate = false_fail_rate([pair[0] for pair in sessions], [pair[1] for pair in sessions], rng)

    assert rate <= 0.03
