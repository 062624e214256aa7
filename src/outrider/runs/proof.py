"""Whether a journey can fail at all: run it under one injected fault at a time; it must fail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.journeys import Fault
from outrider.model import Order, Outcome, new_run_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import Check, Measure, Measurement

SHORTEST_S = 8.0
DELAY_FACTOR = 3.0
_MET_NOTHING = "the fault met no request: the test sends them itself, without the browser"


@dataclass(frozen=True, slots=True)
class Proof:
    """A journey's outcome under one fault; `fault` is empty for the run without any."""

    fault: str
    outcome: Outcome
    noticed: bool
    reason: str


def prove(check: Check, measure: Measure, scratch: Path, now_us: int) -> Iterator[Proof]:
    """Yield the journey's outcome with an intact target first, then with each fault.

    An injected delay ends after three times what the intact journey took, at least eight seconds: the wait proves
    nothing more after that.

    Args:
        check: The journey.
        measure: How journeys are measured.
        scratch: Empty folder; the caller removes it.
        now_us: Microseconds UTC.
    """
    intact = measure.measure(_order(check, scratch / "intact", now_us, check.policy.timeout_s))
    yield Proof("", intact.outcome, noticed=False, reason=intact.reason)
    if intact.outcome != Outcome.PASSED:
        return
    limit_s = min(check.policy.timeout_s, max(SHORTEST_S, DELAY_FACTOR * intact.duration_ms / 1000))
    missed = False
    for fault in Fault:
        order = _order(check, scratch / fault.name.lower(), now_us, limit_s)
        broken = measure.measure(replace(order, fault=fault))
        missed = missed or (fault == Fault.ABORT and _met_nothing(broken))
        if missed and broken.outcome == Outcome.PASSED:
            yield Proof(fault, Outcome.INCONCLUSIVE, noticed=False, reason=_MET_NOTHING)
        else:
            yield Proof(fault, broken.outcome, broken.outcome == Outcome.FAILED, broken.reason)


def _met_nothing(aborted: Measurement) -> bool:
    """Whether requests were sent and none was aborted: the test sends them itself, and routing is the browser's."""
    counts = {sample.metric: sample.value for sample in aborted.samples if not sample.step}
    return counts.get("requests", 0.0) > 0 and counts.get("failed_requests", 0.0) == 0


def is_vacuous(proofs: list[Proof]) -> bool:
    """Whether the journey stayed green under a dead server."""
    return any(
        proof.outcome == Outcome.PASSED and proof.fault and Fault(proof.fault).is_dead_server for proof in proofs
    )


def _order(check: Check, scratch: Path, now_us: int, limit_s: float) -> Order:
    scratch.mkdir(parents=True)
    limited = replace(check, policy=replace(check.policy, timeout_s=limit_s))
    return Order(new_run_id(now_us), limited, 1, limit_s, scratch)
