"""What is asked of the sources of a workspace; `outrider.sources` implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model.outside_source import LabelledSeries, OutsideError, SourceState
    from outrider.model.telemetry import LogRecord, Span


class LabelledSeriesReader(Protocol):
    """Answers queries of PromQL, each within the source's timeout."""

    def series(
        self, query: str, since_s: float, until_s: float, every_s: float, *, source: str = ""
    ) -> tuple[LabelledSeries, ...]:
        """Return what a query comes to at `since_s`, every `every_s` seconds after it, up to `until_s`.

        A time without a finite value is left out. `source` names one of kind `prometheus`; the only one if empty.

        Raises:
            UsageError: unknown-source.
            SourceError: source-query where it refuses the query, else source-away, source-refused, source-garbage.
        """


class OutsideReader(LabelledSeriesReader, Protocol):
    """Answers what other servers know; a source that does not answer is left out, and told by `states`.

    A source that did not answer is not asked again for a while: no call takes longer than each source's timeout.
    """

    @property
    def has_traces(self) -> bool:
        """Whether any source keeps traces."""

    def traces(self, trace_ids: Sequence[str]) -> Mapping[str, tuple[Span, ...]]:
        """Return the spans of traces by their ids, by their start; unknown ones are left out."""

    def logs(
        self, since_ns: int, until_ns: int, *, trace_id: str = "", least_severity: int = 0, limit: int = 50
    ) -> tuple[LogRecord, ...]:
        """Return log records of a time, the newest first; of a trace alone where one is named."""

    def errors(
        self, trace_ids: Sequence[str], since_us: int, until_us: int, *, limit: int = 20
    ) -> tuple[OutsideError, ...]:
        """Return the newest errors of a time; those of traces alone where any are named."""

    def states(self) -> tuple[SourceState, ...]:
        """Return how each source answered last, without asking."""

    def check(self) -> tuple[SourceState, ...]:
        """Ask each source who it is, side by side."""
