"""How a run ended, and what a program that ran several says to its caller."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Outcome(StrEnum):
    """The five outcomes of a run, and the two ways of not having one."""

    PASSED = "passed"
    PASSED_ON_RETRY = "passed on retry"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    SETUP_ERROR = "setup error"
    SKIPPED = "skipped"
    MISSED = "missed"

    @property
    def is_good(self) -> bool:
        """Whether users would have got what they came for."""
        return self in {Outcome.PASSED, Outcome.PASSED_ON_RETRY}


_EXIT_CODES = {Outcome.FAILED: 1, Outcome.SETUP_ERROR: 4, Outcome.INCONCLUSIVE: 3, Outcome.MISSED: 3}


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """Return the process's exit code: the first of 1, 4, 3 that any outcome asks for, else 0."""
    codes = {_EXIT_CODES.get(outcome, 0) for outcome in outcomes}
    return next((code for code in (1, 4, 3) if code in codes), 0)
