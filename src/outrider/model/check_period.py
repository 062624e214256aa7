"""What a check did within one hour or UTC day, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from outrider.model.outcome import Outcome
    from outrider.model.subject import CheckId


class PeriodCount(NamedTuple):
    """How many runs that were due in an hour or a day ended one way; it begins at `at_us`, microseconds UTC."""

    check: CheckId
    environment: str
    location: str
    at_us: int
    outcome: Outcome
    runs: int


class PeriodDuration(NamedTuple):
    """How long the judged runs of an hour took; it begins at `at_us`, microseconds UTC.

    Attributes:
        values: How many runs gave one.
        step: Whose duration it is: "" for the whole run, or its longest step where the whole is not measured.
    """

    check: CheckId
    environment: str
    location: str
    step: str
    at_us: int
    values: int
    p95_ms: float
