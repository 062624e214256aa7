"""From sessions of two sides to a decision: effect AND evidence, over all steps at once. Pure.

A pass is never made up: where no step of a check could be compared, nothing is known about it.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from outrider.baselines import (
    ERROR_LEVEL,
    FAMILY_LEVEL,
    Comparison,
    Plan,
    Verdict,
    compare_errors,
    correct,
    judge_so_far,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.gate.run_session import Session
    from outrider.model import CheckId

FAILURES = ""
"""The name that failing runs have in place of a step's."""
ELSEWHERE_MARGIN = 0.25
"""Tolerated slowdown between machines that differ, below which a comparison has no meaning."""


class GateVerdict(StrEnum):
    """The verdict of a gate."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    SETUP_ERROR = "setup error"


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as worse for a check.

    Attributes:
        margin: Slowdown that is tolerated, as a share.
        floor_ms: Slowdown that is tolerated whatever its share: nobody feels it.
        plan: After how many sessions to look, and how sure to be; its margin is not used.
        deciding: Patterns of the steps that decide, the others inform; without any, all decide. Failures always do.
        most_sessions: How many sessions there can be beyond the plan's; None if there is no limit.
    """

    margin: float = 0.05
    floor_ms: float = 5.0
    plan: Plan = field(default_factory=Plan)
    deciding: tuple[str, ...] = ()
    most_sessions: int | None = None

    def decides(self, step: str) -> bool:
        """Whether a step decides."""
        return step == FAILURES or not self.deciding or any(fnmatchcase(step, pattern) for pattern in self.deciding)


@dataclass(frozen=True, slots=True)
class StepComparison:
    """One step of one check, or its failures, of the candidate against the base.

    Attributes:
        step: Empty for the check's failures.
        base: Median duration [ms], or share of runs that failed.
        candidate: The same of the candidate.
        tolerated: Slowdown that is tolerated, as a share; None for failures.
        decides: Whether it decides, or only informs.
        level: One-sided level of this look, which a fail must hold after the correction; 0 if there was no look.
    """

    check: CheckId
    step: str
    base: float
    candidate: float
    comparison: Comparison
    tolerated: float | None = None
    decides: bool = True
    level: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The comparison's."""
        return self.comparison.verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a gate.

    Attributes:
        notes: What a reader must know to weigh it, such as another machine.
        wrong: Why checks could not be compared at all: their setup is wrong.
        against: What the candidate was compared with, in words.
        took_s: How long the gate took.
        check_s: By check, how long it was measured.
        shard: Which part of the checks this is, such as `2/4`; empty for all.
    """

    comparisons: tuple[StepComparison, ...]
    notes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    against: str = ""
    took_s: float = 0.0
    check_s: Mapping[CheckId, float] = field(default_factory=dict)
    shard: str = ""

    @property
    def verdict(self) -> GateVerdict:
        """The gravest of all: fail, setup error, inconclusive, pass; what compared nothing has not passed."""
        verdicts = {compared.verdict for compared in self.comparisons if compared.decides}
        if Verdict.FAIL in verdicts:
            return GateVerdict.FAIL
        if self.wrong:
            return GateVerdict.SETUP_ERROR
        return GateVerdict.INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts or not verdicts else GateVerdict.PASS


def decide(
    sides: Mapping[CheckId, tuple[Sequence[Session], Sequence[Session]]], rules: Mapping[CheckId, Rules]
) -> tuple[StepComparison, ...]:
    """Return all comparisons about all checks; those that decide are corrected for how many there are.

    Args:
        sides: By check: sessions of the base, and as many of the candidate.
        rules: By check: what counts as worse.
    """
    return corrected(
        tuple(
            compared
            for check, (base, candidate) in sides.items()
            for compared in _comparisons(check, base, candidate, rules[check]).values()
        )
    )


def corrected(comparisons: Sequence[StepComparison]) -> tuple[StepComparison, ...]:
    """Return comparisons, corrected for how many of them decide."""
    names = {f"{compared.check}\n{compared.step}": compared for compared in comparisons}
    deciding = {name: compared for name, compared in names.items() if compared.decides}
    adjusted = correct(
        {name: compared.comparison for name, compared in deciding.items()},
        {name: compared.level for name, compared in deciding.items()},
    )
    return tuple(
        replace(compared, comparison=adjusted.get(name, compared.comparison)) for name, compared in names.items()
    )


def unmatched(base: Sequence[Session], candidate: Sequence[Session]) -> list[str]:
    """Return which steps cannot be compared, in words: one side's passing runs do not have them at all."""
    before, now = _steps(base), _steps(candidate)
    if not before or not now:
        return []
    gone = [f"the candidate has no step {step!r} any more" for step in before if step not in now]
    return gone + [
        f"step {step!r} is new: the base has nothing to compare it with" for step in now if step not in before
    ]


def unnamed_steps(comparisons: Sequence[StepComparison], deciding: Sequence[str]) -> list[str]:
    """Return which patterns of deciding steps name none of the steps that were compared, in words."""
    steps = list(dict.fromkeys(compared.step for compared in comparisons if compared.step != FAILURES))
    if not steps:
        return []
    unnamed = [pattern for pattern in deciding if not any(fnmatchcase(step, pattern) for step in steps)]
    return [f"no step is named {pattern!r}, which was to decide; there are {', '.join(steps)}" for pattern in unnamed]


def _comparisons(
    check: CheckId, base: Sequence[Session], candidate: Sequence[Session], rules: Rules
) -> dict[str, StepComparison]:
    before, now = _steps(base), _steps(candidate)
    steps = [step for step in before if step in now] if before and now else [*before, *now]
    comparisons = {step: _durations(check, step, base, candidate, rules) for step in steps}
    return {FAILURES: _failures(check, base, candidate, rules, is_alone=not steps), **comparisons}


def _steps(side: Sequence[Session]) -> dict[str, None]:
    """Return the steps of a side's passing runs, in their order; none if no run passed."""
    return dict.fromkeys(step for session in side for step in session.durations)


def _durations(
    check: CheckId, step: str, base: Sequence[Session], candidate: Sequence[Session], rules: Rules
) -> StepComparison:
    left = [session.durations.get(step, ()) for session in base]
    right = [session.durations.get(step, ()) for session in candidate]
    base_ms, candidate_ms = _median(left), _median(right)
    margin = max(rules.margin, rules.floor_ms / base_ms if base_ms else 0.0)
    comparison = judge_so_far(left, right, replace(rules.plan, margin=margin))
    return StepComparison(
        check,
        step,
        base_ms,
        candidate_ms,
        comparison,
        tolerated=margin,
        decides=rules.decides(step),
        level=rules.plan.level(len(base), FAMILY_LEVEL),
    )


def _failures(
    check: CheckId, base: Sequence[Session], candidate: Sequence[Session], rules: Rules, *, is_alone: bool
) -> StepComparison:
    left = sum(session.failed for session in base), sum(session.runs for session in base)
    right = sum(session.failed for session in candidate), sum(session.runs for session in candidate)
    comparison = compare_errors(left, right, level=rules.plan.level(len(base), ERROR_LEVEL))
    no_more = right[1] > 0 and left[1] > 0 and right[0] * left[1] <= left[0] * right[1]
    if comparison.verdict is Verdict.INCONCLUSIVE and no_more:
        comparison = replace(comparison, verdict=Verdict.PASS)
    if comparison.verdict is Verdict.PASS and is_alone:
        reason = f"{comparison.reason}; no run took a step that could be compared"
        comparison = replace(comparison, verdict=Verdict.INCONCLUSIVE, reason=reason)
    level = rules.plan.level(len(base), FAMILY_LEVEL)
    return StepComparison(check, FAILURES, _share(left), _share(right), comparison, level=level)


def _median(sessions: Sequence[Sequence[float]]) -> float:
    values = [value for session in sessions for value in session]
    return statistics.median(values) if values else 0.0


def _share(counts: tuple[int, int]) -> float:
    return counts[0] / counts[1] if counts[1] else 0.0
