"""When to retry, and the outcome of several attempts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Attempt, Policy

SHORTEST_ATTEMPT_S = 1.0

_FINAL = {Outcome.PASSED, Outcome.SKIPPED, Outcome.SETUP_ERROR}


@dataclass(frozen=True, slots=True)
class Plan:
    """The attempt to make next; an evidence attempt records everything and never changes the outcome."""

    number: int
    evidence: bool = False


def next_attempt(attempts: Sequence[Attempt], policy: Policy, left_s: float) -> Plan | None:
    """Return the attempt to make next, or None when the run is over.

    The time-out bounds the whole run. `retries = 0` means one attempt and nothing else: a checkout may not be
    repeatable.

    Args:
        attempts: Those made so far.
        policy: Of the check.
        left_s: Seconds left of the run's time-out.
    """
    number = len(attempts) + 1
    if not attempts:
        return Plan(number)
    last = attempts[-1]
    if last.evidence or left_s < SHORTEST_ATTEMPT_S or last.measurement.outcome in _FINAL:
        return None
    if number <= 1 + policy.retries:
        return Plan(number)
    is_failed = verdict(attempts)[0] == Outcome.FAILED
    return Plan(number, evidence=True) if is_failed and policy.evidence and policy.repeatable else None


def is_measured(plan: Plan) -> bool:
    """Whether a passing attempt gives samples that are judged: only the first does."""
    return plan.number == 1 and not plan.evidence


def verdict(attempts: Sequence[Attempt]) -> tuple[Outcome, str]:
    """Return the run's outcome and its reason: all attempts together, evidence attempts left out."""
    tries = [attempt.measurement for attempt in attempts if not attempt.evidence]
    outcomes = [measurement.outcome for measurement in tries]
    last = tries[-1]
    if last.outcome == Outcome.PASSED and len(tries) > 1:
        return Outcome.PASSED_ON_RETRY, f"attempt {len(tries) - 1}: {tries[-2].reason}"
    if last.outcome != Outcome.INCONCLUSIVE:
        return last.outcome, last.reason
    if Outcome.FAILED in outcomes:
        failed = tries[outcomes.index(Outcome.FAILED)]
        return Outcome.FAILED, failed.reason
    return last.outcome, last.reason
