"""Patterns of log records, as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.dashboard.log_view import LEVELS, TONES
from outrider.dashboard.page_addresses import logs_path
from outrider.telemetry_store import QueryText, spoken_parts

if TYPE_CHECKING:
    from outrider.model import LogPattern, TelemetryReader

_MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class PatternView:
    """A pattern: how many records say it, the worst level, and the path of a query that finds them."""

    service: str
    text: str
    count: int
    share: float
    level: str
    tone: str
    first_ns: int
    last_ns: int
    path: str


@dataclass(frozen=True, slots=True)
class PatternsView:
    """The patterns of what a query finds.

    Attributes:
        sampled: Of how many of the newest records they are; 0 for all.
        left_out: How many patterns are not listed.
    """

    rows: tuple[PatternView, ...]
    sampled: int
    left_out: int


def patterns_view(reader: TelemetryReader, text: str) -> PatternsView:
    """Return the patterns of what a query finds.

    Raises:
        QueryError: If it cannot be understood.
        TelemetryError: If the telemetry cannot be read.
    """
    patterns, query = reader.log_patterns(text), QueryText(text)
    rows = tuple(_row(pattern, query, patterns.count) for pattern in patterns.rows[:_MOST_ROWS])
    return PatternsView(rows, 0 if patterns.is_complete else patterns.count, max(0, len(patterns.rows) - _MOST_ROWS))


def _row(pattern: LogPattern, query: QueryText, total: int) -> PatternView:
    level = LEVELS[min((max(pattern.severity_number, 0) + 3) // 4, 6)]
    narrowed = QueryText(query.also("service", pattern.service) if pattern.service else str(query))
    path = logs_path(narrowed.saying(spoken_parts(pattern.text)))
    return PatternView(
        pattern.service, pattern.text, pattern.count, pattern.count / total, level, TONES[level], pattern.first_ns,
        pattern.last_ns, path,
    )  # fmt: skip
