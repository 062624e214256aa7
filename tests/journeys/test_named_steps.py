"""The `step` fixture times what a journey names."""

from __future__ import annotations

import pytest

from outrider.journeys.named_steps import NamedStep, StepLog


def test_a_step_is_told_when_it_begins_and_when_it_ends() -> None:
    """The listener hears of an open step first: that is what a killed test leaves."""
    noted: list[NamedStep] = []
    step = StepLog(noted.append)

    with step("pay"):
        pass

    begun, ended = noted
    assert (begun.name, begun.duration_ms) == ("pay", None)
    assert (ended.name, ended.start_ms, ended.error) == ("pay", begun.start_ms, None)
    assert ended.duration_ms is not None
    assert step.steps == [ended]


def test_steps_know_the_step_around_them() -> None:
    """The innermost open step is the parent; a step after it has the outer one's."""
    step = StepLog()

    with step("shop"):
        with step("look"), step("zoom"):
            pass
        with step("pay"):
            pass

    assert {named.name: named.parent for named in step.steps} == {
        "zoom": "look", "look": "shop", "pay": "shop", "shop": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["pay", "pay", "pay"], ["pay", "pay (2)", "pay (3)"]),
        (["pay (2)", "pay", "pay"], ["pay (2)", "pay", "pay (3)"]),
        (["", ""], ["step", "step (2)"]),
    ],
)
def test_a_name_used_again_gets_an_ordinal(names: list[str], expected: list[str]) -> None:
    """A step is one series; a nameless one would be the run's."""
    step = StepLog()

    for name in names:
        with step(name):
            pass

    assert [named.name for named in step.steps] == expected


def test_a_step_within_one_of_the_same_name_gets_an_ordinal() -> None:
    """An open step has taken its name already."""
    step = StepLog()

    with step("pay"), step("pay"):
        pass

    assert [(named.name, named.parent) for named in step.steps] == [("pay (2)", "pay"), ("pay", None)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AssertionError("no total\ndetails"), "no total"),
        (AssertionError(), "AssertionError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (ValueError("x" * 1000), "x" * 476 + "… [cut: 1000 characters]"),
    ],
)
def test_an_error_passes_through_and_is_noted_in_one_line(error: BaseException, expected: str) -> None:
    """Every step around it has failed as well."""
    step = StepLog()

    with pytest.raises(type(error)), step("shop"), step("pay"):
        raise error

    assert [(named.name, named.error) for named in step.steps] == [("pay", expected), ("shop", expected)]
