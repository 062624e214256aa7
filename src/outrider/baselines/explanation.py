"""The signal of a series: what deviates, by how much, since when."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.deviation import Block
from outrider.baselines.expectation import evidence
from outrider.baselines.judge_settings import Scale
from outrider.baselines.local_time import moment_text
from outrider.baselines.series import DAY_S
from outrider.baselines.state import Condition, Signal, State
from outrider.baselines.statistics import COLUMNS, LOOK_BACK, WINDOWS, log_rarity
from outrider.model import per_cent

if TYPE_CHECKING:
    from outrider.baselines.deviation import Deviation
    from outrider.baselines.expectation import Baseline
    from outrider.baselines.state import Episode

_MOST_RARITY = 40.0
_PLAIN_TIMES = 10.0  # the usual value, from which on a change is told as a multiple
_MOST_TIMES = 10_000.0  # from which on the usual value was next to nothing
PROVISIONAL_MONTHS = 100.0  # one false alert in a thousand monitors, in the three days that they learn


def explain(state: State, *, ignored: bool = False) -> Signal:
    """Return the signal after the run that led to `state`."""
    if state.episode is not None and state.episode.provisional:
        reason = _reason(state.episode.deviation, state.episode.since, state.settings.tz)
        reason = f"provisional, still learning: {reason}"
        return replace(_signal(state, state.episode.deviation, 1.0, ignored, reason), chance_months=PROVISIONAL_MONTHS)
    if state.condition is Condition.LEARNING or state.baseline is None or not len(state.at):
        return _waiting(state, ignored)
    baseline, episode, back = state.baseline, state.episode, max(1, min(state.fresh, LOOK_BACK, len(state.at)))
    shares = evidence(baseline, baseline.residual(state.at[-back:], state.value[-back:], state.judging.tz), 1)
    if episode is None or episode.habitual_until is not None:
        column = int(shares[0][0].argmax())
        window = min(max(COLUMNS[column][1], WINDOWS[0]), back)
        measured = _block(state, baseline, window).mean()
        return _signal(state, measured, float(shares[0][0][column]), ignored, _as_expected(episode, state))
    row = shares[0 if episode.side > 0 else 1][0]
    strength, rarity = float(row[COLUMNS.index((episode.part, episode.window))]), log_rarity(row)
    measured = _block(state, baseline, min(episode.window, back)).measured(episode.part, episode.side)
    began = _began(state, episode)
    if measured.contradicts(episode.side):
        return _rare(
            _signal(state, measured, strength, ignored, _reason(measured, began, state.settings.tz)), state, rarity
        )
    reason = f"{_reason(episode.deviation, began, state.settings.tz)}; less than that in the latest runs"
    return _rare(_signal(state, episode.deviation, strength, ignored, reason), state, rarity)


def _rare(signal: Signal, state: State, rarity: float) -> Signal:
    return replace(signal, chance_months=state.settings.months * math.exp(min(rarity, _MOST_RARITY)))


def _as_expected(episode: Episode | None, state: State) -> str:
    if episode is not None:
        return "deviates as it did at this time in the weeks before"
    if state.judging.tz == state.settings.tz:
        return "as expected"
    return f"as expected; its day moved when clocks in {state.zone} changed: set timezone to the zone of your users"


def _block(state: State, baseline: Baseline, window: int) -> Block:
    return Block(baseline, state.at[-window:], state.value[-window:], state.judging)


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
        since=_began(state, episode) if episode and episode.habitual_until is None else None,
        strength=strength,
        ignored=ignored,
        reason=reason,
        observed_text=measured.observed_text,
        expected_text=measured.expected_text,
        is_level=measured.is_level,
        provisional=bool(episode and episode.provisional),
    )


def _began(state: State, episode: Episode) -> int:
    """Return UTC seconds of the run from which on the block that fired deviates.

    A block may begin with runs that were as expected, or with one that was slow by itself: a time before its cause
    would acquit a release. It is the run from which on the sum of what exceeds half of the block's deviation is
    greatest: the least-squares estimate of a step of known height, where no run counts for more than the step. Where
    most of its runs do not deviate by themselves, or they are no longer remembered, it is the first run of the block.
    """
    first, end = np.searchsorted(state.at, [episode.since, episode.opened_at + 1])
    if state.baseline is None or first == end:
        return episode.since
    at, value = state.at[first:end], state.value[first:end]
    above = episode.side * state.baseline.residual(at, value, state.judging.tz)
    half = float(np.median(above)) / 2
    if half <= 0:
        return episode.since
    from_the_last = np.cumsum(np.clip(above[::-1], 0.0, 2 * half) - half)
    return int(at[::-1][from_the_last.argmax()])


def _reason(measured: Deviation, began_s: int, tz: str) -> str:
    return f"{measured.sentence}{_change(measured)}, since {moment_text(began_s, tz)}"


def _change(measured: Deviation) -> str:
    """Return by how much a level changed; nothing where it was next to nothing before."""
    if not measured.is_level or measured.ratio > _MOST_TIMES:
        return ""
    return (
        f" ({measured.told_ratio:.0f} times)"
        if measured.told_ratio >= _PLAIN_TIMES
        else f" ({per_cent(measured.told_ratio - 1, '+.0f')})"
    )


def _waiting(state: State, ignored: bool) -> Signal:
    nan = math.nan
    return Signal(Condition.LEARNING, None, 0, nan, nan, nan, nan, None, 0.0, ignored, _waits_for(state))


def _waits_for(state: State) -> str:
    word = "run" if state.settings.scale is Scale.DURATION else "value"  # what stands for many requests is no run
    if state.adopting is not None:
        seen = int((state.at >= state.adopting).sum())
        return f"waits for 24 {word}s at the new level, {seen} seen"
    seen = len(state.at)
    days = ((state.last_at or 0) - (state.started or 0)) / DAY_S if state.started is not None else 0.0
    runs = f"1 {word}" if seen == 1 else f"{seen} {word}s"
    return f"waits for 300 {word}s in three days, or 30 in a week: {runs} and {days:.1f} days seen"
