"""What each kind of source can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model import LabelledSeries, LogRecord, OutsideError, Span


class SourceClient(Protocol):
    """A source of some kind.

    A call raises `SourceError`, or what reading an answer of another form raises, which whoever calls takes for
    garbage.
    """

    def version(self) -> str:
        """Ask the source who it is, and return its version; empty if it does not tell."""
        ...


@runtime_checkable
class TraceClient(SourceClient, Protocol):
    """Keeps traces."""

    def traces(self, trace_ids: Sequence[str]) -> Mapping[str, tuple[Span, ...]]:
        """Return the spans of traces by their ids; unknown ones are left out."""
        ...


@runtime_checkable
class LogClient(SourceClient, Protocol):
    """Keeps log records."""

    def logs(self, since_ns: int, until_ns: int, *, trace_id: str, limit: int) -> list[LogRecord]:
        """Return the newest log records of a time, of a trace alone where one is named."""
        ...


@runtime_checkable
class SeriesClient(SourceClient, Protocol):
    """Answers PromQL."""

    def series(self, query: str, since_s: float, until_s: float, every_s: float) -> tuple[LabelledSeries, ...]:
        """Return what a query comes to, step by step."""
        ...


@runtime_checkable
class ErrorClient(SourceClient, Protocol):
    """Keeps errors."""

    def errors(self, trace_ids: Sequence[str], since_us: int, until_us: int, *, limit: int) -> list[OutsideError]:
        """Return the newest errors of a time; those of traces alone where any are named."""
        ...
