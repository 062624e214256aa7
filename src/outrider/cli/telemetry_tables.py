"""Telemetry as lines, tables and JSON."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.text import Text

from outrider.cli.fitted_table import (
    FittedTable,
    name_column,
    note_column,
    number_column,
    place_column,
    text_column,
    time_column,
)
from outrider.cli.run_tables import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.app import RunTrace
    from outrider.model import LogPattern, LogRecord, MeasuredTable, NotablePattern, Span

_MS_NS = 1_000_000
_LEVELS = ("-", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_DEEPEST = 50


def log_line(record: LogRecord, timezone: str) -> str:
    """Return a record as one line: time, level, service, text, and the trace where it has one."""
    level = record.severity_text or _LEVELS[min((record.severity_number + 3) // 4, 6)]
    trace = f"  trace:{record.trace_id}" if record.trace_id else ""
    clock = f"{at(record.time_ns // 1000, timezone)}.{record.time_ns // _MS_NS % 1000:03d}"
    return f"{clock}  {level:5}  {record.service}  {record.body}{trace}"


def log_json(record: LogRecord) -> dict[str, object]:
    """Return a record as JSON."""
    return record._asdict()


def pattern_table(rows: Sequence[LogPattern]) -> FittedTable:
    """Return a line a pattern."""
    table = FittedTable(number_column("records"), place_column("level"), name_column("service"), text_column("pattern"))
    for row in rows:
        level = _LEVELS[min((row.severity_number + 3) // 4, 6)]
        table.add_row(f"{row.count:,}", level, row.service, row.text)
    return table


def notable_table(rows: Sequence[NotablePattern], timezone: str) -> FittedTable:
    """Return a line a notable pattern."""
    table = FittedTable(
        place_column("why"), number_column("in 5 min"), number_column("usually"), place_column("level"),
        place_column("since"), name_column("service"), text_column("pattern"),
    )  # fmt: skip
    for row in rows:
        level = _LEVELS[min((row.severity_number + 3) // 4, 6)]
        since = at(row.since_s * 1_000_000, timezone)
        table.add_row(row.why.value, f"{row.count:,}", f"{row.usual:,}", level, since, row.service, row.text)
    return table


def span_json(span: Span) -> dict[str, object]:
    """Return a span as JSON."""
    events = [event._asdict() for event in span.events]
    return span._asdict() | {"events": events, "links": [link._asdict() for link in span.links]}


def run_trace_json(trace: RunTrace) -> dict[str, object]:
    """Return a trace of a run as JSON: how the run is linked with it, and its spans."""
    links = [
        {"attempt": link.attempt, "step": link.step, "kind": link.kind, "source": link.source} for link in trace.links
    ]
    return {"trace_id": trace.links[0].trace_id, "links": links, "spans": [span_json(span) for span in trace.spans]}


def run_trace_title(trace: RunTrace) -> str:
    """Return a line about a trace of a run: its id, and the attempts and steps that it belongs to."""
    places = [f"attempt {link.attempt}{f', {link.step}' if link.step else ''}" for link in trace.links]
    return f"trace {trace.links[0].trace_id}  {'; '.join(places)}{'' if trace.spans else '  no spans'}"


def span_line(span: Span, timezone: str) -> str:
    """Return a span as one line: start, duration, service, name, what it failed by, and its trace."""
    failure = f"  {span.status} {span.status_message}".rstrip() if span.status == "Error" else ""
    clock = f"{at(span.time_ns // 1000, timezone)}.{span.time_ns // _MS_NS % 1000:03d}"
    return f"{clock}  {_ms(span.duration_ns):>6} ms  {span.service}  {span.name}{failure}  trace:{span.trace_id}"


def span_table(spans: Sequence[Span], timezone: str) -> FittedTable:
    """Return a line a span."""
    start = time_column(f"start ({timezone})")
    table = FittedTable(
        start, number_column("ms"), name_column("service"), text_column("name"), place_column("status"), "trace"
    )
    for span in spans:
        cells = (at(span.time_ns // 1000, timezone), _ms(span.duration_ns), span.service, span.name, span.status)
        table.add_row(*map(Text, (*cells, span.trace_id)))
    return table


def trace_table(spans: Sequence[Span]) -> FittedTable:
    """Return the spans of a trace below each other, children indented below their parents."""
    table = FittedTable(number_column("after ms"), number_column("ms"), text_column("span"), note_column("status"))
    start_ns = min(span.time_ns for span in spans)
    for depth, span in _nested(spans):
        name = f"{'  ' * min(depth, _DEEPEST)}{span.service}  {span.name}"
        failure = f"{span.status} {span.status_message}".strip() if span.status == "Error" else ""
        table.add_row(_ms(span.time_ns - start_ns), _ms(span.duration_ns), Text(name), Text(failure))
    return table


def _nested(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Yield each span once, with its depth: also those whose parent is missing, or is a descendant of theirs."""
    known = {span.span_id for span in spans}
    children: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        children[span.parent_span_id if span.parent_span_id in known else ""].append(span)
    left = dict.fromkeys(range(len(spans)))
    numbers = {id(span): number for number, span in enumerate(spans)}
    waiting = [(0, span) for span in reversed(children[""])]
    while waiting or left:
        entry = next(iter(left), 0)  # where a circle is entered, which no root leads to
        depth, span = waiting.pop() if waiting else (0, spans[entry])
        if numbers[id(span)] in left:
            del left[numbers[id(span)]]
            yield depth, span
            waiting += [(depth + 1, child) for child in reversed(children[span.span_id])]


def measured_table(measured: MeasuredTable, timezone: str) -> FittedTable:
    """Return a measure by keys and time."""
    columns = (
        time_column(f"time ({timezone})") if column == "time" else text_column(column) for column in measured.columns
    )
    table = FittedTable(*columns)
    for row in measured.rows:
        table.add_row(*(Text(_cell(name, value, timezone)) for name, value in zip(measured.columns, row, strict=True)))
    return table


def _cell(name: str, value: str | float | None, timezone: str) -> str:
    if value is None:
        return "-"
    if name == "time" and isinstance(value, int | float):
        return at(round(value * 1_000_000), timezone)
    return f"{value:g}" if isinstance(value, int | float) else value


def _ms(ns: int) -> str:
    return f"{ns / _MS_NS:.1f}"
