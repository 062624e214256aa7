"""Collection of sessions until every verdict is known, the cap is reached, or a limit ends it."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from outrider.baselines import Verdict
from outrider.gate.decision import FAILURES, decide, unmatched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.gate.decision import Rules, StepComparison
    from outrider.gate.run_session import Session
    from outrider.model import CheckId

    Sides = tuple[list[Session], list[Session]]


_RESERVE = 0.25  # of the levels, for the look after the sessions that others left over


class Source(Protocol):
    """Where sessions come from."""

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        """Return session `number` (from zero) of base and candidate, or why there can be none: a wrong setup."""
        ...


class Stop(StrEnum):
    """Why a collection ended before every verdict was known or the cap was reached."""

    FIRST_FAIL = "stopped at the first certain fail"
    BUDGET = "the time budget is spent"


@dataclass(frozen=True, slots=True)
class Limits:
    """What ends a collection early.

    Attributes:
        fail_fast: End at the first look at which anything that decides fails.
        deadline: Begin no session that would end later, on `clock`, judging by the check's longest so far.
        clock: Monotonic seconds.
    """

    fail_fast: bool = False
    deadline: float | None = None
    clock: Callable[[], float] = time.monotonic

    def allows(self, session_s: float) -> bool:
        """Whether a session that takes so long, beginning now, ends in time."""
        return self.deadline is None or self.clock() + session_s < self.deadline


@dataclass(frozen=True, slots=True)
class Gathered:
    """The result of the sessions.

    Attributes:
        wrong: By check, why its setup is wrong.
        unmatched: By check, steps that one side does not have, in words.
        stopped: Why the collection ended early; None if it did not.
        took_s: By check, how long its sessions took.
    """

    comparisons: tuple[StepComparison, ...]
    wrong: Mapping[CheckId, str]
    unmatched: Mapping[CheckId, list[str]]
    stopped: Stop | None = None
    took_s: Mapping[CheckId, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """How far a gate has come: after so many sessions of those checks that are still open.

    `known` is how many need no more of them: their verdicts, which may be inconclusive, will not change.
    """

    sessions: int
    known: int
    checks: int


def gather(
    rules: Mapping[CheckId, Rules],
    source: Source,
    listener: Callable[[Look], None] | None = None,
    limits: Limits = Limits(),
) -> Gathered:
    """Take sessions of each check up to its next look, decide, and go on with those that are still open.

    A check whose verdicts are known is left alone, and what it said then stands; it keeps its part in the correction
    for how many comparisons there are. One is also left alone once its path is broken: more sessions tell nothing then.
    Sessions that settled checks leave over are shared out among those that reach their cap undecided, up to twice the
    cap each, for one look more; a part of the levels is kept for it. Where the gate has failed anyway, none are taken.
    A check that the deadline ends is decided by a last look at the sessions that it has.
    """
    collection = _Collection(rules, source, limits)
    while pending := collection.pending():
        collection.extend(pending)
        collection.decide(pending)
        if listener is not None:
            listener(collection.look(pending))
    return collection.gathered()


class _Collection:
    """The sessions so far, and what they said."""

    def __init__(self, rules: Mapping[CheckId, Rules], source: Source, limits: Limits) -> None:
        self._caps = {check: check_rules.plan.looks[-1] for check, check_rules in rules.items()}
        self._rules = {
            check: replace(check_rules, plan=replace(check_rules.plan, reserve=_RESERVE))
            for check, check_rules in rules.items()
        }
        self._source = source
        self._limits = limits
        self._sides: dict[CheckId, Sides] = {check: ([], []) for check in rules}
        self._wrong: dict[CheckId, str] = {}
        self._known: dict[CheckId, tuple[StepComparison, ...]] = {}
        self._took_s: dict[CheckId, float] = defaultdict(float)
        self._longest_s: dict[CheckId, float] = defaultdict(float)
        self._late: set[CheckId] = set()
        self._at_cap: list[CheckId] = []
        self._stopped: Stop | None = None

    def pending(self) -> list[CheckId]:
        """Return the checks that need more sessions, or a last look."""
        closed = {*self._known, *self._wrong, *self._at_cap}
        pending = [check for check in self._rules if check not in closed]
        return pending or self._share_out()

    def extend(self, pending: list[CheckId]) -> None:
        """Take sessions up to each check's next look, of all checks alternately: a restless minute harms none alone."""
        looks = {check: self._next_look(check) for check in pending}
        for number in range(max(looks.values())):
            for check, look in looks.items():
                if check not in self._wrong and len(self._sides[check][0]) <= number < look:
                    self._take(check, number)

    def decide(self, pending: list[CheckId]) -> None:
        """Look at all checks, and close those that are settled, at their cap, or late."""
        for check in self._late & set(pending):
            self._stopped = Stop.BUDGET
            rules, count = self._rules[check], max(1, len(self._sides[check][0]))
            self._rules[check] = replace(rules, plan=rules.plan.ending_at(count))
        comparisons = decide(
            {check: self._sides[check] for check in self._rules if check not in self._wrong}, self._rules
        )
        first_fail = self._limits.fail_fast and any(map(_fails, comparisons))
        for check in (check for check in pending if check not in self._wrong):
            check_comparisons = tuple(compared for compared in comparisons if compared.check == check)
            if _is_settled(check_comparisons, self._sides[check]):
                self._known[check] = check_comparisons
            elif first_fail:
                self._stopped = Stop.FIRST_FAIL
                self._known[check] = tuple(_left_open(compared, Stop.FIRST_FAIL) for compared in check_comparisons)
            elif check in self._late:
                self._known[check] = tuple(_left_open(compared, Stop.BUDGET) for compared in check_comparisons)
            elif self._rules[check].plan.horizon is not None:
                self._known[check] = check_comparisons
            elif self._rules[check].plan.next_look(len(self._sides[check][0])) is None:
                self._at_cap.append(check)

    def look(self, pending: list[CheckId]) -> Look:
        """Return how far it has come."""
        sessions = max(len(self._sides[check][0]) for check in pending)
        return Look(sessions, len(self._known) + len(self._wrong), len(self._rules))

    def gathered(self) -> Gathered:
        """Return the result."""
        return Gathered(
            comparisons=tuple(compared for check in self._rules for compared in self._known.get(check, ())),
            wrong=self._wrong,
            unmatched={check: words for check in self._known if (words := unmatched(*self._sides[check]))},
            stopped=self._stopped,
            took_s=dict(self._took_s),
        )

    def _share_out(self) -> list[CheckId]:
        """Return the checks at their cap, a last look at each planned after the sessions that others left over."""
        pending, self._at_cap = self._at_cap, []
        left = sum(max(0, self._caps[check] - len(self._sides[check][0])) for check in self._known)
        if self._wrong or any(_fails(compared) for comparisons in self._known.values() for compared in comparisons):
            left = 0
        for check in pending:
            rules, cap = self._rules[check], self._caps[check]
            most = min(2 * cap, rules.most_sessions or 2 * cap)
            look = max(cap, min(cap + left // len(pending), most))
            self._rules[check] = replace(rules, plan=rules.plan.ending_at(look))
        return pending

    def _next_look(self, check: CheckId) -> int:
        count = len(self._sides[check][0])
        return self._rules[check].plan.next_look(count) or count

    def _take(self, check: CheckId, number: int) -> None:
        if check in self._late or not self._limits.allows(self._longest_s[check]):
            self._late.add(check)
            return
        began = self._limits.clock()
        taken = self._source.take(check, number)
        session_s = self._limits.clock() - began
        self._took_s[check] += session_s
        self._longest_s[check] = max(self._longest_s[check], session_s)
        if isinstance(taken, str):
            self._wrong[check] = taken
            return
        for side, session in zip(self._sides[check], taken, strict=True):
            side.append(session)


def _fails(compared: StepComparison) -> bool:
    return compared.decides and compared.verdict is Verdict.FAIL


def _is_settled(comparisons: tuple[StepComparison, ...], sides: Sides) -> bool:
    if all(compared.verdict is not Verdict.INCONCLUSIVE for compared in comparisons if compared.decides):
        return True
    is_broken = any(compared.step == FAILURES and compared.verdict is Verdict.FAIL for compared in comparisons)
    return is_broken or any(bool(side) and not any(session.durations for session in side) for side in sides)


def _left_open(compared: StepComparison, stop: Stop) -> StepComparison:
    """Return a comparison with the reason why nothing more is known."""
    if compared.verdict is not Verdict.INCONCLUSIVE:
        return compared
    reason = f"{compared.comparison.reason}; {stop}"
    return replace(compared, comparison=replace(compared.comparison, reason=reason))
