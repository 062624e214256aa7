"""What the telemetry store answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from outrider.model.histogram import Histogram

Row = TypeVar("Row")


class RecordKind(StrEnum):
    """What is searched."""

    LOGS = "logs"
    SPANS = "spans"


@dataclass(frozen=True, slots=True)
class RowPosition:
    """Where a list of rows, the newest first, goes on: at a time, behind as many rows of that very time."""

    time_ns: int
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Matches(Generic[Row]):
    """What a query finds from `since_ns` on, before `until_ns`, the newest first.

    Attributes:
        is_complete: Whether there are no more than these.
        following: Where the list goes on; None at its end.
    """

    rows: tuple[Row, ...]
    since_ns: int
    until_ns: int
    is_complete: bool
    following: RowPosition | None = None


@dataclass(frozen=True, slots=True)
class MeasuredTable:
    """A measure by keys and time.

    Attributes:
        columns: `time` (seconds since 1970, the beginning of each period), if it was asked for; the keys; the measure.
        rows: In order of time, else the largest first. A measure without values is None.
        is_complete: Whether there are no more groups than these.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    since_ns: int
    until_ns: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class SpanRates:
    """Rate, errors and durations of the spans of a service, or of an operation of it.

    Attributes:
        operation: Empty for all that enters the service.
        durations: In milliseconds.
    """

    service: str
    operation: str
    count: int
    errors: int
    durations: Histogram

    @property
    def error_share(self) -> float:
        """The share of failed spans, 0 to 1."""
        return self.errors / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class LogPattern:
    """Log records of a service that say the same but for a few words.

    Attributes:
        text: What they say, with `*` where they differ.
        first: The first of its kind, with `*` for numbers and identifiers alone: it names the pattern.
        severity_number: The worst of them.
        example: What one of them says.
    """

    service: str
    text: str
    first: str
    count: int
    first_ns: int
    last_ns: int
    severity_number: int
    example: str


class Notable(StrEnum):
    """Why a pattern of log records is notable."""

    NEW = "new"
    EXPLODING = "exploding"


@dataclass(frozen=True, slots=True)
class NotablePattern:
    """A pattern of log records that is new, or far more frequent than usual; times in seconds since 1970.

    Attributes:
        name: Its first line, which names it.
        text: What its records say, with `*` where they differ.
        query: What finds them.
        severity_number: The worst of them.
        count: In the last five minutes in which it was notable.
        usual: The most in five minutes of the week before; 0 of a new one.
        since_s: When it was first seen, or began to explode.
        until_s: The end of the last five minutes in which it was notable.
        rules: Names of the rules whose query finds its records.
        example: The first line of such a record; empty without rules.
    """

    service: str
    name: str
    text: str
    query: str
    why: Notable
    severity_number: int
    count: int
    usual: int
    since_s: int
    until_s: int
    rules: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True, slots=True)
class LogPatterns:
    """The patterns of the records that a query finds, the most frequent first.

    Attributes:
        count: How many records they are of.
        is_complete: Whether these are all that match; else the newest ones.
    """

    rows: tuple[LogPattern, ...]
    count: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """The most frequent values of an attribute."""

    key: str
    values: tuple[tuple[str, int], ...]
