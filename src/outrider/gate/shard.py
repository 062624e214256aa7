"""Shards: a gate whose checks are dealt to several jobs, and the decision that their results make together."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from outrider.baselines import Comparison, Verdict
from outrider.gate.decision import Decision, StepComparison, corrected
from outrider.model import CheckId, Place, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from outrider.model import Check

_FIX = "hand in the files that `outrider gate --shard N/COUNT --json` printed, one of each shard"


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many parts of the checks; numbers begin at one."""

    number: int
    count: int

    @staticmethod
    def of(text: str) -> Shard:
        """Return the shard that a text such as `2/4` names.

        Raises:
            ValueError: If it names none.
        """
        number, _, count = text.partition("/")
        if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
            raise ValueError(f"{text!r} is no shard: write 2/4 for the second of four")
        return Shard(int(number), int(count))

    def part(self, checks: Iterable[Check]) -> list[Check]:
        """Return the checks that fall to this shard: dealt in the order of their ids, whatever order they come in."""
        return sorted(checks, key=lambda check: check.id)[self.number - 1 :: self.count]

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What one job decided, and where its checks are written."""

    decision: Decision
    places: Mapping[str, Place]


def read_shard(path: Path) -> ShardResult:
    """Read a shard's result, as `as_json` wrote it.

    Raises:
        UsageError: bad-shard if it is none.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return ShardResult(_decision(data), {check: Place(*place) for check, place in data["places"].items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{path} is no result of a gate's shard: {type(error).__name__}: {error}", slug="bad-shard", fix=_FIX
        ) from None


def merge(results: Sequence[ShardResult]) -> ShardResult:
    """Return the decision of all shards: fails must survive the correction for the comparisons of all of them.

    A gate is as long as its longest shard.

    Raises:
        UsageError: bad-shard if shards are missing, come twice, or belong to different gates.
    """
    decisions = [result.decision for result in results]
    _require_all([decision.shard for decision in decisions])
    return ShardResult(
        Decision(
            comparisons=corrected(tuple(chain.from_iterable(decision.comparisons for decision in decisions))),
            notes=_distinct(decision.notes for decision in decisions),
            wrong=_distinct(decision.wrong for decision in decisions),
            against="; ".join(_distinct((decision.against,) for decision in decisions)),
            took_s=max(decision.took_s for decision in decisions),
            check_s={check: seconds for decision in decisions for check, seconds in decision.check_s.items()},
        ),
        {check: place for result in results for check, place in result.places.items()},
    )


def _require_all(names: Sequence[str]) -> None:
    try:
        shards = [Shard.of(name) for name in names]
    except ValueError as error:
        raise UsageError(f"a result is not of a shard: {error}", slug="bad-shard", fix=_FIX) from None
    counts = sorted({shard.count for shard in shards})
    if len(counts) != 1:
        words = ", ".join(map(str, counts)) or "no"
        raise UsageError(f"results of gates in {words} shards", slug="bad-shard", fix=_FIX)
    seen = Counter(shard.number for shard in shards)
    wrong = [f"{number}/{counts[0]}" for number in range(1, counts[0] + 1) if seen[number] != 1]
    if wrong:
        raise UsageError(f"these shards are not there exactly once: {', '.join(wrong)}", slug="bad-shard", fix=_FIX)


def _distinct(texts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, chain.from_iterable(texts))))


def _decision(data: Mapping[str, Any]) -> Decision:
    return Decision(
        comparisons=tuple(_comparison(compared) for compared in data["findings"]),
        notes=tuple(map(str, data["notes"])),
        wrong=tuple(map(str, data["wrong"])),
        against=str(data["against"]),
        took_s=float(data["took_s"]),
        check_s={CheckId(check): float(seconds) for check, seconds in data["check_s"].items()},
        shard=data["shard"] or "",
    )


def _comparison(data: Mapping[str, Any]) -> StepComparison:
    unknown = {"ratio": math.nan, "low": 0.0, "high": math.inf}
    bounds = {name: unknown[name] if data[name] is None else float(data[name]) for name in unknown}
    comparison = Comparison(
        verdict=Verdict(data["verdict"]),
        samples=int(data["samples"]),
        sessions=int(data["sessions"]),
        p_value=float(data["p_value"]),
        reason=str(data["reason"]),
        **bounds,
    )
    return StepComparison(
        check=CheckId(data["check"]),
        step=data["step"] or "",
        base=float(data["base"]),
        candidate=float(data["candidate"]),
        comparison=comparison,
        tolerated=None if data["tolerated"] is None else float(data["tolerated"]),
        decides=bool(data["decides"]),
        level=float(data["level"]),
    )
