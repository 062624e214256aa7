"""Judge failures: has the share of failed runs risen above what the check's own past makes normal?

Two Shiryaev-Roberts sums run side by side, one against a bad rate and one against an outage; either raises the alert.
Source: Pollak 1985, doi:10.1214/aos/1176346587. The theorem's bound on false alarms holds for a known rate only; here
the rate is estimated, so the limit was set by simulation (benchmarks/detection/score_rates.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.series import BoolArray, values_of
from outrider.baselines.state import Condition

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LEARNING_RUNS = 100
_LIMIT = 36_000.0
_LIMIT_MONTHS = 5.0
_BAD_ODDS = 20.0  # times the odds of failing
_OUTAGE = 0.9
_PRIOR_FAILED, _PRIOR_RUNS = 1.0, 150.0
_LEAST_RATE, _MOST_RATE = 0.004, 0.3
_FADE = 1 - 1 / 4032  # two weeks at a run every five minutes
_LAG_RUNS = 48  # the latest runs do not count as normal yet
_RECOVERED = 100.0  # likelihood ratio of normal against the incident's own rate that closes it


@dataclass(frozen=True, slots=True)
class RateState:
    """The checkpoint of a series of outcomes.

    Attributes:
        runs: Runs seen.
        failed: Failures that count as normal, fading over two weeks of five minutes.
        counted: Runs that count as normal, fading likewise.
        recent: Outcomes of the latest runs, which do not count yet, oldest first.
        bad: Shiryaev-Roberts sum against a bad rate.
        outage: The same against an outage.
        open_failed: Failures since the incident began; None while none is open.
        open_runs: Runs since then.
        recovery: Log likelihood ratio of normal against the incident's rate.
    """

    runs: int = 0
    failed: float = 0.0
    counted: float = 0.0
    recent: tuple[bool, ...] = field(default=())
    bad: float = 0.0
    outage: float = 0.0
    open_failed: int | None = None
    open_runs: int = 0
    recovery: float = 0.0

    @property
    def normal_rate(self) -> float:
        """The share of runs that fail normally."""
        rate = (self.failed + _PRIOR_FAILED) / (self.counted + _PRIOR_RUNS)
        return min(max(rate, _LEAST_RATE), _MOST_RATE)


@dataclass(frozen=True, slots=True)
class RateSignal:
    """What the judge of failures says after a run.

    Attributes:
        condition: Learning, steady or degraded.
        normal_rate: Share of runs that fail normally.
        observed_rate: Share that failed in the incident, or lately.
        strength: Evidence as a share of what an alert needs, on a logarithmic scale.
        reason: One sentence for people.
    """

    condition: Condition
    normal_rate: float
    observed_rate: float
    strength: float
    reason: str


def step_rate(state: RateState, failed: bool, *, months: float = _LIMIT_MONTHS) -> tuple[RateState, RateSignal]:
    """Fold one outcome into a state.

    Args:
        state: The checkpoint; `RateState()` for a new series.
        failed: Whether the run failed.
        months: Sensitivity: one false alert in so many months, at a run every five minutes.
    """
    limit = _LIMIT * months / _LIMIT_MONTHS
    after = _fold(state, failed, limit)
    return after, _signal(after, limit)


def replay_rates(failed: ArrayLike, *, months: float = _LIMIT_MONTHS) -> BoolArray:
    """Return whether an alert is open after each run.

    Args:
        failed: Shape (n,): true, or one, for a failed run; NaN for one that is missing.
        months: As for `step_rate`.
    """
    values, state = values_of(failed), RateState()
    alerting = np.zeros(len(values), dtype=bool)
    limit = _LIMIT * months / _LIMIT_MONTHS
    for k, value in enumerate(values.tolist()):
        if not math.isnan(value):
            state = _fold(state, value > 0, limit)
        alerting[k] = state.open_failed is not None
    return alerting


def _fold(state: RateState, failed: bool, limit: float) -> RateState:
    if state.open_failed is not None:
        return _stand(state, state.open_failed, failed)
    rate = state.normal_rate
    odds = rate / (1 - rate) * _BAD_ODDS
    bad_rate = min(odds / (1 + odds), 0.95)
    bad = (1 + state.bad) * _ratio(bad_rate, rate, failed)
    outage = (1 + state.outage) * _ratio(max(_OUTAGE, bad_rate), rate, failed)
    if state.runs < LEARNING_RUNS:
        bad = outage = 0.0
    elif bad >= limit or outage >= limit:
        count, runs = _since_it_began((*state.recent, failed), bad_rate, rate)
        return replace(state, runs=state.runs + 1, bad=0.0, outage=0.0, open_failed=count, open_runs=runs, recovery=0.0)
    return _remember(state, failed, bad, outage)


def _since_it_began(outcomes: tuple[bool, ...], bad_rate: float, rate: float) -> tuple[int, int]:
    """Return the failures and the runs of the latest stretch that a bad rate explains best."""
    gain, best, failed, counts = 0.0, -math.inf, 0, (1, 1)
    for runs, outcome in enumerate(reversed(outcomes), start=1):
        gain, failed = gain + math.log(_ratio(bad_rate, rate, outcome)), failed + outcome
        if gain > best:
            best, counts = gain, (failed, runs)
    return counts


def _stand(state: RateState, open_failed: int, failed: bool) -> RateState:
    """Fold a run of an incident: nothing is learned from it, and it ends when normal explains the runs far better."""
    open_failed, runs = open_failed + failed, state.open_runs + 1
    incident_rate = max((open_failed + 1) / (runs + 2), 2 * state.normal_rate, 0.2)
    gain = math.log(_ratio(state.normal_rate, min(incident_rate, 0.95), failed))
    recovery = max(0.0, state.recovery + gain)
    state = replace(state, runs=state.runs + 1, open_failed=open_failed, open_runs=runs, recovery=recovery)
    if recovery >= math.log(_RECOVERED):
        return replace(state, open_failed=None, open_runs=0, recovery=0.0, recent=())
    return state


def _remember(state: RateState, failed: bool, bad: float, outage: float) -> RateState:
    """Return the state after a run without an incident; built directly, since nearly every run passes here."""
    recent, old_failed, counted = (*state.recent, failed), state.failed, state.counted
    if len(recent) > _LAG_RUNS:
        old_failed, counted = old_failed * _FADE + recent[0], counted * _FADE + 1
        recent = recent[1:]
    return RateState(state.runs + 1, old_failed, counted, recent, bad, outage)


def _ratio(alternative: float, normal: float, failed: bool) -> float:
    return alternative / normal if failed else (1 - alternative) / (1 - normal)


def _signal(state: RateState, limit: float) -> RateSignal:
    normal = state.normal_rate
    if state.open_failed is not None:
        seen = state.open_failed / state.open_runs
        reason = f"{state.open_failed} of {state.open_runs} runs failed, usually 1 in {round(1 / normal)}"
        return RateSignal(Condition.DEGRADED, normal, seen, 1.0, reason)
    if state.runs < LEARNING_RUNS:
        reason = f"waits for {LEARNING_RUNS} runs, {state.runs} seen"
        return RateSignal(Condition.LEARNING, normal, math.nan, 0.0, reason)
    seen = sum(state.recent) / max(1, len(state.recent))
    strength = max(0.0, math.log(max(state.bad, state.outage, 1.0)) / math.log(limit))
    return RateSignal(Condition.STEADY, normal, seen, strength, "as expected")
