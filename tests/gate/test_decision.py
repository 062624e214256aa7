"""From sessions to comparisons and a decision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.gate.conftest import CHECK, sessions

from outrider.baselines import Plan, Verdict
from outrider.gate import Decision, Limits, Rules, Session, Stop, decide, false_fails, gather, unmatched, unnamed_steps
from outrider.model import CheckId

RULES = Rules(margin=0.05, floor_ms=5.0, plan=Plan(looks=(10,)))


@pytest.mark.parametrize(
    ("base_ms", "candidate_ms", "verdict"),
    [(1000, 1000, "pass"), (1000, 1300, "fail"), (1000, 700, "pass"), (1000, 1050, "inconclusive"), (10, 13, "pass")],
)
def test_a_step_needs_effect_and_evidence(base_ms: float, candidate_ms: float, verdict: str) -> None:
    """A slowdown beyond margin and floor fails; three milliseconds of ten are nothing that anybody feels."""
    sides = {CHECK: (sessions(10, median_ms=base_ms, seed=1), sessions(10, median_ms=candidate_ms, seed=2))}

    by_step = {comparison.step: comparison for comparison in decide(sides, {CHECK: RULES})}

    assert by_step["pay"].verdict == verdict
    assert by_step["pay"].base == pytest.approx(base_ms, rel=0.05)


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

    by_step = {comparison.step: comparison for comparison in decide(sides, {CHECK: RULES})}

    assert by_step[""].verdict == verdict
    assert (by_step[""].base, by_step[""].candidate) == (base / 5, candidate / 5)


BROKEN = [Session({}, 5, 5)] * 10
NOTHING = [Session({}, 0, 0)] * 10


def test_a_step_that_the_candidate_never_reaches_is_inconclusive_and_the_failures_fail() -> None:
    """Nothing is made up where there are no numbers."""
    sides = {CHECK: (sessions(10, median_ms=100, seed=1), BROKEN)}

    verdicts = {comparison.step: comparison.verdict for comparison in decide(sides, {CHECK: RULES})}

    assert verdicts == {"": Verdict.FAIL, "pay": Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("base", "candidate"), [(BROKEN, BROKEN), (NOTHING, NOTHING), ([Session({}, 5, 0)] * 10, [Session({}, 5, 0)] * 10)]
)
def test_what_could_not_be_compared_has_not_passed(base: list[Session], candidate: list[Session]) -> None:
    """Two sides that are equally broken, that starved, or that took no step, say nothing about the candidate."""
    (compared,) = decide({CHECK: (base, candidate)}, {CHECK: RULES})

    assert compared.verdict is Verdict.INCONCLUSIVE
    assert Decision((compared,)).verdict == "inconclusive"


def test_a_renamed_step_is_told_and_not_compared() -> None:
    """What both sides have is compared all the same."""
    base = [
        Session({"pay": session.durations["pay"], "old": (1.0,)}, 5, 0)
        for session in sessions(10, median_ms=100, seed=1)
    ]
    now = [
        Session({"pay": session.durations["pay"], "new": (1.0,)}, 5, 0)
        for session in sessions(10, median_ms=100, seed=2)
    ]

    comparisons = decide({CHECK: (base, now)}, {CHECK: RULES})

    assert [comparison.step for comparison in comparisons] == ["", "pay"]
    assert unmatched(base, now) == [
        "the candidate has no step 'old' any more",
        "step 'new' is new: the base has nothing to compare it with",
    ]
    assert unmatched(base, BROKEN) == []


@pytest.mark.parametrize(
    ("medians", "wrong", "word"),
    [
        ((), (), "inconclusive"),
        ((), ("x",), "setup error"),
        ((1000,), (), "pass"),
        ((1000, 1050), (), "inconclusive"),
        ((1000, 1050), ("x",), "setup error"),
        ((1300, 1050), ("x",), "fail"),
    ],
)
def test_the_gravest_finding_decides(medians: tuple[float, ...], wrong: tuple[str, ...], word: str) -> None:
    """In the order of exit codes: 1, 4, 3, 0; a gate that compared nothing has not passed."""
    base = sessions(10, median_ms=1000, seed=1)
    comparisons = tuple(
        comparison
        for median_ms in medians
        for comparison in decide({CHECK: (base, sessions(10, median_ms=median_ms, seed=2))}, {CHECK: RULES})
        if comparison.step
    )

    assert Decision(comparisons, wrong=wrong).verdict == word


def test_looking_at_failures_often_costs_nothing() -> None:
    """The level is spent over the looks: what would fail at the only one does not at the first of four."""
    sides = {CHECK: (sessions(6, median_ms=100, seed=1), sessions(6, median_ms=100, seed=2, failed=1))}
    once, often = (replace(RULES, plan=Plan(looks=looks)) for looks in ((6,), (6, 10, 15, 20)))

    verdicts = [decide(sides, {CHECK: rules})[0].verdict for rules in (once, often)]

    assert verdicts == [Verdict.FAIL, Verdict.INCONCLUSIVE]


class Lab:
    """Hands out sessions, and counts how many it was asked for."""

    def __init__(self, medians: dict[str, float], broken: str = "") -> None:
        self.medians = medians
        self.broken = broken
        self.taken: dict[str, int] = dict.fromkeys(medians, 0)
        self.order: list[str] = []

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        if check == self.broken:
            return "needs a password"
        self.taken[check] += 1
        self.order.append(check)
        (base,) = sessions(1, median_ms=1000, seed=2 * number)
        if not self.medians[check]:
            return base, Session({}, 5, 5)
        (candidate,) = sessions(1, median_ms=self.medians[check], seed=2 * number + 1)
        return base, candidate


def test_sessions_are_taken_until_every_verdict_is_known() -> None:
    """A clear check stops at the first look, a close one goes on to its cap, a wrong or a broken one stops at once."""
    lab = Lab({"same": 1000, "slow": 2000, "close": 1050, "short": 1050, "wrong": 1, "dead": 0}, broken="wrong")
    rules = {CheckId(name): Rules(plan=Plan(looks=(6, 10, 15))) for name in lab.medians}
    rules[CheckId("short")] = Rules(plan=Plan(looks=(4, 5)))
    looks: list[tuple[int, int]] = []

    gathered = gather(rules, lab, lambda look: looks.append((look.sessions, look.known)))

    assert lab.taken == {"same": 6, "slow": 6, "close": 15, "short": 5, "wrong": 0, "dead": 6}
    assert lab.order[:6] == ["same", "slow", "close", "short", "dead", "same"]
    assert looks == [(6, 4), (10, 4), (15, 4), (15, 6)]  # the last look at those that stayed open
    assert {comparison.check: comparison.verdict for comparison in gathered.comparisons if comparison.step} == {
        "same": Verdict.PASS, "slow": Verdict.FAIL, "close": Verdict.INCONCLUSIVE, "short": Verdict.INCONCLUSIVE,
        "dead": Verdict.INCONCLUSIVE,
    }  # fmt: skip
    assert {comparison.check: comparison.verdict for comparison in gathered.comparisons if not comparison.step}[
        CheckId("dead")
    ] is Verdict.FAIL
    assert gathered.wrong == {"wrong": "needs a password"}


class NoisyLab(Lab):
    """Sessions of a CV of 5 % whose candidate is slower by exactly the margin, so that no number of them decides."""

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        self.taken[check] += 1
        durations = self.medians[check] * np.exp(np.random.default_rng(number).normal(0, 0.05, 5))
        return Session({"pay": tuple(durations)}, 5, 0), Session({"pay": tuple(durations * 1.05)}, 5, 0)


@pytest.mark.parametrize(
    ("others", "most", "taken"),
    [
        ((1000, 1000, 1000), None, 20),
        ((1000, 1000), None, 18),
        ((1000,), None, 14),
        ((), None, 10),
        ((1000, 1000), 12, 12),
        ((2000,), None, 10),
    ],
)
def test_sessions_that_settled_checks_leave_over_go_to_open_ones(
    others: tuple[float, ...], most: int | None, taken: int
) -> None:
    """Up to twice its cap, and as many as its source has; a gate that has failed anyway takes none."""
    lab = Lab({f"other {index}": median for index, median in enumerate(others)})
    noisy = NoisyLab({"close": 1000})

    class Both:
        def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
            return (noisy if check == "close" else lab).take(check, number)

    rules = {CheckId(name): Rules(plan=Plan(looks=(6, 10)), most_sessions=most) for name in (*lab.medians, "close")}
    gathered = gather(rules, Both())

    assert noisy.taken == {"close": taken}
    assert set(lab.taken.values()) <= {6}
    assert Decision(gathered.comparisons).verdict == ("fail" if 2000 in others else "inconclusive")


@pytest.mark.slow
def test_a_gate_tried_on_itself_tells_how_often_it_fails() -> None:
    """Where the sides are alike it hardly ever does; where one deal is twice as slow, as often as chance has it."""
    alike = list(zip(sessions(10, median_ms=1000, seed=1), sessions(10, median_ms=1000, seed=2), strict=True))
    apart = list(zip(sessions(4, median_ms=1000, seed=1), sessions(4, median_ms=2000, seed=2), strict=True))
    rng = np.random.default_rng(3)

    calm = false_fails({CHECK: alike}, {CHECK: Rules(plan=Plan(looks=(6, 10)))}, rng, trials=50)
    torn = false_fails({CHECK: apart}, {CHECK: Rules(plan=Plan(looks=(4,)))}, rng, trials=400)

    assert (calm.rate, calm.by_step) == (0, {(CHECK, ""): 0, (CHECK, "pay"): 0})
    assert torn.rate == pytest.approx(1 / 16, abs=0.04)  # all four sessions dealt the same way
    assert torn.rate == torn.by_step[CHECK, "pay"]
    assert torn.inconclusive > 0.5


def two_steps(pay_ms: float, browse_ms: float) -> tuple[list[Session], list[Session]]:
    """Return ten sessions a side of two steps, each of 1,000 ms at the base."""
    base = zip(sessions(10, median_ms=1000, seed=1), sessions(10, median_ms=1000, seed=3), strict=True)
    now = zip(sessions(10, median_ms=pay_ms, seed=2), sessions(10, median_ms=browse_ms, seed=4), strict=True)
    left, right = (
        [Session({"pay": pay.durations["pay"], "browse": browse.durations["pay"]}, 5, 0) for pay, browse in side]
        for side in (base, now)
    )
    return left, right


@pytest.mark.parametrize(
    ("deciding", "pay_ms", "browse_ms", "word"),
    [
        (("pay",), 1000, 1500, "pass"),
        (("p*",), 1500, 1000, "fail"),
        ((), 1000, 1500, "fail"),
        (("pay",), 1050, 1000, "inconclusive"),
    ],
)
def test_steps_that_are_named_decide_and_the_others_inform(
    deciding: tuple[str, ...], pay_ms: float, browse_ms: float, word: str
) -> None:
    """What informs is compared and shown all the same, and no verdict depends on it."""
    rules = replace(RULES, deciding=deciding)

    comparisons = decide({CHECK: two_steps(pay_ms, browse_ms)}, {CHECK: rules})

    assert Decision(comparisons).verdict == word
    assert {compared.step for compared in comparisons if not compared.decides} == ({"browse"} if deciding else set())


def test_a_name_that_no_step_has_is_told() -> None:
    """A misspelt step would otherwise let everything pass."""
    comparisons = decide({CHECK: two_steps(1000, 1000)}, {CHECK: RULES})

    assert unnamed_steps(comparisons, ["pay", "checkuot"]) == [
        "no step is named 'checkuot', which was to decide; there are pay, browse"
    ]
    assert unnamed_steps((), ["pay"]) == []


def test_the_tolerated_change_is_the_larger_of_margin_and_floor() -> None:
    """Of a step of ten milliseconds the floor tolerates half."""
    sides = {CHECK: (sessions(10, median_ms=10, seed=1), sessions(10, median_ms=10, seed=2))}

    by_step = {compared.step: compared for compared in decide(sides, {CHECK: RULES})}

    assert by_step["pay"].tolerated == pytest.approx(0.5, rel=0.1)
    assert by_step[""].tolerated is None


def test_fail_fast_stops_at_the_first_look_that_fails() -> None:
    """What is open then stays inconclusive, and says why."""
    lab = Lab({"slow": 2000, "close": 1050})
    rules = {CheckId(name): Rules(plan=Plan(looks=(6, 10, 15))) for name in lab.medians}

    gathered = gather(rules, lab, limits=Limits(fail_fast=True))

    assert lab.taken == {"slow": 6, "close": 6}
    assert gathered.stopped is Stop.FIRST_FAIL
    close = next(compared for compared in gathered.comparisons if compared.check == "close" and compared.step)
    assert close.verdict is Verdict.INCONCLUSIVE
    assert close.comparison.reason.endswith("stopped at the first certain fail")


class Clock:
    """A clock that the laboratory's sessions move."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class SlowLab(Lab):
    """Hands out sessions that take ten seconds each."""

    def __init__(self, medians: dict[str, float], clock: Clock) -> None:
        super().__init__(medians)
        self.clock = clock

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        self.clock.now_s += 10
        return super().take(check, number)


@pytest.mark.parametrize(
    ("budget_s", "taken", "verdict"),
    [(1000, 6, "pass"), (45, 4, "pass"), (35, 3, "inconclusive"), (0, 0, "inconclusive")],
)
def test_a_budget_ends_with_the_best_answer_of_its_sessions(budget_s: float, taken: int, verdict: str) -> None:
    """No session begins that would end too late; the last look comes then, and spends what is left of the levels."""
    clock = Clock()
    lab = SlowLab({"same": 1000}, clock)
    limits = Limits(deadline=clock.now_s + budget_s, clock=clock)

    gathered = gather({CheckId("same"): Rules(plan=Plan(looks=(6, 10)))}, lab, limits=limits)

    assert lab.taken == {"same": taken}
    assert clock.now_s <= 100 + budget_s or taken == 6
    assert gathered.took_s.get(CheckId("same"), 0.0) == taken * 10
    assert Decision(gathered.comparisons).verdict == verdict
    assert gathered.stopped is (None if taken == 6 else Stop.BUDGET)
