"""The band that charts show is where single runs are expected."""

from __future__ import annotations

import numpy as np

from outrider.baselines import Settings, State, expected_band
from outrider.baselines.judge import advance

HOUR_S = 3_600


def test_about_nine_of_ten_runs_of_the_past_lie_in_the_band() -> None:
    """Of log-normal durations, whose band is known: from exp(-1.645 sigma) to exp(1.645 sigma) times the median."""
    random = np.random.default_rng(11)
    at = np.arange(28 * 24 * 4, dtype=np.int64) * 900
    value = 300.0 * random.lognormal(0, 0.2, len(at))
    state, _ = advance(State(settings=Settings()), at, value)

    band = expected_band(state, at[-200:])

    assert band is not None
    low, high = band
    assert np.median(low) == np.float64(np.median(low)).clip(300 * np.exp(-1.645 * 0.26), 300 * np.exp(-1.645 * 0.16))
    assert np.median(high) == np.float64(np.median(high)).clip(300 * np.exp(1.645 * 0.15), 300 * np.exp(1.645 * 0.25))
    assert 0.8 < float(np.mean((value[-200:] > low) & (value[-200:] < high))) < 0.98


def test_there_is_no_band_while_the_judge_learns() -> None:
    """A chart then shows values only."""
    assert expected_band(State(), np.array([HOUR_S])) is None
