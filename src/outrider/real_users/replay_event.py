"""rrweb's events as a browser sent them -> what is kept: bounded, scrubbed, nothing in it that could run. Pure.

Events are of any shape: what is no event, or of a kind that a player has no use for, is left out. That the player runs
nothing either (sandbox, policy) is its own affair; this is so that no file that is kept holds a script.
https://github.com/rrweb-io/rrweb/blob/main/packages/types/src/index.ts
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from outrider.model import finite_number
from outrider.real_users.page_name import bare_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Scrub = Callable[[str, int], str]

MOST_EVENTS: Final = 20_000
_MOST_TEXT: Final = 20_000
_MOST_STYLE: Final = 2_000_000
_MOST_LINE: Final = 500
_LONGEST_MS: Final = 3_600_000
_DOM_LOADED, _LOADED, _FULL, _INCREMENT, _META, _CUSTOM = range(6)
_KINDS: Final = frozenset({_DOM_LOADED, _LOADED, _FULL, _INCREMENT, _META, _CUSTOM})
_MUTATION, _INPUT = 0, 5
_SOURCES: Final = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16})
"""Of increments; not canvas (9), whose commands are code, nor fonts (10), logs (11)."""
_ELEMENT: Final = 2
_PARENTS: Final = frozenset({0, _ELEMENT})
_NODES: Final = frozenset(range(6))
_OF_NODE: Final = (
    "type", "id", "tagName", "textContent", "rootId", "isSVG", "isCustom", "needBlock", "isShadowHost", "isShadow",
    "isStyle", "name", "publicId", "systemId", "compatMode",
)  # fmt: skip
_HARMFUL: Final = frozenset({"script", "iframe", "frame", "frameset", "object", "embed", "applet", "base", "portal"})
_STYLES: Final = frozenset({"style", "_csstext"})
_ADDRESSES: Final = frozenset(
    {"href", "src", "action", "formaction", "xlink:href", "poster", "data", "background", "srcset", "ping", "rr_src"}
)  # fmt: skip
_UNWANTED: Final = frozenset({"srcdoc", "http-equiv", "nonce", "integrity", "rr_dataurl", "tagname"})
_PLAIN: Final = frozenset({"class", "id", "d", "points"})
_PROPERTY: Final = re.compile(r"[a-z-]+|--[\w-]+")
_CODE: Final = re.compile(
    r"[\s\x00-\x20]*(javascript|vbscript|data:text|data:application|data:image/svg)", re.IGNORECASE
)


class BadReplay(Exception):
    """A body holds no events of a replay."""


@dataclass(frozen=True, slots=True)
class ReplayPart:
    """What is kept of a part.

    Attributes:
        content: A JSON array of events, in the order of their times.
        events: How many.
        left_out: How many were not taken.
        first_ms: When the first one happened, by the clock of the browser, and `last_ms`.
        has_snapshot: Whether the page as a whole is the first thing in it, so that nothing before is needed.
        page: The address that it begins on; "" if it does not say.
    """

    content: bytes
    events: int
    left_out: int
    first_ms: int
    last_ms: int
    has_snapshot: bool
    page: str


def read_replay(content: bytes, scrub: Scrub) -> ReplayPart:
    """Return what is kept of a JSON array of events.

    Args:
        content: As it was sent, inflated.
        scrub: Returns a text without secrets and personal data, of at most so many characters.

    Raises:
        BadReplay: If there is nothing to keep.
    """
    try:
        sent = json.loads(content)
    except (ValueError, RecursionError):
        raise BadReplay("it is no JSON") from None
    if not isinstance(sent, list):
        raise BadReplay("it is no array of events")
    cleaner = _Cleaner(scrub)
    events = [kept for event in sent[:MOST_EVENTS] if (kept := cleaner.event(event)) is not None]
    if not events:
        raise BadReplay("it holds no event of a replay")
    events.sort(key=lambda event: event["timestamp"])
    first = int(events[0]["timestamp"])
    within = [event for event in events if event["timestamp"] - first <= _LONGEST_MS]
    kinds = [event["type"] for event in within if event["type"] in {_FULL, _INCREMENT}]
    page = next((event["data"].get("href", "") for event in within if event["type"] == _META), "")
    return ReplayPart(
        json.dumps(within, ensure_ascii=True, separators=(",", ":")).encode(), len(within), len(sent) - len(within),
        first, int(within[-1]["timestamp"]), kinds[:1] == [_FULL], page if isinstance(page, str) else "",
    )  # fmt: skip


class _Cleaner:
    """Cleans events in place."""

    def __init__(self, scrub: Scrub) -> None:
        self._scrub = scrub

    def event(self, event: object) -> dict[str, Any] | None:
        """Return an event that may be kept; None if it may not."""
        if not isinstance(event, dict) or not _is_time(event.get("timestamp")) or not _is_of(_KINDS, event.get("type")):
            return None
        data = event.get("data")
        kept = self._data(event["type"], data if isinstance(data, dict) else {})
        return None if kept is None else {"type": event["type"], "data": kept, "timestamp": int(event["timestamp"])}

    def _data(self, kind: int, data: dict[str, Any]) -> dict[str, Any] | None:
        if kind == _META:
            size = {name: data[name] for name in ("width", "height") if _is_size(data.get(name))}
            href = self._text(bare_url(str(data.get("href", ""))[:2_000]), 500)
            return {"href": href, **size} if len(size) == 2 else None
        if kind == _FULL:
            offset = data.get("initialOffset")
            place = _scalars(offset, ("left", "top")) if isinstance(offset, dict) else {"left": 0, "top": 0}
            return {"node": data["node"], "initialOffset": place} if self._tree(data.get("node")) else None
        if kind == _CUSTOM:
            return self._console(data)
        return self._increment(data) if kind == _INCREMENT else {}

    def _console(self, data: dict[str, Any]) -> dict[str, Any] | None:
        """Return a line of the console, as our recorder sends it, or Sentry's, whose other notes are not taken."""
        payload = data.get("payload")
        line: dict[str, Any] = payload if isinstance(payload, dict) else {}
        if data.get("tag") == "breadcrumb" and line.get("category") == "console":
            line = {"level": line.get("level"), "text": line.get("message")}
        elif data.get("tag") != "console":
            return None
        level, text = line.get("level"), line.get("text")
        if not isinstance(level, str) or not isinstance(text, str):
            return None
        return {"tag": "console", "payload": {"level": level[:10], "text": self._text(text, _MOST_LINE)}}

    def _increment(self, data: dict[str, Any]) -> dict[str, Any] | None:
        if not _is_of(_SOURCES, data.get("source")):
            return None
        if data["source"] == _MUTATION:
            return self._mutation(data)
        if data["source"] == _INPUT and isinstance(data.get("text"), str):
            data["text"] = self._text(data["text"])
        text = repr(data)
        return None if "tagName" in text or "'attributes'" in text else data  # no such event has nodes

    def _mutation(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return changes of a page: of each no more than is known to be one."""

        def changes(name: str) -> list[dict[str, Any]]:
            listed = data.get(name)
            return [change for change in listed if isinstance(change, dict)] if isinstance(listed, list) else []

        kept: dict[str, Any] = _scalars(data, ("source", "isAttachIframe"))
        kept["removes"] = [_scalars(change, ("parentId", "id", "isShadow")) for change in changes("removes")]
        kept["texts"] = [
            {"id": _scalar(change.get("id")), "value": self._text(value) if isinstance(value, str) else None}
            for change in changes("texts")
            for value in [change.get("value")]
        ]
        kept["attributes"] = [
            {"id": _scalar(change.get("id")), "attributes": self._attributes(change.get("attributes"))}
            for change in changes("attributes")
        ]
        kept["adds"] = [
            _scalars(change, ("parentId", "nextId", "previousId")) | {"node": change["node"]}
            for change in changes("adds")
            if self._tree(change.get("node"))
        ]
        return kept

    def _tree(self, root: object) -> bool:
        """Clean a node and all below it; return False if it is none."""
        if not _is_node(root):
            return False
        waiting = [(root, False)]
        while waiting:
            node, is_style = waiting.pop()
            children, attributes = node.get("childNodes"), node.get("attributes")
            known = _scalars(node, _OF_NODE)
            node.clear()
            node.update(known)
            if node["type"] == _ELEMENT:
                node["attributes"] = attributes
                node["childNodes"] = children
                self._element(node)
                children = node["childNodes"]
            else:
                node.pop("tagName", None)
            if isinstance(node.get("textContent"), str):
                text = node["textContent"]
                node["textContent"] = text[:_MOST_STYLE] if is_style else self._text(text)
            if node["type"] in _PARENTS:
                node["childNodes"] = (
                    [child for child in children if _is_node(child)] if isinstance(children, list) else []
                )
                below = node.get("tagName") == "style"
                waiting.extend((child, below) for child in node["childNodes"])
        return True

    def _element(self, node: dict[str, Any]) -> None:
        """Make an element that could run or load something an empty one: others name it by its number."""
        name = node["tagName"].lower() if isinstance(node.get("tagName"), str) else "span"
        is_harmful = name.rpartition(":")[2] in _HARMFUL
        node["tagName"] = "noscript" if is_harmful else name if re.fullmatch(r"[a-z][\w:.-]{0,60}", name) else "span"
        node["attributes"] = {} if is_harmful else self._attributes(node.get("attributes"))
        if is_harmful:
            node["childNodes"] = []

    def _attributes(self, attributes: object) -> dict[str, Any]:
        if not isinstance(attributes, dict):
            return {}
        kept: dict[str, Any] = {}
        for name, value in list(attributes.items())[:500]:
            plain = name.strip().lower()
            if plain.startswith("on") or plain in _UNWANTED or (plain in _ADDRESSES and _is_code(value)):
                continue
            if isinstance(value, str):
                kept[name] = self._value(plain, value)
            elif plain == "style" and isinstance(value, dict):
                kept[name] = {
                    key: [_scalar(part) for part in own] if isinstance(own, list) else _scalar(own)
                    for key, own in value.items()
                    if _PROPERTY.fullmatch(key)
                }
            elif not isinstance(value, (dict, list)):
                kept[name] = value
        return kept

    def _value(self, name: str, value: str) -> str:
        if name in _STYLES:
            return value[:_MOST_STYLE]
        if name in _ADDRESSES and not value.startswith(("data:", "#")):
            return self._text(bare_url(value))
        return value if name in _PLAIN else self._text(value)

    def _text(self, text: str, most: int = _MOST_TEXT) -> str:
        text = text[:most]
        return self._scrub(text, most) if text.strip("* \t\r\n") else text


def _is_code(value: object) -> bool:
    return not isinstance(value, (str, type(None))) or bool(_CODE.match(value or ""))


def _scalar(value: object) -> object:
    return None if isinstance(value, (dict, list)) else value


def _scalars(values: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values and not isinstance(values[name], (dict, list))}


def _is_of(known: frozenset[int], value: object) -> bool:
    return type(value) is int and value in known


def _is_node(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and _is_of(_NODES, value.get("type"))


def _is_time(value: object) -> bool:
    number = finite_number(value)
    return number is not None and 0 < number < 2**53


def _is_size(value: object) -> bool:
    return _is_time(value) and value < 100_000  # type: ignore[operator]  # a number
