"""The gate's decisions as they are kept."""

from __future__ import annotations

import math
import subprocess
from typing import TYPE_CHECKING

from tests.builders import new_store

from outrider.app.gate.gate_history import checked_out, keep_decision, stored_gate
from outrider.baselines import Comparison, Verdict
from outrider.gate import Decision, StepComparison
from outrider.model import CheckId

if TYPE_CHECKING:
    from pathlib import Path


def compared(step: str, verdict: Verdict, *, decides: bool = True) -> StepComparison:
    comparison = Comparison(verdict, 1.2, 0.9, math.inf, 20, 4, 0.01, "why")
    return StepComparison(CheckId("probe:home"), step, 100.0, 120.0, comparison, decides=decides)


DECISION = Decision(
    (
        compared("Open", Verdict.PASS),
        compared("Pay", Verdict.INCONCLUSIVE),
        compared("Cart", Verdict.FAIL),
        compared("Ad", Verdict.FAIL, decides=False),
    ),
    notes=("another machine",), against="the last 20 runs", took_s=3.0004,
)  # fmt: skip


def test_the_gravest_comparison_stands_first_and_what_only_informs_last() -> None:
    """Counts and what is notable are of those that decide."""
    gate = stored_gate(DECISION, "5eed", 1_000_000)

    assert (gate.verdict, gate.took_s, gate.commit, gate.at_us) == ("fail", 3.0, "5eed", 1_000_000)
    assert gate.counts == {"fail": 1, "inconclusive": 1, "pass": 1}
    assert gate.notable == (("probe:home", "Cart", "fail"), ("probe:home", "Pay", "inconclusive"))
    assert [item.step for item in gate.comparisons] == ["Cart", "Pay", "Open", "Ad"]
    assert gate.comparisons[0].high is None


def test_the_commit_is_what_ci_tells_or_else_what_is_checked_out(tmp_path: Path) -> None:
    """Neither is an error: a workspace need not be a work tree."""
    assert checked_out(tmp_path, {}) == ""
    for command in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x", "--allow-empty"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)

    assert len(checked_out(tmp_path, {})) == 40
    assert checked_out(tmp_path, {"CI_COMMIT_SHA": "c1"}) == "c1"


def test_a_decision_that_cannot_be_kept_costs_no_verdict(tmp_path: Path) -> None:
    """The store may be read by another program for long, or full."""
    store = new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts")
    keep_decision(store.gates, DECISION, tmp_path)
    kept = store.gates.search()
    (tmp_path / "outrider.db").write_bytes(b"no database " * 1_000)

    keep_decision(store.gates, DECISION, tmp_path)

    assert [gate.verdict for gate in kept] == ["fail"]
    store.close()
