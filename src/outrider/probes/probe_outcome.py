"""The outcome of an attempt and its reason, from its failures and the state of the prober. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import Outcome
from outrider.probes.probe_result import Blame

if TYPE_CHECKING:
    from outrider.probes.probe_result import Failure, ProbeResult

LATE_SHARE = 0.2
"""Of a duration: a prober later than this, and than the setting, was a part of what it measured."""

_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ProberState:
    """The state of the prober and its network during an attempt.

    Attributes:
        late_s: By how much the prober was late at worst.
        late_above_s: What is tolerated.
        lost: How our own network is down, or empty.
        waited_s: How much of the attempt's time the wait for a turn at its host took.
    """

    late_s: float = 0.0
    late_above_s: float = 0.05
    lost: str = ""
    waited_s: float = 0.0


def assess(result: ProbeResult, ours: ProberState) -> tuple[Outcome, str]:
    """Return the outcome of an attempt and its reason; the first rule that applies decides.

    | what was seen | outcome |
    | --- | --- |
    | the probe is wrong, or not permitted | setup error |
    | we could not even try | inconclusive |
    | there is nothing to judge yet | skipped |
    | the target answered wrongly, or refused | failed |
    | our own network is down | inconclusive |
    | it ran out of time, of which the wait for a turn took a good part | inconclusive |
    | the prober was late, and what failed or passed depends on time | inconclusive |
    | too slow, or not reached | failed |
    """
    by_blame: dict[Blame, list[Failure]] = {}
    for failure in result.failures:
        by_blame.setdefault(failure.blame, []).append(failure)
    for blame, outcome in _AT_ONCE.items():
        if blame in by_blame:
            return outcome, _reason(by_blame[blame])
    if Blame.TARGET in by_blame:
        return Outcome.FAILED, _reason(result.failures)
    if Blame.NETWORK in by_blame and ours.lost:
        return Outcome.INCONCLUSIVE, f"{ours.lost}; {_reason(result.failures)}"
    if _is_long_wait(result.duration_ms, ours) and any(failure.is_time_out for failure in result.failures):
        waited = f"waited {ours.waited_s:.1f} s for a turn at its host, and had too little time left"
        return Outcome.INCONCLUSIVE, f"{waited}: {_reason(result.failures)}"
    if result.is_timed and is_late(result.duration_ms, ours):
        what = _reason(result.failures) or f"{result.duration_ms:.0f} ms"
        late = f"the prober itself was late by up to {ours.late_s * 1000:.0f} ms"
        return Outcome.INCONCLUSIVE, f"{late}, so this is not the target's time: {what}"
    return (Outcome.FAILED, _reason(result.failures)) if result.failures else (Outcome.PASSED, "")


def _is_long_wait(duration_ms: float, ours: ProberState) -> bool:
    """Return whether what the wait for a turn took may be what was lacking in the end."""
    return ours.waited_s > max(ours.late_above_s, LATE_SHARE * duration_ms / 1000)


def is_late(duration_ms: float, ours: ProberState) -> bool:
    """Return whether the prober was so late that its own delay may be what it measured."""
    return ours.late_s > max(ours.late_above_s, LATE_SHARE * duration_ms / 1000)


_AT_ONCE = {
    Blame.SETUP: Outcome.SETUP_ERROR,
    Blame.PROBER: Outcome.INCONCLUSIVE,
    Blame.WAITING: Outcome.SKIPPED,
}


def _reason(failures: list[Failure] | tuple[Failure, ...]) -> str:
    reasons = [failure.text for failure in failures[:_MOST_SHOWN]]
    more = f" (and {len(failures) - _MOST_SHOWN} more)" if len(failures) > _MOST_SHOWN else ""
    return "; ".join(reasons) + more
