"""Collection of sessions until every verdict is known, or the cap is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from outrider.baselines import Verdict
from outrider.gate.decision import FAILURES, decide, unmatched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.gate.decision import Rules, StepComparison
    from outrider.gate.run_session import Session
    from outrider.model import CheckId

    Sides = tuple[list[Session], list[Session]]


class Source(Protocol):
    """Where sessions come from."""

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        """Return session `number` (from zero) of base and candidate, or why there can be none: a wrong setup."""
        ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """The result of the sessions.

    Attributes:
        wrong: By check, why its setup is wrong.
        unmatched: By check, steps that one side does not have, in words.
    """

    findings: tuple[StepComparison, ...]
    wrong: Mapping[CheckId, str]
    unmatched: Mapping[CheckId, list[str]]


@dataclass(frozen=True, slots=True)
class Look:
    """How far a gate has come: after so many sessions of those checks that are still open."""

    sessions: int
    known: int
    checks: int


def gather(rules: Mapping[CheckId, Rules], source: Source, listener: Callable[[Look], None] | None = None) -> Gathered:
    """Take sessions of each check up to its next look, decide, and go on with those that are still open.

    A check whose verdicts are known is left alone, and what it said then stands; it keeps its part in the correction
    for how many comparisons there are. One is also left alone once its path is broken: more sessions tell nothing then.
    """
    sides: dict[CheckId, Sides] = {check: ([], []) for check in rules}
    wrong: dict[CheckId, str] = {}
    known: dict[CheckId, tuple[StepComparison, ...]] = {}
    while pending := [check for check in rules if check not in known and check not in wrong]:
        _extend({check: _next_look(rules[check], sides[check]) for check in pending}, source, sides, wrong)
        findings = decide({check: sides[check] for check in rules if check not in wrong}, rules)
        for check in (check for check in pending if check not in wrong):
            check_findings = tuple(finding for finding in findings if finding.check == check)
            if _is_settled(check_findings, sides[check]) or rules[check].plan.next_look(len(sides[check][0])) is None:
                known[check] = check_findings
        if listener is not None:
            listener(Look(max(len(sides[check][0]) for check in pending), len(known) + len(wrong), len(rules)))
    return Gathered(
        findings=tuple(finding for check in rules for finding in known.get(check, ())),
        wrong=wrong,
        unmatched={check: words for check in known if (words := unmatched(*sides[check]))},
    )


def _next_look(rules: Rules, sides: Sides) -> int:
    look = rules.plan.next_look(len(sides[0]))
    assert look is not None, "a check at its last look is known"
    return look


def _extend(
    looks: Mapping[CheckId, int], source: Source, sides: Mapping[CheckId, Sides], wrong: dict[CheckId, str]
) -> None:
    """Take sessions up to each check's look, of all checks in turns: a restless minute then harms none alone."""
    for number in range(max(looks.values())):
        for check, look in looks.items():
            base, candidate = sides[check]
            if check in wrong or not len(base) <= number < look:
                continue
            taken = source.take(check, number)
            if isinstance(taken, str):
                wrong[check] = taken
                continue
            base.append(taken[0])
            candidate.append(taken[1])


def _is_settled(findings: tuple[StepComparison, ...], sides: Sides) -> bool:
    if all(finding.verdict is not Verdict.INCONCLUSIVE for finding in findings):
        return True
    is_broken = any(finding.step == FAILURES and finding.verdict is Verdict.FAIL for finding in findings)
    return is_broken or any(not any(session.durations for session in side) for side in sides)
