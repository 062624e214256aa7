"""What an attempt under a fault proves of a journey."""

from __future__ import annotations

import pytest

from outrider.journeys import Fault
from outrider.model import Measurement, Outcome
from outrider.runs.proof import Proof, ProofVerdict, judge_proof, why_vacuous

NOTICED, MISSED, UNKNOWN, NOT_APPLICABLE = (
    ProofVerdict.NOTICED, ProofVerdict.NOT_NOTICED, ProofVerdict.UNKNOWN, ProofVerdict.NOT_APPLICABLE,
)  # fmt: skip


def broken(outcome: Outcome, reason: str = "", **attributes: str | int) -> Measurement:
    """Return an attempt under a fault."""
    return Measurement(outcome, reason, 0, 1.0, attributes={name: str(value) for name, value in attributes.items()})


@pytest.mark.parametrize(
    ("fault", "measured", "verdict"),
    [
        (Fault.ABORT, broken(Outcome.FAILED, fault_met=1), NOTICED),
        (Fault.EMPTY, broken(Outcome.SETUP_ERROR, raised="by the script", fault_met=1), NOTICED),
        (Fault.EMPTY, broken(Outcome.SETUP_ERROR, "the journey worker is gone"), UNKNOWN),
        (Fault.ABORT, broken(Outcome.INCONCLUSIVE, "this host was starved"), UNKNOWN),
        (Fault.ABORT, broken(Outcome.SKIPPED), UNKNOWN),
        (Fault.ABORT, broken(Outcome.PASSED, fault_met=3, requests_of_pages=3), MISSED),
        (Fault.ABORT, broken(Outcome.PASSED, requests_of_pages=3, routes_answered=3), NOT_APPLICABLE),
        (Fault.ABORT, broken(Outcome.PASSED, requests_of_test=1), UNKNOWN),
        (Fault.ABORT, broken(Outcome.PASSED, requests_of_pages=3, routes_answered=3, requests_of_test=1), UNKNOWN),
        (Fault.ABORT, broken(Outcome.PASSED, requests_of_pages=3), UNKNOWN),
        (Fault.ABORT, broken(Outcome.PASSED), NOT_APPLICABLE),
        (Fault.DELAY, broken(Outcome.PASSED, fault_met=1, requests_of_pages=1), MISSED),
        (Fault.THIRD_PARTY, broken(Outcome.PASSED, requests_of_pages=3), NOT_APPLICABLE),
        (Fault.THIRD_PARTY, broken(Outcome.PASSED, fault_met=2, requests_of_pages=5), MISSED),
        (Fault.THIRD_PARTY, broken(Outcome.FAILED, fault_met=2), NOTICED),
    ],
)
def test_a_fault_shows_whether_the_journey_notices(fault: Fault, measured: Measurement, verdict: ProofVerdict) -> None:
    """Neither what is unknown nor what does not apply counts as a fault that was not noticed."""
    proof = judge_proof(fault, measured)

    assert (proof.fault, proof.verdict, proof.noticed) == (fault, verdict, verdict == NOTICED)


def test_a_journey_whose_own_routes_answer_everything_is_told_so() -> None:
    """It stays green whatever the server does."""
    proof = judge_proof(Fault.ERROR, broken(Outcome.PASSED, requests_of_pages=3, routes_answered=3))

    assert proof.reason == "the test's own routes answer every request: no server was asked"
    assert why_vacuous([proof]) == proof.reason


@pytest.mark.parametrize(
    ("fault", "verdict", "vacuous"),
    [
        (Fault.ABORT, MISSED, True),
        (Fault.ERROR, MISSED, True),
        (Fault.EMPTY, MISSED, True),
        (Fault.DELAY, MISSED, False),
        (Fault.THIRD_PARTY, MISSED, False),
        (Fault.ABORT, UNKNOWN, False),
        (Fault.ABORT, NOTICED, False),
        (Fault.ABORT, NOT_APPLICABLE, True),
        (Fault.THIRD_PARTY, NOT_APPLICABLE, False),
    ],
)
def test_only_a_dead_server_that_was_not_noticed_or_not_asked_makes_a_journey_vacuous(
    fault: Fault, verdict: ProofVerdict, vacuous: bool
) -> None:
    """Slow servers and missing third parties may be lived with."""
    intact = Proof("", Outcome.PASSED, noticed=False, reason="")
    proof = Proof(fault, Outcome.PASSED, noticed=verdict == NOTICED, reason="why", verdict=verdict)

    answer = why_vacuous([intact, proof])

    assert bool(answer) == vacuous
