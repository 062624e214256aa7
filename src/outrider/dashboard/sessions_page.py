"""Pages of sessions: a list with filters, and one visit as a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from outrider.dashboard.page_addresses import (
    errors_path,
    replay_path,
    session_path,
    sessions_path,
    trace_path,
    vitals_path,
)
from outrider.dashboard.page_templates import render
from outrider.dashboard.session_links import session_links
from outrider.dashboard.view_events import HEAD, TRACE_AT, read_events
from outrider.dashboard.vital_figures import vital_figure, vital_tone
from outrider.dashboard.vitals_page import FILTERS, ORIGINS, VIEW_SPANS, VitalsQuery
from outrider.model import UsageError
from outrider.real_users import SessionFilter, Vital

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.real_users import PageView, RealUserReader

TROUBLES: Final = ("error", "rage click", "dead click", "failed call")
PAGE_OF_SESSIONS: Final = 50
_TONES: Final = {
    "error": "bad", "rage click": "warn", "dead click": "warn", "failed to load": "warn",
}  # fmt: skip
_FAILED_STATUS: Final = 400
_CUT: Final = 200
_STATUS_AT, _DURATION_AT = 3, 4


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """What happened at one moment of a view.

    Attributes:
        issue: The number of the issue of an error; 0 for none that is kept.
        trace: Of a call; "" for none.
    """

    at_us: int
    offset_ms: int
    kind: str
    text: str
    detail: str
    tone: str
    issue: int = 0
    trace: str = ""


@dataclass(frozen=True, slots=True)
class ViewEntry:
    """A view with its vitals and what happened in it."""

    view: PageView
    vitals: tuple[tuple[str, str, str, str], ...]
    entries: tuple[TimelineEntry, ...]


def sessions_page(reader: RealUserReader, sources: Sources, asked: Mapping[str, str], context: PageContext) -> str:
    """Return the list.

    Raises:
        TelemetryError: If the telemetry cannot be asked.
    """
    query = VitalsQuery.of(asked, sources.now_us())
    has = asked.get("has", "") if asked.get("has", "") in TROUBLES else ""
    wanted = SessionFilter(query.wanted, has, asked.get("user", ""), asked.get("trace", "").lower())
    before = asked.get("before", "")
    before_us = int(before) if before.isdecimal() and len(before) < 18 else 0
    rows = reader.sessions(wanted, limit=PAGE_OF_SESSIONS + 1, before_us=before_us)
    shown = rows[:PAGE_OF_SESSIONS]
    replayed = sources.store.replays.among([row.session for row in shown])
    chosen = {
        "since": query.span.name, "has": has, "user": wanted.user, "trace": wanted.trace_id, "origin": query.origin,
        **query.filters,
    }  # fmt: skip
    values = {
        "rows": shown, "query": query, "chosen": chosen, "troubles": TROUBLES, "origins": ORIGINS, "filters": FILTERS,
        "times": [(name, sessions_path(**chosen | {"since": name}), name == query.span.name) for name in VIEW_SPANS],
        "next": sessions_path(**chosen, before=str(shown[-1].start_us)) if len(rows) > len(shown) else "",
        "session_path": session_path, "replay_path": replay_path, "replayed": replayed,
        "figure": vital_figure, "tone": vital_tone, "lcp": Vital.LCP,
        "vitals": vitals_path(since=query.span.name, origin=query.origin, **query.filters),
    }  # fmt: skip
    return render("sessions.html", context, values)


def session_page(reader: RealUserReader, sources: Sources, session: str, context: PageContext) -> str:
    """Return one visit.

    Raises:
        UsageError: unknown-visit.
        TelemetryError: If the telemetry cannot be asked.
    """
    views = reader.session_views(session)
    if not views:
        fix = "see /sessions; sessions are kept for [telemetry] sessions, 30 days unless it says otherwise"
        raise UsageError(f"no view of a session {session[:40]!r} is kept", slug="unknown-visit", fix=fix)
    first, last = views[0], max(views, key=lambda view: view.start_us + view.duration_ms * 1000)
    values = {
        "session": session, "first": first, "views": [_entry(view, sources) for view in views],
        "end_us": last.start_us + last.duration_ms * 1000, "errors": sum(view.errors for view in views),
        "rage": sum(view.rage_clicks for view in views), "dead": sum(view.dead_clicks for view in views),
        "failed": sum(view.failed_calls for view in views), "user": next((v.user for v in views if v.user), ""),
        "user_path": sessions_path(user=next((v.user for v in views if v.user), ""), since="30d"),
        "origin": ORIGINS.get(first.origin, first.origin), "vitals_path": vitals_path, "trace_path": trace_path,
        "errors_path": errors_path, "replay": replay_path(session) if sources.store.replays.among([session]) else "",
        "elsewhere": session_links(_custom_texts(views)),
    }  # fmt: skip
    return render("session.html", context, values)


def _custom_texts(views: Iterable[PageView]) -> Iterator[str]:
    """Yield what pages say with events of their own, without texts so long that they may have been cut."""
    for event in (event for view in views for event in read_events(view) if event[1] == "event"):
        yield from (part for part in event[HEAD - 1 :] if isinstance(part, str) and len(part) < _CUT)


def _entry(view: PageView, sources: Sources) -> ViewEntry:
    figures = {
        Vital.LCP: view.lcp_ms, Vital.INP: view.inp_ms, Vital.CLS: view.cls, Vital.FCP: view.fcp_ms,
        Vital.TTFB: view.ttfb_ms,
    }  # fmt: skip
    vitals = tuple(
        (vital.upper(), vital_figure(vital, value), vital_tone(vital, value), view.causes.get(f"{vital}.element", ""))
        for vital, value in figures.items()
        if value is not None
    )
    entries = tuple(timeline_entry(view, event, sources) for event in read_events(view))
    return ViewEntry(view, vitals, entries)


def timeline_entry(view: PageView, event: list[Any], sources: Sources) -> TimelineEntry:
    """Return what an event of a view tells."""
    offset_ms, kind, text, *_ = event
    at_us = view.start_us + int(offset_ms) * 1000
    if kind == "call" and len(event) > TRACE_AT:
        status = int(event[_STATUS_AT] or 0)
        answer = str(status) if status else "no answer"
        tone = "bad" if not status or status >= _FAILED_STATUS else ""
        detail = f"{answer}, {event[_DURATION_AT]} ms"
        return TimelineEntry(at_us, offset_ms, kind, text, detail, tone, trace=str(event[TRACE_AT]))
    if kind == "error":
        place = sources.store.errors.event(str(event[_STATUS_AT])) if len(event) > _STATUS_AT else None
        return TimelineEntry(at_us, offset_ms, kind, text, "", "bad", issue=place.issue if place else 0)
    detail = " ".join(str(part) for part in event[HEAD:])
    return TimelineEntry(at_us, offset_ms, kind, text, detail, _TONES.get(kind, ""))
