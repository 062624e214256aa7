"""Logs, spans, measures and services of a workspace's telemetry as pandas DataFrames.

Queries are those of docs/telemetry.md. Frames of records have their time as index, in the workspace's time zone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from outrider.model import RecordKind, UsageError, check_at_least, check_text
from outrider.workspace import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import Matches, RowPosition, TelemetryReader

MOST_RECORDS: Final = 1_000_000
_BATCH_ROWS: Final = 5_000
_LOG_LEVELS: Final = ("unknown", "trace", "debug", "info", "warn", "error", "fatal")
_LOGS: Final = ("level", "service", "body", "trace_id", "span_id", "event_name", "origin", "attributes", "resource")
_SPANS: Final = (
    "service", "name", "kind", "status", "status_message", "trace_id", "span_id", "parent_span_id", "origin",
    "attributes", "resource",
)  # fmt: skip
_WORDS: Final = ("level", "service", "kind", "status", "origin")
_QUANTILES: Final = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


class TelemetryFrames:
    """Asks the telemetry of a workspace; may be asked by any thread.

    Args:
        reader: Opens the telemetry.
        zone: An IANA time zone, that of times.
        now_us: The time, microseconds UTC.
    """

    def __init__(self, reader: Callable[[], TelemetryReader], zone: str, now_us: Callable[[], int]) -> None:
        self._reader = reader
        self._zone = zone
        self._now_us = now_us

    def logs(self, query: str = "", *, limit: int = 10_000) -> pd.DataFrame:
        """Return log records that match, the newest first.

        Raises:
            UsageError: bad-query, bad-argument.
            TelemetryError: If the telemetry cannot be read.
        """
        reader = self._reader()
        rows = _pages(lambda before, most: reader.search_logs(query, limit=most, before=before), query, limit)
        records = [row._asdict() | {"level": _LOG_LEVELS[min((row.severity_number + 3) // 4, 6)]} for row in rows]
        return self._frame(records, _LOGS)

    def spans(self, query: str = "", *, limit: int = 10_000) -> pd.DataFrame:
        """Return spans that match, the newest first, with their `duration_ms`.

        Raises:
            UsageError: bad-query, bad-argument.
            TelemetryError: If the telemetry cannot be read.
        """
        reader = self._reader()
        rows = _pages(lambda before, most: reader.search_spans(query, limit=most, before=before), query, limit)
        frame = self._frame([row._asdict() for row in rows], _SPANS)
        frame.insert(2, "duration_ms", [row.duration_ns / 1e6 for row in rows])
        return frame

    def measure(
        self, kind: str, query: str = "", *, measure: str = "count", by: Sequence[str] = (), every: str = ""
    ) -> pd.DataFrame:
        """Return a measure by keys and time, as `outrider logs --measure` prints it.

        Args:
            kind: "logs" or "spans".
            query: What counts.
            measure: Such as "count", "rate", "p95(duration)".
            by: Keys, three at most.
            every: Length of each period, such as "5m"; the whole time as one if empty.

        Raises:
            UsageError: bad-query, bad-argument.
            TelemetryError: If the telemetry cannot be read.
        """
        signal, every_s = _kind(kind), _seconds(every)
        if every and every_s < 1:
            raise UsageError(f"{every!r} is less than a second", slug="bad-argument", fix='write such as "5m"')
        table = self._reader().measure(signal, query, measure=measure, by=tuple(by), every_s=round(every_s))
        frame = pd.DataFrame(list(table.rows), columns=list(table.columns))
        if every:
            frame["time"] = pd.to_datetime(frame["time"], unit="s", utc=True).dt.tz_convert(self._zone)
            frame = frame.set_index("time")
        return frame

    def services(self, last: str = "1h", *, service: str = "", with_synthetic: bool = False) -> pd.DataFrame:
        """Return rate, errors and durations of all services, or of the operations of one.

        Raises:
            UsageError: bad-argument.
            TelemetryError: If the telemetry cannot be read.
        """
        check_text("service", service)
        until_ns = self._now_us() * 1000
        time_ns = until_ns - round(_seconds(last) * 1e9), until_ns
        reader = self._reader()
        rates = (
            reader.operations(service, *time_ns, with_synthetic=with_synthetic)
            if service
            else reader.services(*time_ns, with_synthetic=with_synthetic)
        )
        rows = [
            {"service": row.service, "operation": row.operation, "count": row.count, "errors": row.errors}
            | {name: row.durations.quantile(share) for name, share in _QUANTILES.items()}
            for row in rates
        ]
        return pd.DataFrame(rows, columns=["service", "operation", "count", "errors", *_QUANTILES])

    def _frame(self, records: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
        times = pd.to_datetime([record["time_ns"] for record in records], unit="ns", utc=True)
        index = pd.DatetimeIndex(times).tz_convert(self._zone).rename("at")
        values = {name: [record[name] for record in records] for name in columns}
        frame = pd.DataFrame(values, index=index, columns=list(columns))
        return frame.astype({name: "category" for name in _WORDS if name in columns})


def _pages(page: Callable[[RowPosition | None, int], Matches[Any]], query: str, limit: int) -> list[Any]:
    check_text("query", query)
    check_at_least("limit", limit, 1)
    left = min(limit, MOST_RECORDS)
    matches = page(None, min(left, _BATCH_ROWS))
    rows = list(matches.rows)
    while matches.following is not None and len(rows) < left:
        matches = page(matches.following, min(left - len(rows), _BATCH_ROWS))
        rows += matches.rows
    return rows


def _kind(kind: str) -> RecordKind:
    try:
        return RecordKind(kind)
    except ValueError:
        raise UsageError(f"{kind!r} is neither logs nor spans", slug="bad-argument", fix="name one of them") from None


def _seconds(text: str) -> float:
    try:
        return timedelta(seconds=parse_duration(text)).total_seconds() if text else 0.0
    except (ValueError, OverflowError):
        fix = 'write a number and a unit, such as "5m"'
        raise UsageError(f"{text!r} is no duration", slug="bad-argument", fix=fix) from None
