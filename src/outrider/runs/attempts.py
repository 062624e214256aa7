"""When to retry, and the outcome of several attempts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import ArtifactKind, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Attempt, Policy, Run

SHORTEST_ATTEMPT_S = 1.0
START_S = 1.5
"""What an attempt takes beside the test itself: a new worker, and a clean-up."""
CUT_SHORT = "cut_short"
"""Attribute of a measurement that was interrupted at the run's time-out."""
RECORDING_FACTOR = 1.4
"""How much longer a test takes that records everything."""

_FINAL = {Outcome.PASSED, Outcome.SKIPPED, Outcome.SETUP_ERROR}


@dataclass(frozen=True, slots=True)
class Plan:
    """The attempt to make next.

    Attributes:
        number: Counted from one.
        evidence: It is made for its evidence alone, and never changes the outcome.
        records: It counts, and records everything as well: no time is left for an evidence attempt after it.
    """

    number: int
    evidence: bool = False
    records: bool = False


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
        return Plan(number, records=policy.evidence and _is_last_chance(last, left_s))
    is_wanted = run_outcome(attempts)[0] == Outcome.FAILED and policy.evidence and policy.repeatable
    return Plan(number, evidence=True) if is_wanted and not _has_evidence(last) else None


def _is_last_chance(last: Attempt, left_s: float) -> bool:
    """Whether an attempt that takes as long as the last one leaves no time for another that records everything."""
    expected_s = last.measurement.duration_ms / 1000 + START_S
    return last.measurement.outcome == Outcome.FAILED and left_s < expected_s * (1 + RECORDING_FACTOR)


def _has_evidence(attempt: Attempt) -> bool:
    return any(artifact.kind == ArtifactKind.VIDEO for artifact in attempt.measurement.artifacts)


def is_measured(plan: Plan) -> bool:
    """Whether a passing attempt gives samples that are judged: only the first does."""
    return plan.number == 1 and not plan.evidence


def run_outcome(attempts: Sequence[Attempt]) -> tuple[Outcome, str]:
    """Return the run's outcome and its reason: all attempts together, evidence attempts left out.

    A retry that is inconclusive, or was cut short since the run's time was up, takes no earlier failure back. One that
    passes after the prober's own trouble alone passed: nothing says that the path is unstable.
    """
    tries = [attempt.measurement for attempt in attempts if not attempt.evidence]
    outcomes = [measurement.outcome for measurement in tries]
    last = tries[-1]
    if last.outcome == Outcome.PASSED and len(tries) > 1:
        outcome = Outcome.PASSED_ON_RETRY if Outcome.FAILED in outcomes else Outcome.PASSED
        return outcome, f"attempt {len(tries) - 1}: {tries[-2].reason}"
    decides = deciding_attempt(attempts).measurement
    return decides.outcome, decides.reason


def deciding_attempt(attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt that a run's outcome and reason are of: the last try, or the failure it does not take back."""
    tries = [attempt for attempt in attempts if not attempt.evidence]
    last = tries[-1]
    is_cut_short = len(tries) > 1 and last.measurement.attributes.get(CUT_SHORT)
    if last.measurement.outcome != Outcome.INCONCLUSIVE and not is_cut_short:
        return last
    return next((attempt for attempt in tries if attempt.measurement.outcome == Outcome.FAILED), last)


def shown_attempt(run: Run) -> Attempt:
    """Return the attempt whose steps explain a run: the deciding one, or of a good run the first that did not pass."""
    if not run.outcome.is_good and any(not attempt.evidence for attempt in run.attempts):
        return deciding_attempt(run.attempts)
    return next((attempt for attempt in run.attempts if not attempt.measurement.outcome.is_good), run.attempts[0])
