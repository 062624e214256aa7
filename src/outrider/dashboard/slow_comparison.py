"""What the slow ones among spans have in common: values of attributes that are more frequent among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.dashboard.page_addresses import traces_path
from outrider.dashboard.query_view import facet_keys
from outrider.model import RATIO, RecordKind

if TYPE_CHECKING:
    from outrider.model import Facet, Histogram, TelemetryReader
    from outrider.telemetry_store import QueryText

_SLOW: Final = 0.95
_LEAST_SPANS: Final = 20
_LEAST_SLOW: Final = 3
_LEAST_DIFFERENCE: Final = 0.1
_SAMPLE: Final = 100_000
_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class SlowValue:
    """A value of a key: its share (0 to 1) of the slow spans and of all others, and the path of those that have it."""

    key: str
    value: str
    slow: float
    others: float
    path: str


@dataclass(frozen=True, slots=True)
class SlowComparison:
    """The slowest twentieth of the spans that a query finds beside the others; the most different values first.

    Attributes:
        above_ms: From which duration on spans are slow.
        slow: How many are, of the newest that are looked at; `others` are those below.
        path: Of the slow ones.
    """

    above_ms: float
    slow: int
    others: int
    values: tuple[SlowValue, ...]
    path: str


def compare_slow(
    reader: TelemetryReader, query: QueryText, durations: Histogram, time_ns: tuple[int, int]
) -> SlowComparison | None:
    """Return what the slow spans of a query have in common; None of so few that nothing can be said.

    Args:
        reader: Of the telemetry.
        query: What finds the spans.
        durations: Of all of them.
        time_ns: When they began, at the least and before.

    Raises:
        TelemetryError: If the telemetry cannot be read.
    """
    p95_ms = durations.quantile(_SLOW)
    if durations.total < _LEAST_SPANS or p95_ms is None:
        return None
    above_ms = p95_ms / RATIO  # within 1 %: those of one duration stay together
    slow_query, other_query = (f"{query} duration{sign}{above_ms:.6g}ms".strip() for sign in (">=", "<"))
    slow, others = (_count(reader, text) for text in (slow_query, other_query))
    if slow < _LEAST_SLOW or not others:
        return None
    keys = facet_keys(reader, RecordKind.SPANS, time_ns)
    counted = [reader.facet_counts(RecordKind.SPANS, text, keys, newest=_SAMPLE) for text in (slow_query, other_query)]
    of_slow, of_others = ({key: dict(values) for key, values in _pairs(facets)} for facets in counted)
    shares = [
        (key, value, count / min(slow, _SAMPLE), of_others.get(key, {}).get(value, 0) / min(others, _SAMPLE))
        for key, values in of_slow.items()
        for value, count in values.items()
        if count >= _LEAST_SLOW
    ]
    shares = [row for row in shares if row[2] - row[3] >= _LEAST_DIFFERENCE]
    shares.sort(key=lambda row: (row[3] - row[2], row[0], row[1]))
    values = tuple(SlowValue(*row, traces_path(query.also(row[0], row[1]))) for row in shares[:_MOST])
    return SlowComparison(above_ms, slow, others, values, traces_path(slow_query))


def _count(reader: TelemetryReader, query: str) -> int:
    rows = reader.measure(RecordKind.SPANS, query).rows
    return int(rows[0][-1] or 0) if rows else 0


def _pairs(facets: list[Facet]) -> list[tuple[str, tuple[tuple[str, int], ...]]]:
    return [(facet.key, facet.values) for facet in facets]
