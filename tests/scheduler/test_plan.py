"""What is due next, of many checks in many places."""

from __future__ import annotations

from tests.scheduler.conftest import NOW_US, SECOND_US, check

from outrider.scheduler.plan import Due, Plan

MINUTE_US = 60 * SECOND_US


def keys(due: list[Due]) -> list[tuple[str, str]]:
    return [(str(run.check.id)[-1], run.location) for run in due]


def test_each_check_is_due_once_an_interval_in_each_place() -> None:
    """Those that are switched off never are."""
    checks = [check("a"), check("b", locations=("lima", "oslo")), check("c", enabled=False)]
    plan = Plan(checks, "UTC", NOW_US)

    due = plan.until(NOW_US + MINUTE_US, 100)

    assert len(plan) == 3
    assert sorted(keys(due)) == [("a", "local"), ("b", "lima"), ("b", "oslo")]
    assert [run.due_us for run in due] == sorted(run.due_us for run in due)
    assert all(NOW_US < run.due_us <= NOW_US + MINUTE_US for run in due)
    assert len(plan.until(NOW_US + 2 * MINUTE_US, 100)) == 3


def test_no_more_than_asked_for_is_returned_and_the_rest_stays() -> None:
    """The oldest first."""
    plan = Plan([check("a"), check("b")], "UTC", NOW_US)

    first, rest = plan.until(NOW_US + 3 * MINUTE_US, 2), plan.until(NOW_US + 3 * MINUTE_US, 100)

    assert (len(first), len(rest)) == (2, 4)
    assert first[-1].due_us <= rest[0].due_us


def test_the_next_is_what_is_due_first() -> None:
    """And none if no check is switched on."""
    plan = Plan([check("a")], "UTC", NOW_US)
    next_us = plan.next_us

    assert next_us is not None
    assert plan.until(next_us - 1, 1) == []
    assert [run.due_us for run in plan.until(next_us, 1)] == [next_us]
    assert plan.until(next_us, 1) == []
    assert Plan([check(enabled=False)], "UTC", NOW_US).next_us is None


def test_a_plan_that_restarts_goes_on_from_then() -> None:
    """Times that were due before are due again: the clock was set back."""
    plan = Plan([check("a")], "UTC", NOW_US)
    before = plan.until(NOW_US + 2 * MINUTE_US, 100)
    plan.restart(NOW_US)

    assert plan.until(NOW_US + 2 * MINUTE_US, 100) == before


def test_a_check_that_fails_is_due_more_often_until_it_is_good() -> None:
    """Once it is known; saying so twice changes nothing, nor does what is said of unknown checks."""
    key = (check("a").id, "local")
    plan = Plan([check("a", every_failing_s=10.0)], "UTC", NOW_US)
    plan.note_result((check("x").id, "local"), NOW_US, good=False)
    for _ in range(2):
        plan.note_result(key, NOW_US, good=False)
    assert plan.failing == {key}
    assert len(plan.until(NOW_US + MINUTE_US, 100)) == 6

    for _ in range(2):
        plan.note_result(key, NOW_US + MINUTE_US, good=True)
    assert plan.failing == frozenset()
    assert len(plan.until(NOW_US + 2 * MINUTE_US, 100)) == 1


def test_a_check_of_one_pace_keeps_it_when_it_fails() -> None:
    """What fails is remembered all the same, for the plan after this."""
    key = (check("a").id, "local")
    plan = Plan([check("a")], "UTC", NOW_US)
    plan.note_result(key, NOW_US, good=False)
    following = Plan([check("a", every_failing_s=10.0)], "UTC", NOW_US, plan.failing)

    assert len(plan.until(NOW_US + MINUTE_US, 100)) == 1
    assert len(following.until(NOW_US + MINUTE_US, 100)) == 6
