"""The page of a replay: the player, and beside it what happened meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.dashboard.page_addresses import session_path, trace_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.replay_answers import replay_parts
from outrider.dashboard.sessions_page import TimelineEntry, timeline_entry
from outrider.dashboard.view_events import read_events
from outrider.real_users import playable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import ReplaySegment
    from outrider.real_users import PageView

_MOST_ERRORS: Final = 1_000
GROUPS: Final = {"errors": "Errors and console", "calls": "Network", "others": "Pages and clicks"}
_GROUPS: Final = {"error": "errors", "failed to load": "errors", "call": "calls"}


@dataclass(frozen=True, slots=True)
class ReplayMoment:
    """Something that happened in a session.

    Attributes:
        at_ms: Since the replay begins; negative before.
        group: One of `GROUPS`.
    """

    at_ms: int
    group: str
    entry: TimelineEntry


def replay_page(sources: Sources, session: str, views: Sequence[PageView], context: PageContext, why: str = "") -> str:
    """Return the replay of a session.

    Args:
        sources: What the page is made from.
        session: Of which the replay is.
        views: Its page views, as far as they are kept.
        context: What every page shows.
        why: Why views are not known; "" where they are.

    Raises:
        UsageError: unknown-replay.
    """
    parts = replay_parts(sources.store.replays, session)
    played = playable(parts)
    files = context.files
    start_us = min((part.start_us for part in played), default=parts[0].start_us)
    moments = _moments(views, parts, sources, start_us)
    values = {
        "session": session, "session_path": session_path(session) if views else "", "parts": parts, "played": played,
        "start_us": start_us, "end_us": max((part.end_us for part in played), default=start_us),
        "bytes": sum(part.content_bytes for part in parts), "missing": len(parts) - len(played),
        "player": files.player if files is not None else "", "moments": moments, "groups": GROUPS, "why": why,
        "addresses": json.dumps([files.replay(part) for part in played] if files is not None else []),
        "trace_path": trace_path, "has_earlier": bool(moments and played and moments[0].at_ms < 0),
    }  # fmt: skip
    return render("replay.html", context, values)


def _moments(
    views: Sequence[PageView], parts: Sequence[ReplaySegment], sources: Sources, start_us: int
) -> list[ReplayMoment]:
    """Return what views tell, and errors that a client says happened in a part."""
    moments = []
    named = dict.fromkeys(name for part in parts for name in part.error_ids)
    for event in sources.store.errors.of_ids(list(named)[:_MOST_ERRORS]):
        entry = TimelineEntry(
            event.at_us, 0, "error", event.message, "", "bad", issue=event.issue, trace=event.trace_id
        )  # fmt: skip
        moments.append(ReplayMoment((event.at_us - start_us) // 1000, "errors", entry))
    for view in views:
        page = TimelineEntry(view.start_us, 0, "page", view.page, "", "", trace=view.trace_id)
        for entry in (page, *(timeline_entry(view, event, sources) for event in read_events(view))):
            group = _GROUPS.get(entry.kind, "others")
            moments.append(ReplayMoment((entry.at_us - start_us) // 1000, group, entry))
    return sorted(moments, key=lambda moment: moment.at_ms)
