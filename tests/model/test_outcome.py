"""What a program that made several runs says to its caller."""

from __future__ import annotations

from itertools import permutations

import pytest

from outrider.model import Outcome, exit_code


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        ([Outcome.PASSED, Outcome.PASSED_ON_RETRY, Outcome.SKIPPED], 0),
        ([Outcome.FAILED], 1),
        ([Outcome.INCONCLUSIVE], 3),
        ([Outcome.MISSED], 3),
        ([Outcome.SETUP_ERROR], 4),
        ([Outcome.PASSED, Outcome.INCONCLUSIVE], 3),
        ([Outcome.INCONCLUSIVE, Outcome.SETUP_ERROR], 4),
        ([Outcome.SETUP_ERROR, Outcome.FAILED, Outcome.MISSED], 1),
    ],
)
def test_the_exit_code_is_the_first_of_failure_setup_error_and_no_verdict(outcomes: list[Outcome], code: int) -> None:
    """A failing target matters more than a wrong script, which matters more than not knowing; order does not."""
    orders = list(permutations(outcomes))

    codes = {exit_code(order) for order in orders}

    assert codes == {code}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_pass_is_good(outcome: Outcome) -> None:
    """Users got what they came for after a pass, at the first try or a later one, and never else."""
    is_pass = outcome.value.startswith("passed")

    is_good = outcome.is_good

    assert is_good == is_pass
