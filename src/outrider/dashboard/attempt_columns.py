"""The attempts of a run side by side: outcome, host, steps and errors with their stacks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.reports import attempt_note

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.model import Attempt, ErrorRecord, HostLoad

MOST_ERRORS = 50
MOST_STEPS = 100
_TEXT_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error, cut to a length that can be read; a cut says how long the whole is."""

    source: str
    step: str
    message: str
    stack: str
    url: str


@dataclass(frozen=True, slots=True)
class AttemptColumn:
    """One attempt; `more_errors` are left out, and `repeated_errors` came in an earlier attempt already."""

    number: int
    outcome: str
    role: str
    reason: str
    duration_ms: float
    host: HostLoad | None
    errors: tuple[ErrorText, ...]
    more_errors: int
    repeated_errors: int = 0

    @property
    def error_count(self) -> int:
        """All its errors."""
        return len(self.errors) + self.more_errors + self.repeated_errors


@dataclass(frozen=True, slots=True)
class StepCell:
    """What an attempt did of a step; without a duration it never ended."""

    duration_ms: float | None
    is_failed: bool


@dataclass(frozen=True, slots=True)
class AttemptTable:
    """Attempts as columns.

    Attributes:
        steps: On the first level, in the order in which they were seen: a name, and a cell for each attempt, None where
            it did not come so far; `more_steps` are left out.
    """

    columns: tuple[AttemptColumn, ...]
    steps: tuple[tuple[str, tuple[StepCell | None, ...]], ...]
    more_steps: int


def attempt_table(attempts: Sequence[Attempt]) -> AttemptTable:
    """Return attempts side by side."""
    names: dict[str, str] = {}
    for attempt in attempts:
        names |= {step.key: step.title for step in attempt.measurement.steps if step.parent is None}
    cells = [
        {
            step.key: StepCell(step.duration_ms, step.error is not None or step.duration_ms is None)
            for step in attempt.measurement.steps
            if step.parent is None
        }
        for attempt in attempts
    ]
    rows = [(title, tuple(by_key.get(key) for by_key in cells)) for key, title in names.items()]
    return AttemptTable(tuple(_columns(attempts)), tuple(rows[:MOST_STEPS]), max(0, len(rows) - MOST_STEPS))


def new_errors(attempt: Attempt, good: Attempt) -> tuple[tuple[ErrorText, ...], int]:
    """Return the errors of an attempt that another had not, and how many it had, too."""
    known = {_identity(error) for error in good.measurement.errors}
    errors = [error for error in attempt.measurement.errors if _identity(error) not in known]
    alike = len(attempt.measurement.errors) - len(errors)
    return tuple(_text(error) for error in errors[:MOST_ERRORS]), alike


def _identity(error: ErrorRecord) -> tuple[str, str]:
    return error.source.value, error.message.strip().partition("\n")[0][:200]


def _columns(attempts: Sequence[Attempt]) -> Iterator[AttemptColumn]:
    """Yield attempts; an error that an earlier one had, too, is counted only."""
    known: set[tuple[str, str]] = set()
    for attempt in attempts:
        measurement = attempt.measurement
        errors = [error for error in measurement.errors if _identity(error) not in known]
        yield AttemptColumn(
            attempt.number, measurement.outcome.value, attempt_note(attempt) or "counts",
            _cut(measurement.reason), measurement.duration_ms, measurement.host,
            tuple(map(_text, errors[:MOST_ERRORS])), max(0, len(errors) - MOST_ERRORS),
            len(measurement.errors) - len(errors),
        )  # fmt: skip
        known |= {_identity(error) for error in measurement.errors}


def _text(error: ErrorRecord) -> ErrorText:
    stack = "" if error.stack.strip() == error.message.strip() else error.stack
    return ErrorText(error.source.value, error.step, _cut(error.message), _cut(stack), _cut(error.url))


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_CHARACTERS else f"{text[:_TEXT_CHARACTERS]}… ({len(text):,} characters)"
