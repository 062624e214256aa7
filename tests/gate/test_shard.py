"""Shards of a gate, and the decision that they make together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gate.conftest import sessions

from outrider.baselines import Plan
from outrider.gate import Decision, Rules, Shard, as_json, decide, merge, read_shard
from outrider.model import Check, CheckId, Kind, Place, Policy, UsageError

if TYPE_CHECKING:
    from pathlib import Path

RULES = Rules(plan=Plan(looks=(10,)))


def check(name: str) -> Check:
    return Check(CheckId(f"probe:{name}"), Kind.PROBE, "probes/a.toml", name, name, Policy())


@given(st.integers(1, 9), st.sets(st.text(min_size=1, max_size=4), max_size=30), st.randoms())
def test_every_check_falls_to_exactly_one_shard(count: int, names: set[str], random: object) -> None:
    """Whatever order they come in; no shard has two checks more than another."""
    checks = [check(name) for name in names]
    shuffled = sorted(checks, key=lambda _: random.random())  # type: ignore[attr-defined]  # Hypothesis's Random

    parts = [Shard(number, count).part(shuffled) for number in range(1, count + 1)]

    assert sorted(part.id for shard in parts for part in shard) == sorted(known.id for known in checks)
    assert parts == [Shard(number, count).part(checks) for number in range(1, count + 1)]
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("text", ["", "2", "0/4", "5/4", "1/0", "a/b", "-1/4", "1/4/2", "1.5/4"])
def test_what_names_no_shard_is_refused(text: str) -> None:
    """With an example of what does."""
    with pytest.raises(ValueError, match="write 2/4"):
        Shard.of(text)


def decision(name: str, candidate_ms: float, shard: str) -> Decision:
    sides = (sessions(10, median_ms=1000, seed=1), sessions(10, median_ms=candidate_ms, seed=2))
    comparisons = decide({CheckId(name): sides}, {CheckId(name): RULES})
    return Decision(comparisons, ("a note",), (), "base", took_s=30.0, check_s={CheckId(name): 25.0}, shard=shard)


def written(folder: Path, decision: Decision, name: str = "") -> Path:
    path = folder / (name or f"{decision.shard.replace('/', '-')}.json")
    path.write_text(
        json.dumps(as_json(decision, {compared.check: Place("a.py", 3) for compared in decision.comparisons}))
    )
    return path


def test_shards_make_one_decision(tmp_path: Path) -> None:
    """Its comparisons are those of all, its notes are told once, and it took as long as the longest."""
    parts = [decision("a", 1000, "1/3"), decision("b", 1300, "2/3"), Decision((), ("empty",), shard="3/3")]

    merged = merge([read_shard(written(tmp_path, part)) for part in parts])

    assert merged.decision.verdict == "fail"
    assert [(compared.check, compared.step, compared.verdict) for compared in merged.decision.comparisons] == [
        ("a", "", "pass"), ("a", "pay", "pass"), ("b", "", "pass"), ("b", "pay", "fail"),
    ]  # fmt: skip
    assert merged.decision.notes == ("a note", "empty")
    assert (merged.decision.against, merged.decision.took_s, merged.decision.shard) == ("base", 30.0, "")
    assert merged.decision.check_s == {"a": 25.0, "b": 25.0}
    assert merged.places["b"] == Place("a.py", 3)


def test_a_setup_error_of_one_shard_is_one_of_the_gate(tmp_path: Path) -> None:
    """And a gate that compared nothing has not passed."""
    wrong = Decision((), wrong=("a: needs a password",), shard="2/2")

    some = merge([read_shard(written(tmp_path, part)) for part in (decision("a", 1000, "1/2"), wrong)])
    nothing = merge([read_shard(written(tmp_path, Decision((), shard="1/1")))])

    assert (some.decision.verdict, nothing.decision.verdict) == ("setup error", "inconclusive")


@pytest.mark.parametrize(
    ("shards", "words"),
    [
        (["1/3", "3/3"], "not there exactly once: 2/3"),
        (["1/2", "2/2", "2/2"], "not there exactly once: 2/2"),
        (["1/2", "2/3"], "gates in 2, 3 shards"),
        ([""], "not of a shard"),
    ],
)
def test_shards_that_are_missing_or_foreign_are_named(tmp_path: Path, shards: list[str], words: str) -> None:
    """A gate that left checks out must not pass."""
    paths = [written(tmp_path, Decision((), shard=shard), f"{index}.json") for index, shard in enumerate(shards)]

    with pytest.raises(UsageError, match=words):
        merge([read_shard(path) for path in paths])


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"findings": [{}]}', "[" * 100_000])
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    """With its path, and what to hand in."""
    path = tmp_path / "shard.json"
    path.write_text(text)

    with pytest.raises(UsageError, match=r"shard\.json is no result of a gate's shard"):
        read_shard(path)
