"""Whether a journey can fail at all: run it under one injected fault at a time; it must fail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from outrider.journeys import Fault
from outrider.model import Order, Outcome, new_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from outrider.model import Check, Measure, Measurement

SHORTEST_S = 8.0
DELAY_FACTOR = 3.0
_MOCKED = "the test's own routes answer every request: no server was asked"
_OWN_CONTENT = "the test asks no server: it looks at content of its own"
_MET_NOTHING = "the fault met no request: the test sends them itself, without the browser, or a service worker does"
_NO_THIRD_PARTY = "no page asked another host than its own"


class ProofVerdict(StrEnum):
    """What an injected fault has shown.

    Attributes:
        NOTICED: The journey went red.
        NOT_NOTICED: It stayed green.
        UNKNOWN: The fault reached nothing, or the prober itself was the broken part.
        NOT_APPLICABLE: There is nothing that the fault could break: no server is asked, or no third party.
    """

    NOTICED = "noticed"
    NOT_NOTICED = "not noticed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Proof:
    """A journey's outcome under one fault; `fault` is empty for the run without any, whose verdict says nothing.

    The outcome of a fault that does not apply is `skipped`.
    """

    fault: str
    outcome: Outcome
    noticed: bool
    reason: str
    verdict: ProofVerdict = ProofVerdict.UNKNOWN


def prove(
    check: Check, measure: Measure, scratch: Path, now_us: int, *, prepare: Callable[[], None] = lambda: None
) -> Iterator[Proof]:
    """Yield the journey's outcome with an intact target first, then with each fault.

    An injected delay ends after three times what the intact journey took, at least eight seconds: the wait proves
    nothing more after that.

    Args:
        check: The journey.
        measure: How journeys are measured.
        scratch: Empty folder; the caller removes it.
        now_us: Microseconds UTC.
        prepare: Gets worker and browser ready, which is no part of any attempt's time.
    """
    prepare()
    intact = measure.measure(_order(check, scratch / "intact", now_us, check.policy.timeout_s))
    yield Proof("", intact.outcome, noticed=False, reason=intact.reason)
    if intact.outcome != Outcome.PASSED:
        return
    limit_s = min(check.policy.timeout_s, max(SHORTEST_S, DELAY_FACTOR * intact.duration_ms / 1000))
    for fault in Fault:
        order = _order(check, scratch / fault.name.lower(), now_us, limit_s)
        prepare()
        yield judge_proof(fault, measure.measure(replace(order, fault=fault)))


def judge_proof(fault: Fault, broken: Measurement) -> Proof:
    """Return what a journey's attempt under a fault proves. Pure."""
    if broken.outcome == Outcome.FAILED or (broken.outcome == Outcome.SETUP_ERROR and broken.attributes.get("raised")):
        return Proof(fault, broken.outcome, noticed=True, reason=broken.reason, verdict=ProofVerdict.NOTICED)
    if broken.outcome != Outcome.PASSED:
        return Proof(fault, broken.outcome, noticed=False, reason=broken.reason)
    if _count(broken, "fault_met"):
        return Proof(fault, Outcome.PASSED, noticed=False, reason=broken.reason, verdict=ProofVerdict.NOT_NOTICED)
    if fault == Fault.THIRD_PARTY:
        return _not_applicable(fault, _NO_THIRD_PARTY)
    if _count(broken, "requests_of_test") or (_count(broken, "requests_of_pages") and not _is_mocked(broken)):
        return Proof(fault, Outcome.INCONCLUSIVE, noticed=False, reason=_MET_NOTHING)
    return _not_applicable(fault, _MOCKED if _is_mocked(broken) else _OWN_CONTENT)


def why_vacuous(proofs: Sequence[Proof]) -> str:
    """Return why a journey says nothing of its server: it stayed green under a dead one, or asks none; else ""."""
    dead = [proof for proof in proofs if proof.fault and Fault(proof.fault).is_dead_server]
    if any(proof.verdict == ProofVerdict.NOT_NOTICED for proof in dead):
        return "it passes although the server is dead"
    return next((proof.reason for proof in dead if proof.verdict == ProofVerdict.NOT_APPLICABLE), "")


def _not_applicable(fault: Fault, reason: str) -> Proof:
    return Proof(fault, Outcome.SKIPPED, noticed=False, reason=reason, verdict=ProofVerdict.NOT_APPLICABLE)


def _is_mocked(broken: Measurement) -> bool:
    return _count(broken, "routes_answered") > 0


def _count(broken: Measurement, name: str) -> int:
    return int(broken.attributes.get(name, "0"))


def _order(check: Check, scratch: Path, now_us: int, limit_s: float) -> Order:
    scratch.mkdir(parents=True)
    limited = replace(check, policy=replace(check.policy, timeout_s=limit_s))
    return Order(new_run_id(now_us), limited, 1, limit_s, scratch)
