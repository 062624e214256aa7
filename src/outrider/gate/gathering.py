"""Takes sessions of checks until every verdict is known, or the cap is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from outrider.baselines import Verdict
from outrider.gate.decision import decide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.gate.decision import Finding, Rules
    from outrider.gate.sessions import Session
    from outrider.model import CheckId

    Sides = tuple[list[Session], list[Session]]


class Source(Protocol):
    """Where sessions come from."""

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        """Return session `number` (from zero) of base and candidate, or why there can be none: a wrong setup."""
        ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """Findings, and the checks whose setup is wrong, by check."""

    findings: tuple[Finding, ...]
    wrong: Mapping[CheckId, str]


def gather(checks: Sequence[CheckId], source: Source, rules: Rules) -> Gathered:
    """Take sessions of each check up to the next look, decide, and go on with those that are still open.

    A check whose verdicts are known is left alone: what it said at its last look stands.
    """
    sides: dict[CheckId, Sides] = {check: ([], []) for check in checks}
    wrong: dict[CheckId, str] = {}
    known: dict[CheckId, tuple[Finding, ...]] = {}
    for look in rules.plan.looks:
        for check in [one for one in checks if one not in known and one not in wrong]:
            _extend(check, look, source, sides[check], wrong)
        open_now = {check: sides[check] for check in checks if check not in known and check not in wrong}
        found = decide(open_now, rules)
        for check in open_now:
            mine = tuple(finding for finding in found if finding.check == check)
            if look == rules.plan.looks[-1] or all(one.verdict is not Verdict.INCONCLUSIVE for one in mine):
                known[check] = mine
        if len(known) + len(wrong) == len(checks):
            break
    return Gathered(tuple(finding for check in checks for finding in known.get(check, ())), wrong)


def _extend(check: CheckId, look: int, source: Source, sides: Sides, wrong: dict[CheckId, str]) -> None:
    base, candidate = sides
    while len(base) < look:
        taken = source.take(check, len(base))
        if isinstance(taken, str):
            wrong[check] = taken
            return
        base.append(taken[0])
        candidate.append(taken[1])
