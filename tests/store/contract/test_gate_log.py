"""The contract of the gate's history: whoever implements the port passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import Retention, StoredComparison, StoredGate

if TYPE_CHECKING:
    from outrider.store import Store

COMPARED = StoredComparison("probe:home", "Pay", "fail", True, 120.0, 180.0, 1.5, 1.3, None, 20, "slower")
GATE = StoredGate(
    "g1", NOW_US, "5eed", "fail", "the last 20 runs", 12.5, "1/2", {"fail": 1, "pass": 3},
    (("probe:home", "Pay", "fail"),), ("another machine",), ("home: no browser",), (COMPARED,),
)  # fmt: skip


def test_a_decision_is_kept_whole_and_listed_without_its_comparisons(store: Store) -> None:
    """The same id twice is one decision."""
    store.gates.record(GATE)
    store.gates.record(replace(GATE, verdict="pass"))

    assert store.gates.get("g1") == GATE
    assert store.gates.search() == (replace(GATE, comparisons=()),)
    assert store.gates.get("g2") is None


def test_decisions_are_found_by_verdict_and_commit_and_follow_each_other(store: Store) -> None:
    """The latest first; those of one moment by id."""
    for number, (verdict, commit) in enumerate((("pass", "aa1"), ("fail", "aa2"), ("pass", "a%3"))):
        store.gates.record(replace(GATE, id=f"g{number}", at_us=NOW_US + number // 2, verdict=verdict, commit=commit))

    first = store.gates.search(limit=2)
    rest = store.gates.search(before=(first[-1].at_us, first[-1].id), limit=2)

    assert [gate.id for gate in (*first, *rest)] == ["g2", "g1", "g0"]
    assert (first.is_complete, rest.is_complete) == (False, True)
    assert [gate.id for gate in store.gates.search(verdict="pass")] == ["g2", "g0"]
    assert [gate.id for gate in store.gates.search(commit="aa")] == ["g1", "g0"]
    assert [gate.id for gate in store.gates.search(commit="a%")] == ["g2"]


def test_texts_are_storable_and_bounded_and_old_decisions_are_pruned(store: Store) -> None:
    """A name with half a surrogate or a zero costs no decision."""
    odd = replace(COMPARED, check="probe:\ud800\x00", reason="x" * 50_000)
    store.gates.record(replace(GATE, comparisons=(odd,) * 3_000, notes=("y" * 50_000,) * 500))

    kept = store.gates.get("g1")
    assert kept is not None
    assert (len(kept.comparisons), len(kept.notes)) == (1_000, 100)
    assert len(kept.comparisons[0].reason) <= 1_000
    store.prune(NOW_US + 3_000 * 86_400 * SECOND_US, Retention())
    assert store.gates.get("g1") is None
