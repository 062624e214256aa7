"""The keys of a query that are columns; every other key is an attribute."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class FieldKind(StrEnum):
    """How values of a column are compared."""

    TEXT = "text"
    IDENTIFIER = "identifier"
    LEVEL = "level"
    DURATION = "duration"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Field:
    """A column.

    Attributes:
        parameter: ClickHouse's type of its values.
        words: An index over its words, as an expression; empty where there is none.
    """

    column: str
    kind: FieldKind = FieldKind.TEXT
    parameter: str = "String"
    words: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """What is searched: a table and its columns.

    Attributes:
        words: What words without a key are searched in, each with an index.
        attributes: The maps of attributes, the nearest first.
        names: For each key how others spell it.
        failed: Which records are errors.
        weight: How many records a row stands for; empty where each is one.
        order: What tells rows of one time apart.
    """

    table: str
    time: str
    fields: Mapping[str, Field]
    words: tuple[str, ...]
    attributes: tuple[str, ...]
    names: Mapping[str, str]
    failed: str
    weight: str = ""
    order: tuple[str, ...] = ("ServiceName", "TraceId", "SpanId")

    def field(self, key: str) -> Field | None:
        """Return the column of a key; None if it is an attribute."""
        return self.fields.get(self.names.get(key, key))

    def count(self, condition: str = "") -> str:
        """Return the expression of how many records rows stand for: all, or those that meet a condition."""
        if not self.weight:
            return f"countIf({condition})" if condition else "count()"
        return f"sumIf({self.weight}, {condition})" if condition else f"sum({self.weight})"


_TRACE_FIELDS = {
    "service": Field("ServiceName"),
    "trace": Field("TraceId", FieldKind.IDENTIFIER),
    "span_id": Field("SpanId", FieldKind.IDENTIFIER),
    "scope": Field("ScopeName"),
    "origin": Field("Origin"),
}
_TRACE_NAMES = {"trace_id": "trace", "service.name": "service", "logger": "scope"}

LOGS: Final = Signal(
    table="otel_logs",
    time="Timestamp",
    fields={
        **_TRACE_FIELDS,
        "level": Field("SeverityNumber", FieldKind.LEVEL, "UInt8"),
        "body": Field("Body", words="lower(Body)"),
        "event": Field("EventName"),
    },
    words=("Body",),
    attributes=("LogAttributes", "ResourceAttributes"),
    names={**_TRACE_NAMES, "severity": "level", "message": "body", "event.name": "event"},
    failed="SeverityNumber >= 17",
    order=("ServiceName", "TraceId", "SpanId", "Body"),
)

SPANS: Final = Signal(
    table="otel_traces",
    time="Timestamp",
    fields={
        **_TRACE_FIELDS,
        "name": Field("SpanName", words="lower(SpanName)"),
        "kind": Field("SpanKind"),
        "status": Field("StatusCode"),
        "duration": Field("Duration", FieldKind.DURATION, "UInt64"),
        "parent": Field("ParentSpanId", FieldKind.IDENTIFIER),
        "message": Field("StatusMessage"),
    },
    words=("SpanName", "StatusMessage"),
    attributes=("SpanAttributes", "ResourceAttributes"),
    names={**_TRACE_NAMES, "operation": "name", "span": "name", "parent_id": "parent", "span.duration": "duration"},
    failed="StatusCode = 'Error'",
    weight="SampleRate",
)

LOG_COUNTS: Final = Signal(
    table="outrider_logs_1m",
    time="Minute",
    fields={
        "service": Field("ServiceName"),
        "origin": Field("Origin"),
        "level": Field("if(Level = 0, 0, Level * 4 - 3)", FieldKind.LEVEL, "UInt8"),
    },
    words=(),
    attributes=(),
    names=LOGS.names,
    failed="Level >= 5",
    weight="n",
)
"""Logs counted by minute: what a question about these keys alone is answered from."""

LEVELS: Final[Mapping[str, int]] = {
    "unknown": 0, "trace": 1, "debug": 5, "info": 9, "information": 9, "notice": 9, "warn": 13, "warning": 13,
    "error": 17, "err": 17, "crit": 17, "alert": 17, "fatal": 21, "critical": 21, "emerg": 21, "panic": 21,
}  # fmt: skip
"""The first of the four numbers that OpenTelemetry gives each level, by its names: those that are read and printed."""
