"""The judge of failures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.baselines import Condition, RateState, replay_rates, step_rate


def test_an_outage_is_seen_at_the_third_failure() -> None:
    """After a quiet past three failures in a row alert."""
    failed = np.zeros(2000)
    failed[1500:] = 1

    alerting = replay_rates(failed)

    assert not alerting[:1501].any()
    assert alerting[1502]


def test_a_normal_error_rate_stays_calm() -> None:
    """Twenty weeks at one percent hold at most three alerts (seed 1)."""
    failed = np.random.default_rng(1).random(20 * 2016) < 0.01

    alerting = replay_rates(failed)

    assert int((np.diff(alerting.astype(int)) == 1).sum()) <= 3


def test_a_bad_rate_is_seen_and_closes_when_it_is_over() -> None:
    """A fifth of runs failing alerts within sixty runs and closes within sixty good ones (seed 2)."""
    rng = np.random.default_rng(2)
    failed = np.concatenate([rng.random(4000) < 0.01, rng.random(100) < 0.2, np.zeros(100, dtype=bool)])

    alerting = replay_rates(failed)

    assert alerting[4000:4060].any()
    assert not alerting[4160:].any()


def test_run_by_run_gives_the_same_answers_and_says_why() -> None:
    """The fold and the replay agree, with missing runs in between (seed 3)."""
    rng = np.random.default_rng(3)
    failed = (rng.random(1200) < 0.02).astype(float)
    failed[800:820] = 1
    failed[::50] = np.nan
    state, result = RateState(), []
    reasons = set()
    for value in failed:
        if not np.isnan(value):
            state, signal = step_rate(state, bool(value))
            reasons.add(signal.condition)
        result.append(state.open_failed is not None)

    assert result == replay_rates(failed).tolist()
    assert reasons == {Condition.LEARNING, Condition.STEADY, Condition.DEGRADED}


def test_no_verdict_before_a_hundred_runs() -> None:
    """A check that always failed is learning, not degraded."""
    assert not replay_rates(np.ones(100)).any()
    assert not replay_rates([]).any()
    assert not replay_rates(np.full(500, np.nan)).any()


def test_a_lower_sensitivity_waits_longer() -> None:
    """Ten times the months ask for more failures in a row."""
    failed = np.zeros(2000)
    failed[1500:] = 1

    assert replay_rates(failed, months=500.0).sum() < replay_rates(failed, months=1.0).sum()


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bad=st.floats(0.15, 1.0), normal=st.floats(0.0, 0.05))
def test_the_failures_named_are_more_than_usual(seed: int, bad: float, normal: float) -> None:
    """While an alert is open, the share named exceeds the usual one, and both are told as counts."""
    rng = np.random.default_rng(seed)
    failed = np.concatenate([rng.random(600) < normal, rng.random(60) < bad, rng.random(40) < normal])
    state = RateState()
    for outcome in failed.tolist():
        state, signal = step_rate(state, outcome)
        if signal.condition is Condition.DEGRADED:
            assert signal.observed_rate > signal.normal_rate
            assert f"{state.open_failed} of {state.open_runs} runs failed, usually 1 in" in signal.reason


def test_an_alert_names_the_failures_that_opened_it() -> None:
    """Not only the last of them."""
    state = RateState()
    for failed in [False] * 500 + [True] * 3:
        state, signal = step_rate(state, failed)

    assert signal.reason == "3 of 3 runs failed, usually 1 in 250"
