"""The signal of a series: what deviates, by how much, since when."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.deviation import Block
from outrider.baselines.expectation import evidence
from outrider.baselines.series import DAY_S
from outrider.baselines.state import Condition, Signal, State
from outrider.baselines.statistics import COLUMNS, LOOK_BACK, WINDOWS, log_rarity

if TYPE_CHECKING:
    from outrider.baselines.deviation import Deviation
    from outrider.baselines.expectation import Baseline
    from outrider.baselines.state import Episode

_MOST_RARITY = 40.0
PROVISIONAL_MONTHS = 100.0  # one false alert in a thousand monitors, in the three days that they learn


def explain(state: State, *, ignored: bool = False) -> Signal:
    """Return the signal after the run that led to `state`."""
    if state.episode is not None and state.episode.provisional:
        reason = f"provisional, still learning: {_reason(state.episode.deviation, state.episode)}"
        return replace(_signal(state, state.episode.deviation, 1.0, ignored, reason), chance_months=PROVISIONAL_MONTHS)
    if state.condition is Condition.LEARNING or state.baseline is None or not len(state.at):
        return _waiting(state, ignored)
    baseline, episode, back = state.baseline, state.episode, max(1, min(state.fresh, LOOK_BACK, len(state.at)))
    shares = evidence(baseline, baseline.residual(state.at[-back:], state.value[-back:], state.settings.tz), 1)
    if episode is None or episode.habitual_until is not None:
        column = int(shares[0][0].argmax())
        window = min(max(COLUMNS[column][1], WINDOWS[0]), back)
        measured = _block(state, baseline, window).mean()
        return _signal(state, measured, float(shares[0][0][column]), ignored, _as_expected(episode))
    row = shares[0 if episode.side > 0 else 1][0]
    strength, rarity = float(row[COLUMNS.index((episode.part, episode.window))]), log_rarity(row)
    measured = _block(state, baseline, min(episode.window, back)).measured(episode.part, episode.side)
    if measured.contradicts(episode.side):
        return _rare(_signal(state, measured, strength, ignored, _reason(measured, episode)), state, rarity)
    reason = f"{_reason(episode.deviation, episode)}; less than that in the latest runs"
    return _rare(_signal(state, episode.deviation, strength, ignored, reason), state, rarity)


def _rare(signal: Signal, state: State, rarity: float) -> Signal:
    return replace(signal, chance_months=state.settings.months * math.exp(min(rarity, _MOST_RARITY)))


def _as_expected(episode: Episode | None) -> str:
    return "as expected" if episode is None else "deviates as it did at this time in the weeks before"


def _block(state: State, baseline: Baseline, window: int) -> Block:
    return Block(baseline, state.at[-window:], state.value[-window:], state.settings)


def _signal(state: State, measured: Deviation, strength: float, ignored: bool, reason: str) -> Signal:
    episode = state.episode
    return Signal(
        condition=state.condition,
        part=episode.part if episode and episode.habitual_until is None else None,
        window=measured.window,
        observed=measured.observed,
        expected_low=measured.low,
        expected_high=measured.high,
        ratio=measured.ratio,
        since=episode.since if episode and episode.habitual_until is None else None,
        strength=strength,
        ignored=ignored,
        reason=reason,
        observed_text=measured.observed_text,
        expected_text=measured.expected_text,
        is_level=measured.is_level,
        provisional=bool(episode and episode.provisional),
    )


def _reason(measured: Deviation, episode: Episode) -> str:
    began = str(np.datetime64(episode.since, "s"))[:16].replace("T", " ")
    change = f" ({measured.ratio - 1:+.0%})" if measured.is_level and math.isfinite(measured.ratio) else ""
    return f"{measured.sentence}{change}, since {began} UTC"


def _waiting(state: State, ignored: bool) -> Signal:
    nan = math.nan
    return Signal(Condition.LEARNING, None, 0, nan, nan, nan, nan, None, 0.0, ignored, _waits_for(state))


def _waits_for(state: State) -> str:
    if state.adopting is not None:
        seen = int((state.at >= state.adopting).sum())
        return f"waits for 24 runs at the new level, {seen} seen"
    seen = len(state.at)
    days = ((state.last_at or 0) - (state.started or 0)) / DAY_S if state.started is not None else 0.0
    return f"waits for 300 runs in three days, or 30 in a week: {seen} runs and {days:.1f} days seen"
