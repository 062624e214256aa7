"""From sessions to findings and a decision."""

from __future__ import annotations

import pytest
from tests.gate.conftest import CHECK, sessions

from outrider.baselines import Plan, Verdict
from outrider.gate import Decision, Rules, Session, decide, gather
from outrider.model import CheckId

RULES = Rules(margin=0.05, floor_ms=5.0, plan=Plan(looks=(10,)))


@pytest.mark.parametrize(
    ("base_ms", "candidate_ms", "verdict"),
    [(1000, 1000, "pass"), (1000, 1300, "fail"), (1000, 700, "pass"), (1000, 1050, "inconclusive"), (10, 13, "pass")],
)
def test_a_step_needs_effect_and_evidence(base_ms: float, candidate_ms: float, verdict: str) -> None:
    """A slowdown beyond margin and floor fails; three milliseconds of ten are nothing that anybody feels."""
    sides = {CHECK: (sessions(10, median_ms=base_ms, seed=1), sessions(10, median_ms=candidate_ms, seed=2))}

    found = {one.step: one for one in decide(sides, RULES)}

    assert found["pay"].verdict == verdict
    assert found["pay"].base == pytest.approx(base_ms, rel=0.05)


@pytest.mark.parametrize(
    ("base", "candidate", "verdict"),
    [(0, 0, "pass"), (0, 3, "fail"), (3, 0, "pass"), (2, 2, "pass"), (0, 1, "fail")],
)
def test_failures_are_compared_exactly(base: int, candidate: int, verdict: str) -> None:
    """So many of the five runs of each of ten sessions failed."""
    sides = {
        CHECK: (
            sessions(10, median_ms=100, seed=1, failed=base),
            sessions(10, median_ms=100, seed=2, failed=candidate),
        )
    }

    found = {one.step: one for one in decide(sides, RULES)}

    assert found[""].verdict == verdict
    assert (found[""].base, found[""].candidate) == (base / 5, candidate / 5)


def test_a_step_that_the_candidate_never_reaches_is_inconclusive_and_the_failures_fail() -> None:
    """Nothing is made up where there are no numbers."""
    broken = [Session({}, 5, 5)] * 10

    found = {one.step: one.verdict for one in decide({CHECK: (sessions(10, median_ms=100, seed=1), broken)}, RULES)}

    assert found == {"": Verdict.FAIL, "pay": Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("verdicts", "decision"),
    [((), "inconclusive"), (("pass",), "pass"), (("pass", "inconclusive"), "inconclusive"),
     (("fail", "inconclusive"), "fail")],
)  # fmt: skip
def test_the_worst_finding_decides(verdicts: tuple[str, ...], decision: str) -> None:
    """A gate that compared nothing has not passed."""
    medians = {"pass": 1000, "fail": 1300, "inconclusive": 1050}
    findings = tuple(
        next(
            one
            for one in decide(
                {CHECK: (sessions(10, median_ms=1000, seed=1), sessions(10, median_ms=medians[each], seed=2))}, RULES
            )
            if one.step
        )
        for each in verdicts
    )

    assert Decision(findings).verdict == decision


class Lab:
    """Hands out sessions, and counts how many it was asked for."""

    def __init__(self, medians: dict[str, float], broken: str = "") -> None:
        self.medians = medians
        self.broken = broken
        self.taken: dict[str, int] = dict.fromkeys(medians, 0)

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        if check == self.broken:
            return "needs a password"
        self.taken[check] += 1
        (base,) = sessions(1, median_ms=1000, seed=2 * number)
        (candidate,) = sessions(1, median_ms=self.medians[check], seed=2 * number + 1)
        return base, candidate


def test_sessions_are_taken_until_every_verdict_is_known() -> None:
    """A clear check stops at the first look, a close one goes on to the cap, a wrong one stops at once."""
    lab = Lab({"same": 1000, "slow": 2000, "close": 1050, "wrong": 1}, broken="wrong")
    rules = Rules(plan=Plan(looks=(6, 10, 15)))

    gathered = gather([CheckId(name) for name in lab.medians], lab, rules)

    assert lab.taken == {"same": 6, "slow": 6, "close": 15, "wrong": 0}
    assert {one.check: one.verdict for one in gathered.findings if one.step} == {
        "same": Verdict.PASS, "slow": Verdict.FAIL, "close": Verdict.INCONCLUSIVE,
    }  # fmt: skip
    assert gathered.wrong == {"wrong": "needs a password"}
