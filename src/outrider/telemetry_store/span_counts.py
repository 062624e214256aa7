"""Spans that are counted and not kept, as rows of the rollups; the views of the schema count those that are kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from outrider.model import bucket_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.model import Span

_MINUTE_NS: Final = 60 * 10**9
_HOUR_NS: Final = 3_600 * 10**9
_NAME: Final = "LowCardinality(String)"
_COUNTS: Final = {"n": "UInt64", "errors": "UInt64", "total_ns": "UInt64", "buckets": "Map(Int16, UInt64)"}
_OPERATIONS: Final = {
    "Minute": "DateTime", "ServiceName": _NAME, "SpanName": _NAME, "SpanKind": _NAME, "Origin": _NAME, **_COUNTS,
}  # fmt: skip
_SERVICES: Final = {"ServiceName": _NAME, "Origin": _NAME, **_COUNTS}
_ENTRIES: Final = frozenset({"Server", "Consumer"})

Key = tuple[Any, ...]


class _Counts:
    """Rate, errors and durations of some spans."""

    def __init__(self) -> None:
        self.errors = self.total_ns = 0
        self.buckets: Counter[int] = Counter()

    def add(self, span: Span) -> None:
        self.errors += span.status == "Error"
        self.total_ns += span.duration_ns
        self.buckets[bucket_of(span.duration_ns / 1e6)] += 1

    def row(self, key: Key) -> tuple[Any, ...]:
        return (*key, self.buckets.total(), self.errors, self.total_ns, dict(self.buckets))


def counts_of(spans: Sequence[Span]) -> Iterator[tuple[str, Mapping[str, str], list[tuple[Any, ...]]]]:
    """Yield the table, the columns and the rows of each rollup; those of the same spans are the same each time."""
    operations: defaultdict[Key, _Counts] = defaultdict(_Counts)
    minutes: defaultdict[Key, _Counts] = defaultdict(_Counts)
    hours: defaultdict[Key, _Counts] = defaultdict(_Counts)
    for span in spans:
        minute = span.time_ns // _MINUTE_NS * 60
        operations[minute, span.service, span.name, span.kind, span.origin].add(span)
        if span.kind in _ENTRIES or not span.parent_span_id:
            minutes[minute, span.service, span.origin].add(span)
            hours[span.time_ns // _HOUR_NS * 3_600, span.service, span.origin].add(span)
    yield "outrider_operations_1m", _OPERATIONS, _rows(operations)
    if minutes:
        yield "outrider_services_1m", {"Minute": "DateTime", **_SERVICES}, _rows(minutes)
        yield "outrider_services_1h", {"Hour": "DateTime", **_SERVICES}, _rows(hours)


def _rows(counts: Mapping[Key, _Counts]) -> list[tuple[Any, ...]]:
    return [count.row(key) for key, count in counts.items()]
