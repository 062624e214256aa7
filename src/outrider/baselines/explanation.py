"""The signal of a series: what deviates, by how much, since when."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.expectation import Baseline, evidence
from outrider.baselines.judge_settings import Scale
from outrider.baselines.series import DAY_S
from outrider.baselines.state import Condition, Signal, State
from outrider.baselines.statistics import COLUMNS, LOOK_BACK, SCANS, WINDOWS, Part

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

_WORDS = {
    Part.LEVEL: "level",
    Part.SHAPE: "level, seen in the shape of the distribution",
    Part.SPREAD: "spread",
    Part.TAIL: "share of slow runs",
    Part.EXTREME: "single runs",
}


def explain(state: State, *, ignored: bool = False) -> Signal:
    """Return the signal after the run that led to `state`."""
    if state.condition is Condition.LEARNING or state.baseline is None or not len(state.at):
        return _waiting(state, ignored)
    baseline, back = state.baseline, max(1, min(state.fresh, LOOK_BACK, len(state.at)))
    at, value = state.at[-back:], state.value[-back:]
    residual = baseline.residual(at, value, state.settings.tz)
    part, window, strength = _strongest(state, baseline, residual)
    recent = residual[-window:]
    shift = float(np.median(recent)) * baseline.sigma
    expected = float(np.exp(np.median(baseline.expected(at[-window:], state.settings.tz))))
    half = _half_width(baseline, window)
    zero = 1.0 if state.settings.scale is Scale.COUNT else 0.0  # counts are judged as log(1 + count)
    low, high = (max(expected * math.exp(side * half) - zero, 0.0) for side in (-1, 1))
    signal = Signal(
        state.condition, part if state.episode else None, window, max(expected * math.exp(shift) - zero, 0.0),
        low, high, math.exp(shift),
        state.episode.since if state.episode else None, strength, ignored, "",
    )  # fmt: skip
    return _worded(signal)


def _strongest(state: State, baseline: Baseline, residual: FloatArray) -> tuple[Part, int, float]:
    """Return the part and window to speak of: those that fired while a deviation stands, else the strongest."""
    up, down = evidence(baseline, residual, 1)
    shares = up[0] if state.episode is None or state.episode.side > 0 else down[0]
    if state.episode is not None:
        column = COLUMNS.index((state.episode.part, state.episode.window))
    else:
        column = int(shares.argmax())
    part, window = COLUMNS[column]
    return part, min(window, len(residual)), float(shares[column])


def _half_width(baseline: Baseline, window: int) -> float:
    """Return half the width, in log units, of the band in which the mean of `window` runs must lie."""
    column = int(np.searchsorted(WINDOWS, window))
    if window < WINDOWS[0] or column >= len(WINDOWS):
        short = baseline.limit[len(SCANS) * len(WINDOWS) + min(window, 3) - 1]
        return float(min(short, 6.0) * baseline.sigma)
    return float(min(baseline.limit[column] * baseline.spread[0, column], 6.0) * baseline.sigma)


def _worded(signal: Signal) -> Signal:
    if signal.part is None:
        return replace(signal, reason="as expected")
    began = str(np.datetime64(signal.since or 0, "s"))[:16].replace("T", " ")
    text = (
        f"{_WORDS[signal.part]} over {signal.window} runs: {_number(signal.observed)} against an expected "
        f"{_number(signal.expected_low)} to {_number(signal.expected_high)} ({signal.ratio - 1:+.0%}), "
        f"since {began} UTC"
    )
    return replace(signal, reason=text)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _waiting(state: State, ignored: bool) -> Signal:
    nan = math.nan
    return Signal(Condition.LEARNING, None, 0, nan, nan, nan, nan, None, 0.0, ignored, _waits_for(state))


def _waits_for(state: State) -> str:
    if state.adopting is not None:
        seen = int((state.at >= state.adopting).sum())
        return f"waits for 24 runs at the new level, {seen} seen"
    seen = len(state.at)
    days = ((state.last_at or 0) - (state.started or 0)) / DAY_S if state.started is not None else 0.0
    return f"waits for 300 runs and three days: {seen} runs and {days:.1f} days seen"
