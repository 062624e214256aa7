"""What other rooms need of the telemetry store; `outrider.telemetry_store` implements it, on chDB or ClickHouse.

It raises `TelemetryError` where it refuses, and `TelemetryUnavailable` where the same call may succeed later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model.histogram import Histogram
    from outrider.model.telemetry import LogRecord, MetricPoint, Span
    from outrider.model.telemetry_answer import (
        Facet,
        LogPatterns,
        Matches,
        MeasuredTable,
        RecordKind,
        RowPosition,
        SpanRates,
    )


class TelemetryInserts(Protocol):
    """Takes batches, each durable against `kill -9` when the call returns.

    Batches of 1,000 to 50,000, some five a second, suit the engine best. `token` identifies a batch: a repeated insert
    with the token of one of the last 10,000 batches changes nothing, neither table nor rollups, if it holds the same
    values in the same order. So whoever does not know whether an insert succeeded repeats it.
    """

    def insert_logs(self, records: Sequence[LogRecord], *, token: str) -> None:
        """Insert log records."""

    def insert_spans(self, spans: Sequence[Span], *, token: str) -> None:
        """Insert spans."""

    def count_spans(self, spans: Sequence[Span], *, token: str) -> None:
        """Count spans in rates, errors and durations of services and operations, without keeping them."""

    def insert_metrics(self, points: Sequence[MetricPoint], *, token: str) -> None:
        """Insert points of metrics; on error some kinds of points may be stored, and a repeat adds the others."""


class TelemetryReader(Protocol):
    """Answers queries; each is bounded by time, rows, seconds and memory.

    Queries are those of docs/telemetry.md, and look back an hour unless they say `since:`. A query that cannot be
    understood raises a `UsageError` (bad-query) that names the column.
    """

    def search_logs(
        self, query: str, *, limit: int = 50, after_ns: int = 0, before: RowPosition | None = None
    ) -> Matches[LogRecord]:
        """Return matching log records after a time, the newest first; from a position of an earlier answer on."""

    def search_spans(
        self, query: str, *, limit: int = 50, after_ns: int = 0, before: RowPosition | None = None
    ) -> Matches[Span]:
        """Return matching spans that began after a time, the newest first; from a position of an earlier answer on."""

    def surrounding_logs(
        self, service: str, time_ns: int, *, limit: int = 25
    ) -> tuple[tuple[LogRecord, ...], tuple[LogRecord, ...]]:
        """Return log records of a service up to a time, and those after it; both the newest first."""

    def log_patterns(self, query: str, *, newest: int = 200_000) -> LogPatterns:
        """Return the patterns of the newest records that match."""

    def span_durations(self, query: str) -> tuple[Histogram, Histogram]:
        """Return the durations, in milliseconds, of all spans that match, and of those that failed."""

    def trace(self, trace_id: str, *, limit: int = 10_000) -> tuple[Span, ...]:
        """Return the spans of a trace, by their start; none if it is unknown."""

    def traces(
        self, trace_ids: Sequence[str], *, limit: int = 50_000, spans_each: int = 10_000
    ) -> Mapping[str, tuple[Span, ...]]:
        """Return the spans of up to 1,000 traces by their ids, unknown ones left out; without events and links.

        Of each trace the first `spans_each` spans. Those that are not among the first `limit` spans of all have none.
        """

    def measure(
        self,
        kind: RecordKind,
        query: str,
        *,
        measure: str = "count",
        by: Sequence[str] = (),
        every_s: int = 0,
        values: Sequence[str] = (),
    ) -> MeasuredTable:
        """Return a measure of what matches.

        Args:
            kind: What is searched.
            query: What counts.
            measure: `count`, `rate`, `errors`, or `sum`, `avg`, `min`, `max`, `uniq`, `p50` to `p99.9` of a key:
                `p95(duration)`.
            by: Keys to group by, three at most.
            every_s: Length of each period; 0 for the whole time as one.
            values: Of the first key, those to tell apart: all others are `other`; none for all of them.
        """

    def services(self, since_ns: int, until_ns: int, *, with_synthetic: bool = False) -> list[SpanRates]:
        """Return every service that spans enter, by name; without probers' traffic unless it is asked for."""

    def operations(
        self, service: str, since_ns: int, until_ns: int, *, with_synthetic: bool = False
    ) -> list[SpanRates]:
        """Return the operations of a service, those with the most time in all first."""

    def facets(self, kind: RecordKind, since_ns: int, until_ns: int, *, service: str = "") -> list[Facet]:
        """Return attributes with few values and the most frequent of them; identifiers are left out."""

    def facet_counts(self, kind: RecordKind, query: str, keys: Sequence[str], *, newest: int = 100_000) -> list[Facet]:
        """Return the most frequent values of keys among the newest records that match; no keys without values."""
