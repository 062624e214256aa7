"""What belongs together: traces, runs, issues, sessions and log records, found from any of them by the traces' ids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from outrider.causes import problems_of, why_unnamed
from outrider.dashboard.api_values import instant
from outrider.dashboard.log_view import instant_text
from outrider.dashboard.missing_traces import linked_without_spans
from outrider.dashboard.page_addresses import issue_path, logs_path, run_path, session_path, trace_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.view_events import traces_of_view
from outrider.model import IssueId, RecordKind, TelemetryError, UsageError, is_trace_id, title_of
from outrider.real_users import SessionFilter, ViewFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrider.dashboard.missing_traces import SpanKeeping
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import ErrorLog, OutsideError, RunLog, Span, TraceLinkLog
    from outrider.real_users import RealUserReader

_MOST_TRACES: Final = 20
_MOST_ISSUES: Final = 20
_SESSIONS: Final = 5
_EXPLAINED_RUNS: Final = 3
_DAY_S: Final = 86_400
_KEPT_US: Final = 30 * _DAY_S * 10**6
_ORIGINS: Final = ("", "synthetic")


class RelatedKind(StrEnum):
    """From what one may start."""

    TRACE = "trace"
    RUN = "run"
    ISSUE = "issue"
    SESSION = "session"


class RelatedRecords(Protocol):
    """Where runs, their traces and errors are kept."""

    @property
    def runs(self) -> RunLog:
        """Runs."""
        ...

    @property
    def trace_links(self) -> TraceLinkLog:
        """Their traces."""
        ...

    @property
    def errors(self) -> ErrorLog:
        """Issues and events."""
        ...


@dataclass(frozen=True, slots=True)
class RelatedTelemetry:
    """What is asked of telemetry: spans and log records, views of real users, and errors that others keep."""

    spans: SpanKeeping
    users: RealUserReader
    errors: Callable[[Sequence[str]], Sequence[OutsideError]] = lambda _: ()


@dataclass(frozen=True, slots=True)
class RelatedTrace:
    """A trace: how many spans and log records are kept of it; `logs` is null where that was not asked for."""

    id: str
    spans: int
    logs: int | None
    path: str
    logs_path: str


@dataclass(frozen=True, slots=True)
class RelatedItem:
    """A run, an issue or a session.

    Attributes:
        text: What people call it.
        trace: The one by which it belongs to the others.
        at: When, in ISO 8601; null where that is not known.
        path: Of its page; a whole address where another program keeps it.
    """

    id: str
    text: str
    trace: str
    at: str | None
    path: str


@dataclass(frozen=True, slots=True)
class Related:
    """All that shares a trace with something; `more_traces` are left out, and `unknown` says why telemetry is not.

    Attributes:
        errors: Those that sources keep.
        missing: Why some of the traces have no spans; empty if each has some, or that is unknown.
    """

    kind: str
    name: str
    traces: tuple[RelatedTrace, ...]
    more_traces: int
    runs: tuple[RelatedItem, ...]
    issues: tuple[RelatedItem, ...]
    sessions: tuple[RelatedItem, ...]
    unknown: str = ""
    errors: tuple[RelatedItem, ...] = ()
    missing: str = ""


def related(
    records: RelatedRecords, telemetry: RelatedTelemetry | None, kind: RelatedKind, name: str, now_us: int
) -> Related:
    """Return all that shares a trace with a trace, run, issue or session.

    Args:
        records: What is kept in the store.
        telemetry: None where none is taken.
        kind: What `name` is the id of; a run's may be a unique part.
        name: Of what one starts from.
        now_us: Microseconds UTC.

    Raises:
        UsageError: unknown-trace, unknown-run, unknown-issue, unknown-visit, telemetry-off.
        TelemetryError: If the telemetry cannot be read.
    """
    named = list(dict.fromkeys(_trace_ids(records, telemetry, kind, name)))
    ids = named[:_MOST_TRACES]
    spans = telemetry.spans.reader.traces(ids) if telemetry is not None and ids else {}
    traces = tuple(_trace(telemetry, trace, spans.get(trace, ())) for trace in ids)
    sessions = tuple(_sessions(telemetry, ids, now_us)) if telemetry is not None else ()
    return Related(
        kind.value, name, traces, len(named) - len(ids), tuple(_runs(records, ids)),
        tuple(_issues(records, ids, now_us)), sessions,
        errors=tuple(map(_error, telemetry.errors(ids))) if telemetry is not None and ids else (),
        missing=_missing(records, telemetry, [trace for trace in ids if not spans.get(trace)], now_us),
    )  # fmt: skip


def related_of(sources: Sources, kind: str, name: str) -> Related:
    """Return the same of a workspace; without its telemetry where that is off or away.

    Raises:
        UsageError: As `related`, and bad-parameter for another kind, switched-off.
    """
    sources.require("related", "finding what belongs together")
    if kind not in {known.value for known in RelatedKind}:
        fix = f"write one of {', '.join(RelatedKind)}"
        raise UsageError(f"{kind[:40]!r} is no kind of record", slug="bad-parameter", fix=fix)
    wanted = RelatedKind(kind)
    records, now_us = sources.store, sources.now_us()
    if not (sources.telemetry.has_traces or sources.telemetry.source_states()):
        return related(records, None, wanted, name, now_us)
    try:
        telemetry = RelatedTelemetry(
            sources.telemetry.keeping(), sources.telemetry.real_users(), sources.telemetry.outside_errors
        )
        return related(records, telemetry, wanted, name, now_us)
    except TelemetryError as error:
        return replace(related(records, None, wanted, name, now_us), unknown=error.what, missing="")


def related_page(view: Related, context: PageContext) -> str:
    """Return the page of what belongs together."""
    start = {"run": run_path, "issue": issue_path, "session": session_path, "trace": trace_path}[view.kind](view.name)
    return render("related.html", context, {"view": view, "start": start})


def _trace_ids(
    records: RelatedRecords, telemetry: RelatedTelemetry | None, kind: RelatedKind, name: str
) -> Iterator[str]:
    match kind:
        case RelatedKind.TRACE:
            if not is_trace_id(name.lower()):
                raise UsageError(f"{name[:40]!r} is no id of a trace", slug="unknown-trace", fix="it has 32 digits")
            yield name.lower()
        case RelatedKind.RUN:
            yield from (link.trace_id for link in records.trace_links.of_run(records.runs.get(name).run.id))
        case RelatedKind.ISSUE:
            number = name.removeprefix("#")
            issue = IssueId(int(number)) if number.isascii() and number.isdigit() and len(number) < 16 else IssueId(0)
            if records.errors.issue(issue, 0, hours=1) is None:
                raise UsageError(
                    f"there is no issue {name[:40]}", slug="unknown-issue", fix="outrider errors lists them"
                )
            yield from (event.trace_id for event in records.errors.events(issue) if event.trace_id)
        case RelatedKind.SESSION:
            views = telemetry.users.session_views(name) if telemetry is not None else []
            if not views:
                fix = "outrider sessions lists them; they lie in the telemetry"
                raise UsageError(f"no view of a session {name[:40]!r} is kept", slug="unknown-visit", fix=fix)
            yield from (trace for view in views for trace in traces_of_view(view) if is_trace_id(trace))


def _missing(records: RelatedRecords, telemetry: RelatedTelemetry | None, trace_ids: Sequence[str], now_us: int) -> str:
    """Return why traces have no spans, each reason once; empty if there are none."""
    if not trace_ids:
        return ""
    if telemetry is None:
        return "this workspace takes no telemetry, and reads none from elsewhere"
    if why := problems_of(telemetry.spans.sources):
        return why
    links = records.trace_links.of_traces(trace_ids)
    reasons: list[str] = []
    for name in list(dict.fromkeys(link.run for link in links))[:_EXPLAINED_RUNS]:
        run = records.runs.get(name).run
        own = [link for link in links if link.run == name]
        reasons.append(linked_without_spans(telemetry.spans, run, own, now_us))
    if set(trace_ids) - {link.trace_id for link in links}:
        reasons.append(why_unnamed(telemetry.spans.kept_s))
    return "; ".join(dict.fromkeys(reasons))


def _trace(telemetry: RelatedTelemetry | None, trace: str, spans: Sequence[Span]) -> RelatedTrace:
    around = ""
    if spans:
        since_s = max(min(span.time_ns for span in spans) // 10**9 - _DAY_S, 0)
        until_s = max(span.time_ns + span.duration_ns for span in spans) // 10**9 + _DAY_S
        around = f" since:{instant_text(since_s)} until:{instant_text(until_s)}"
    query = f"trace:{trace}{around or ' since:7d'}"
    logs = None
    if telemetry is not None:
        rows = telemetry.spans.reader.measure(RecordKind.LOGS, query).rows
        logs = int(rows[0][-1] or 0) if rows else 0
    return RelatedTrace(trace, len(spans), logs, trace_path(trace), logs_path(query))


def _runs(records: RelatedRecords, ids: Sequence[str]) -> Iterator[RelatedItem]:
    links = {(link.run, link.step): link for link in (records.trace_links.of_traces(ids, limit=200) if ids else ())}
    for link in list(links.values())[:_MOST_TRACES]:
        step = f", step {link.step}" if link.step else ""
        yield RelatedItem(link.run, f"{title_of(link.check)}{step}", link.trace_id, None, run_path(link.run))


def _issues(records: RelatedRecords, ids: Sequence[str], now_us: int) -> Iterator[RelatedItem]:
    latest = {event.issue: event for event in reversed(records.errors.of_traces(ids) if ids else ())}
    for number, event in list(latest.items())[:_MOST_ISSUES]:
        issue = records.errors.issue(number, now_us, hours=1)
        if issue is not None:
            text = f"{issue.title}: {issue.value}" if issue.value else issue.title
            yield RelatedItem(str(issue.id), text, event.trace_id, instant(event.at_us), issue_path(issue.id))


def _error(error: OutsideError) -> RelatedItem:
    text = f"{error.title} of {error.project}{f' ({error.issue})' if error.issue else ''}"
    return RelatedItem(error.id, text, error.trace_id, instant(error.at_us), error.url)


def _sessions(telemetry: RelatedTelemetry, ids: Sequence[str], now_us: int) -> Iterator[RelatedItem]:
    seen: set[str] = set()
    for trace in ids[:_SESSIONS]:
        for origin in _ORIGINS:
            views = ViewFilter(now_us - _KEPT_US, now_us + 10**6, origin=origin)
            for row in telemetry.users.sessions(SessionFilter(views, trace_id=trace), limit=_SESSIONS):
                if row.session not in seen:
                    seen.add(row.session)
                    text = f"{row.first_page}, {row.browser} on {row.system}"
                    yield RelatedItem(row.session, text, trace, instant(row.start_us), session_path(row.session))
