"""The telemetry of a workspace and its sources as one: what ours does not hold of a trace is looked up there."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Final, Self

from outrider.app.lookup.request_traces import takes_traces
from outrider.app.lookup.source_access import workspace_sources
from outrider.app.lookup.telemetry_access import open_telemetry, reach_telemetry, telemetry_settings
from outrider.model import Matches, MeasuredTable, RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.model import LogRecord, RowPosition, Span, SpanRates
    from outrider.real_users import PageView, SessionFilter, SessionRow
    from outrider.sources import OutsideSources
    from outrider.telemetry_store import TelemetryStore
    from outrider.workspace import Workspace

_OF_TRACE: Final = re.compile(r"trace:([0-9a-f]{32})(?: level>=(warn))?(?: (?:since|until):\S+)*")
_WARN: Final = 13
_AROUND_NS: Final = 86_400 * 10**9


class JoinedTelemetry:
    """Implements the ports of `TelemetryStore`; closing it closes our telemetry, the sources are shared.

    Args:
        own: Our telemetry; None where the workspace takes none, so that questions which sources cannot answer find
            nothing, or are refused as everywhere.
        sources: Where else traces and log records are kept.
        workspace: Whose settings say why there is no telemetry of ours.
    """

    def __init__(self, own: TelemetryStore | None, sources: OutsideSources, workspace: Workspace) -> None:
        self.own = own
        self.sources = sources
        self._workspace = workspace

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.own is not None:
            self.own.close()

    def __getattr__(self, name: str) -> Any:
        """Return what our telemetry answers alone.

        Raises:
            UsageError: telemetry-off, switched-off.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.ours, name)

    @property
    def ours(self) -> TelemetryStore:
        """Our telemetry.

        Raises:
            UsageError: telemetry-off, switched-off.
        """
        if self.own is None:
            telemetry_settings(self._workspace)
            raise AssertionError  # what is taken is opened
        return self.own

    def trace(self, trace_id: str, *, limit: int = 10_000) -> tuple[Span, ...]:
        """Return the spans of a trace, by their start; of the first source that knows it where ours does not."""
        spans = self.own.trace(trace_id, limit=limit) if self.own is not None else ()
        return spans or self.sources.traces([trace_id.lower()]).get(trace_id.lower(), ())[:limit]

    def traces(
        self, trace_ids: Sequence[str], *, limit: int = 50_000, spans_each: int = 10_000
    ) -> Mapping[str, tuple[Span, ...]]:
        """Return the spans of up to 1,000 traces by their ids, unknown ones left out.

        Of each trace the first `spans_each` spans. Those that are not among the first `limit` spans of all have none.
        """
        own = self.own.traces(trace_ids, limit=limit, spans_each=spans_each) if self.own is not None else {}
        known, left = dict(own), limit - sum(map(len, own.values()))
        for trace_id, spans in self.sources.traces([trace_id for trace_id in trace_ids if trace_id not in own]).items():
            known[trace_id] = spans[:spans_each] if len(spans[:spans_each]) <= left else ()
            left -= len(known[trace_id])
        return known

    def search_logs(
        self, query: str, *, limit: int = 50, after_ns: int = 0, before: RowPosition | None = None
    ) -> Matches[LogRecord]:
        """Return matching log records, the newest first; of a trace of which ours has none, those of sources."""
        asked = _OF_TRACE.fullmatch(query.strip())
        matches: Matches[LogRecord]
        if self.own is None and asked is not None:
            matches = Matches((), after_ns, time.time_ns(), is_complete=True)
        else:
            matches = self.ours.search_logs(query, limit=limit, after_ns=after_ns, before=before)
        if matches.rows or asked is None or before is not None:
            return matches
        rows = self._logs_of(asked[1], _WARN if asked[2] else 0, limit)
        return Matches(rows, matches.since_ns, matches.until_ns, is_complete=len(rows) < limit)

    def _logs_of(self, trace_id: str, least_severity: int, limit: int) -> tuple[LogRecord, ...]:
        spans = self.trace(trace_id)
        since_ns = min((span.time_ns for span in spans), default=time.time_ns() - _AROUND_NS) - _AROUND_NS
        until_ns = max((span.time_ns + span.duration_ns for span in spans), default=time.time_ns()) + _AROUND_NS
        return self.sources.logs(since_ns, until_ns, trace_id=trace_id, least_severity=least_severity, limit=limit)

    def measure(self, kind: RecordKind, query: str, **options: Any) -> MeasuredTable:
        """Return a measure of what matches; how many log records a trace has where ours has none, by sources."""
        asked = _OF_TRACE.fullmatch(query.strip())
        is_count = kind is RecordKind.LOGS and asked is not None and not options
        if self.own is None and is_count:
            table = MeasuredTable(("count",), (), 0, time.time_ns(), is_complete=True)
        else:
            table = self.ours.measure(kind, query, **options)
        if not is_count or asked is None or any(row[-1] for row in table.rows):
            return table
        rows = self._logs_of(asked[1], 0, 1_000)
        return MeasuredTable(table.columns, ((float(len(rows)),),), table.since_ns, table.until_ns, is_complete=True)

    def search_spans(self, query: str, **options: Any) -> Matches[Span]:
        """Return matching spans of ours, the newest first."""
        if self.own is None and takes_traces(self._workspace):
            return Matches((), 0, time.time_ns(), is_complete=True)
        return self.ours.search_spans(query, **options)

    def services(self, since_ns: int, until_ns: int, *, with_synthetic: bool = False) -> list[SpanRates]:
        """Return every service that spans of ours enter, by name."""
        return self.own.services(since_ns, until_ns, with_synthetic=with_synthetic) if self.own is not None else []

    def session_views(self, session: str, *, limit: int = 500) -> list[PageView]:
        """Return the views of a visit, by their start; none without telemetry of ours."""
        return self.own.session_views(session, limit=limit) if self.own is not None else []

    def sessions(self, wanted: SessionFilter, *, limit: int = 50, before_us: int = 0) -> list[SessionRow]:
        """Return visits, those that began last first; none without telemetry of ours."""
        return self.own.sessions(wanted, limit=limit, before_us=before_us) if self.own is not None else []


def open_joined(workspace: Workspace) -> JoinedTelemetry:
    """Open the telemetry of a workspace as `open_telemetry` does, and reach its sources."""
    return join_telemetry(workspace, open_telemetry)


def reach_joined(workspace: Workspace) -> JoinedTelemetry:
    """Reach the telemetry of a workspace as `reach_telemetry` does, and its sources."""
    return join_telemetry(workspace, reach_telemetry)


def join_telemetry(workspace: Workspace, open_own: Callable[[Workspace], TelemetryStore]) -> JoinedTelemetry:
    """Return the telemetry of a workspace, opened where it takes any or nothing else is asked, and its sources."""
    is_taken = workspace.telemetry is not None and workspace.capabilities.telemetry
    sources = workspace_sources(workspace)
    own = open_own(workspace) if is_taken or not sources.states() else None
    return JoinedTelemetry(own, sources, workspace)
