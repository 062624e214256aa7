"""The overview as a page, and as a wall that is read across the room."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from outrider.dashboard.check_state import State
from outrider.dashboard.page_templates import render
from outrider.model import counted

if TYPE_CHECKING:
    from outrider.dashboard.overview import Filter, OverviewView
    from outrider.dashboard.page_templates import PageContext
    from outrider.model import ServiceView

_MOST_TILES = 50


def overview_page(view: OverviewView, context: PageContext) -> str:
    """Return the overview as a page."""
    wanted = view.filter
    values = {
        "view": view,
        "tone": _tone(view),
        "service_line": service_line(view.service),
        "page_address": lambda page: f"{context.base}/?{urlencode({**filter_query(wanted), 'page': page})}",
    }
    return render("overview.html", context, values)


def wall_page(view: OverviewView, context: PageContext) -> str:
    """Return the overview for a screen across the room: the worst checks first, as tiles."""
    lines = [line for group in view.groups for line in group.lines]
    tiles = sorted(lines, key=lambda line: (not line.status.needs_attention, line.status.state.rank))[:_MOST_TILES]
    shown = sum(line.status.needs_attention for line in tiles)
    values = {
        "view": view,
        "tone": _tone(view),
        "service_line": service_line(view.service),
        "tiles": tiles,
        "hidden_attention": max(view.attention - shown, 0),
    }
    return render("wall.html", context, values)


def filter_query(wanted: Filter) -> dict[str, str]:
    """Return a filter as the parameters of an address."""
    named = {
        "q": wanted.text, "tag": wanted.tag, "environment": wanted.environment,
        "location": wanted.location, "state": wanted.state,
    }  # fmt: skip
    return {name: value for name, value in named.items() if value}


def service_line(service: ServiceView) -> str:
    """Return how the service does: "1 run under way, 0 waiting."."""
    if "scheduler" in service.problems:
        return "The process of the scheduler is away: no check runs."
    if not service.leads:
        return "Another process runs the checks." if service.is_led else "No process runs the checks now."
    if not service.is_alive:
        return "The scheduler has stopped."
    unjudged = f", {service.unjudged:,} not judged yet" if service.unjudged else ""
    return f"{counted(service.running, 'run')} under way, {service.waiting:,} waiting{unjudged}."


def _tone(view: OverviewView) -> str:
    if view.attention:
        return "bad" if view.counts.get(State.FAILING, 0) + view.counts.get(State.BROKEN, 0) else "warn"
    return "good" if view.total and view.counts.get(State.WELL, 0) else "gap"
