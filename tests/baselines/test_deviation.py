"""The judge names what it measured, and what it names lies outside the band that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outrider.baselines import Condition, Signal, State, step
from outrider.baselines.deviation import Deviation, Quantity
from outrider.baselines.judge import advance
from outrider.baselines.judge_settings import Settings
from outrider.baselines.series import seconds_of

if TYPE_CHECKING:
    from tests.baselines.conftest import MakeSeries

    from outrider.baselines.series import FloatArray

DAY = 288
CHANGES = ("level", "small level", "spread", "tail", "mode", "down", "fast", "spikes")


def changed(rng: np.random.Generator, value: FloatArray, change: str) -> FloatArray:
    runs = len(value)
    factors = {
        "level": np.full(runs, rng.uniform(1.1, 4)),
        "small level": np.full(runs, 1.06),
        "spread": np.exp(rng.uniform(0.2, 0.6) * rng.standard_normal(runs)),
        "tail": np.where(rng.random(runs) < 0.3, rng.uniform(1.5, 9), 1.0),
        "mode": np.where(rng.random(runs) < 0.5, 1.35, 1.0),
        "down": np.full(runs, rng.uniform(0.2, 0.85)),
        "fast": np.where(rng.random(runs) < 0.5, 0.5, 1.0),
        "spikes": np.where(np.arange(runs) % 3 == 0, 20.0, 1.0),
    }
    return np.asarray(value * factors[change])


def signals_after(seed: int, change: str, scale: float, chosen: Settings) -> list[Signal]:
    """Return what is said in the seven hours after a change, and in the three after its end."""
    rng = np.random.default_rng(seed)
    at = 1_760_000_000 + 300 * np.arange(8 * DAY)
    value = scale * np.exp(0.1 * rng.standard_normal(len(at)) + np.where(rng.random(len(at)) < 0.02, 0.6, 0))
    value = np.rint(value) if chosen.scale == "count" else value
    onset, end = 7 * DAY, 7 * DAY + 84
    value[onset:end] = changed(rng, value[onset:end], change)
    state, _ = advance(State(settings=chosen), at[:onset], value[:onset])
    signals = []
    for k in range(onset, end + 36):
        state, signal = step(state, int(at[k]), float(value[k]))
        signals.append(signal)
    return signals


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    change=st.sampled_from(CHANGES),
    scale=st.sampled_from([0.3, 9.0, 60.0, 800.0]),
    direction=st.sampled_from(["up", "both"]),
    kind=st.sampled_from(["duration", "count"]),
)
@example(seed=3_231_690_098, change="mode", scale=9.0, direction="up", kind="count")  # ends as a habit
def test_the_value_named_lies_outside_the_band_named(
    seed: int, change: str, scale: float, direction: str, kind: str
) -> None:
    """In every signal of a deviation that stands, in numbers as in words; without one it lies inside.

    What deviates as it did in the weeks before is steady, and says that it lies outside.
    """
    for signal in signals_after(seed, change, scale, Settings.of({"direction": direction, "scale": kind})):
        outside = not signal.expected_low <= signal.observed <= signal.expected_high
        is_habit = signal.reason == "deviates as it did at this time in the weeks before"
        assert outside is (signal.part is not None) or (is_habit and signal.condition is Condition.STEADY), signal
        if signal.part is not None:
            assert signal.observed_text in signal.reason
            assert signal.observed_text not in signal.expected_text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "word"), [("level", "median of"), ("spread", "differ by"), ("tail", "runs above"), ("mode", "mean of")]
)
def test_each_kind_of_change_is_told_in_its_own_words(change: str, word: str) -> None:
    """A tail is a share of slow runs, a spread a distance, a level a median or a mean (seeds 0 to 5)."""
    signals = [signal for seed in range(6) for signal in signals_after(seed, change, 800.0, Settings())]

    reasons = [signal.reason for signal in signals if signal.condition is Condition.DEGRADED]

    assert any(word in reason for reason in reasons), set(reasons)


def test_the_median_is_named_first(make_series: MakeSeries) -> None:
    """A doubling is told as a median with its unit, whichever part saw it first."""
    at, value = make_series(20, 16)
    value[15 * DAY :] *= 2
    state, _ = advance(State(), seconds_of(at[: 15 * DAY + 12], 15 * DAY + 12), value[: 15 * DAY + 12])

    _, signal = step(state, at[15 * DAY + 12], value[15 * DAY + 12])

    assert signal.reason.startswith("median of")
    assert " ms, expected " in signal.reason


def test_sentences_read_as_such() -> None:
    """Values have units, shares odds, and numbers that differ look different."""
    median = Deviation(Quantity.MEDIAN, 8, 1240.0, 780.2, 829.6, 805.0)
    near = Deviation(Quantity.MEDIAN, 8, 1.4441, 1.2, 1.4439, 1.3)
    share = Deviation(Quantity.SHARE, 6, 5 / 6, 0.0, 0.05, 0.05, cut=1.7)
    least = Deviation(Quantity.LEAST, 2, 1900.0, float("-inf"), 1200.0, 800.0)

    assert (median.told_ratio, least.told_ratio) == (1240 / 805, 1900 / 1200)  # to the limit, where only that is told
    assert median.sentence == "median of 8 runs 1240 ms, expected 780 ms to 830 ms"
    assert near.sentence == "median of 8 runs 1.4441 ms, expected 1.2000 ms to 1.4439 ms"
    assert share.sentence == "5 of 6 runs above 1.70 ms, usually 1 in 20"
    assert least.sentence == "2 runs in a row of at least 1900 ms, usually at most 1200 ms"
