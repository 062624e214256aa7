"""Every file of the public status page: what is served and what is exported are the same bytes.

All addresses are relative, so that the files can lie below any path; nothing is asked of another host.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from outrider.charts import draw_uptime
from outrider.dashboard.component_state import ComponentState
from outrider.dashboard.page_templates import drawn
from outrider.dashboard.reader_clock import ReaderClock, percent
from outrider.model import counted, printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment
    from markupsafe import Markup

    from outrider.dashboard.status_incidents import StatusIncident
    from outrider.dashboard.status_page_view import ComponentView, StatusPageView

_ATOM = "http://www.w3.org/2005/Atom"
_MOST_ENTRIES = 50
_BADGE_COLOURS = {
    ComponentState.DOWN: "#b3261e",
    ComponentState.DEGRADED: "#8a5a00",
    ComponentState.MAINTENANCE: "#2563c9",
    ComponentState.NO_DATA: "#5b6776",
    ComponentState.OPERATIONAL: "#1b7a3d",
}
_WIDE = 0x1100
"""From here on a character is about twice as wide, as far as a badge is concerned."""


@dataclass(frozen=True, slots=True)
class StatusDocument:
    """A file of the page."""

    content: bytes
    media_type: str

    @property
    def etag(self) -> str:
        """Changes whenever the content does."""
        return f'"{sha256(self.content).hexdigest()[:24]}"'


def status_documents(view: StatusPageView) -> Mapping[str, StatusDocument]:
    """Return every file of the page, by its path below the page's address."""
    clock = ReaderClock(view.timezone, view.now_us)
    documents = {
        "index.html": _html("status.html", clock, view, up=""),
        "history.html": _html("status_history.html", clock, view, up=""),
        "status.css": StatusDocument(_style(), "text/css; charset=utf-8"),
        "feed.atom": _text(_feed(view, clock), "application/atom+xml; charset=utf-8"),
        "status.json": _text(_json(view, clock), "application/json"),
        "badge.svg": _text(status_badge(view.title, view.state), "image/svg+xml"),
    }
    for component in view.components:
        badge = status_badge(component.name, component.state)
        documents[f"badges/{component.id}.svg"] = _text(badge, "image/svg+xml")
    for incident in view.incidents:
        page = _html("status_incident.html", clock, view, up="../", incident=incident)
        documents[f"incidents/{incident.id}.html"] = page
    return documents


def status_badge(label: str, state: ComponentState) -> str:
    """Return a badge: a label and a state."""
    svg = ElementTree.Element(
        "svg", {"xmlns": "http://www.w3.org/2000/svg", "height": "20", "role": "img", "aria-label": f"{label}: {state}"}
    )
    label = label if len(label) <= 40 else f"{label[:40]}…"
    left, right = _width(label), _width(state.value)
    svg.set("width", str(left + right))
    ElementTree.SubElement(svg, "title").text = f"{label}: {state}"
    for x, width, colour, text in ((0, left, "#3d4753", label), (left, right, _BADGE_COLOURS[state], state.value)):
        box = {"x": str(x), "width": str(width), "height": "20", "fill": colour}
        ElementTree.SubElement(svg, "rect", box)
        place = {
            "x": f"{x + width / 2:g}", "y": "14", "fill": "#fff", "text-anchor": "middle", "font-size": "11",
            "font-family": "system-ui,sans-serif", "textLength": str(width - 12), "lengthAdjust": "spacingAndGlyphs",
        }  # fmt: skip
        ElementTree.SubElement(svg, "text", place).text = text
    return ElementTree.tostring(svg, encoding="unicode")


def _width(text: str) -> int:
    return 12 + sum(12 if ord(character) >= _WIDE else 7 for character in text)


def _feed(view: StatusPageView, clock: ReaderClock) -> str:
    feed = ElementTree.Element("feed", {"xmlns": _ATOM})
    if view.url:
        feed.set("xml:base", view.url)
    _child(feed, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, view.url or f'outrider status page {view.title}')}")
    _child(feed, "title", view.title)
    latest_us = max((incident.changed_us for incident in view.incidents), default=view.now_us)
    _child(feed, "updated", clock.iso(latest_us))
    ElementTree.SubElement(feed, "link", {"rel": "self", "href": f"{view.url}feed.atom"})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": view.url or "index.html"})
    author = ElementTree.SubElement(feed, "author")
    _child(author, "name", view.title)
    latest_first = sorted(view.incidents, key=lambda incident: -incident.changed_us)
    for incident in latest_first[:_MOST_ENTRIES]:
        _entry(feed, incident, view, clock)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(feed, encoding="unicode")}\n'


def _entry(feed: ElementTree.Element, incident: StatusIncident, view: StatusPageView, clock: ReaderClock) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    _child(entry, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, f'{view.url} {incident.id}')}")
    _child(entry, "title", f"{incident.title} ({incident.phase})")
    _child(entry, "updated", clock.iso(incident.changed_us))
    _child(entry, "published", clock.iso(incident.began_us))
    link = {"rel": "alternate", "type": "text/html", "href": f"{view.url}incidents/{incident.id}.html"}
    ElementTree.SubElement(entry, "link", link)
    lines = [f"{clock.exact(update.at_us)}, {update.phase}: {update.text}" for update in incident.updates]
    content = ElementTree.SubElement(entry, "content", {"type": "text"})
    content.text = printable("\n\n".join(lines))


def _child(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = printable(text)


def _json(view: StatusPageView, clock: ReaderClock) -> str:
    body = {
        "title": view.title,
        "state": view.state,
        "at": clock.iso(view.now_us),
        "is_current": view.is_current,
        "components": [_component(component) for component in view.components],
        "incidents": [_incident(incident, view, clock) for incident in view.incidents],
        "maintenance": [
            {
                "begins": clock.iso(window.begins_us),
                "ends": clock.iso(window.ends_us),
                "components": list(view.named(window.components)),
                "text": window.text,
            }
            for window in view.maintenance
        ],
    }
    return json.dumps(printable_json(body), ensure_ascii=False, indent=1)


def _component(component: ComponentView) -> dict[str, object]:
    return {
        "id": component.id,
        "name": component.name,
        "group": component.group,
        "state": component.state,
        "availability_90_days": component.availability,
    }


def _incident(incident: StatusIncident, view: StatusPageView, clock: ReaderClock) -> dict[str, object]:
    return {
        "id": incident.id,
        "title": incident.title,
        "state": incident.phase,
        "impact": incident.impact,
        "components": list(view.named(incident.components)),
        "began": clock.iso(incident.began_us),
        "updates": [
            {"at": clock.iso(update.at_us), "state": update.phase, "text": update.text} for update in incident.updates
        ],
    }


def _text(text: str, media_type: str) -> StatusDocument:
    return StatusDocument(printable(text).encode(), media_type)


def _html(template: str, clock: ReaderClock, view: StatusPageView, *, up: str, **values: object) -> StatusDocument:
    shared = {
        "view": view, "clock": clock, "up": up,
        "style_version": sha256(_style()).hexdigest()[:12], "states": list(ComponentState),
    }  # fmt: skip
    text = _environment().get_template(template).render({**shared, **values})
    return _text(text, "text/html; charset=utf-8")


@cache
def _style() -> bytes:
    tokens = (files("outrider.charts") / "tokens.css").read_bytes()
    return tokens + (files("outrider.dashboard") / "static" / "status.css").read_bytes()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only where the page is asked for

    environment = Environment(
        loader=PackageLoader("outrider.dashboard"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"percent": percent, "uptime": _uptime, "paragraphs": _paragraphs}
    return environment


def _uptime(component: ComponentView) -> Markup:
    bad = sum(1 for day in component.days if day.failed)
    days = counted(bad, "day")
    title = f"{component.name}, 90 days: {percent(component.availability)} available, failures on {days}"
    return drawn(draw_uptime([day.tone for day in component.days], title))


def _paragraphs(text: str) -> list[str]:
    return [part for part in text.split("\n") if part.strip()]
