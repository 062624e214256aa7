"""Documents that clients send, bounded, printable, without secrets and personal data: before they touch a disk."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from outrider.errors.page_address import (
    ADDRESS_NAMES,
    FILE_NAMES,
    QUERY_NAMES,
    script_without_query,
    without_query,
)
from outrider.model import known_query, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

HIDDEN: Final = "***"
_DEEPEST: Final = 16
_MOST_ENTRIES: Final = 300
_MOST_VALUES: Final = 30_000
_NAME_CHARACTERS: Final = 200
_TEXT_CHARACTERS: Final = 8_192
_LINE_CHARACTERS: Final = 1_024
_REMEMBERED: Final = 50_000
_SHORT: Final = 200
_LARGEST: Final = 2**63
_PAIR: Final = 2
_DROPPED: Final = frozenset({"modules"})
_HIDDEN: Final = frozenset({"cookies", "sys.argv", "cookie", "set-cookie"})
_ADDRESSES: Final = frozenset({"ip_address", "remote_addr", "x-forwarded-for", "x-real-ip", "forwarded"})
_WITH_QUERY: Final = re.compile("https?://[^?#]*[?#]")

_PLAIN, _LINE, _FILE, _URL, _ADDRESS, _QUERY, _SECRET = range(7)
"""Kinds of values by their names. What is remembered of a text is the same for the first three."""


@dataclass(slots=True)
class _Room:
    """What is left of a document, and which of its texts are still as they were sent, with where they stand."""

    left: int = _MOST_VALUES
    places: list[tuple[Any, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class EventScrubber:
    """Scrubs documents; safe between threads as far as its functions are.

    Texts that were seen lately are known; the others of a document are scrubbed as one text, a line each, which for
    most changes nothing. Those of a part in which something is hidden are scrubbed by themselves.

    Args:
        text: Returns a text scrubbed and printable, of at most so many characters; what it hides in a line, it hides
            where that line is among others, too.
        hides: Whether the value of a name is hidden, whatever it is.
        query: Names of parameters that stay in queries; the values of all others are hidden.
    """

    def __init__(
        self, text: Callable[[str, int], str], hides: Callable[[str], bool], query: Collection[str] = ()
    ) -> None:
        self._text = text
        self._hides = hides
        self._query = query
        self._names: dict[str, tuple[str, bool, int]] = {}
        self._known: dict[str, str] = {}

    def text(self, text: str, most: int) -> str:
        """Return a text scrubbed and printable, of at most so many characters."""
        return self._text(text, most)

    def document(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return a document of which nothing is larger or deeper than it may be.

        Of a long list its beginning and its end are kept; addresses of the internet lose their last part, addresses of
        pages their query and fragment.
        """
        room = _Room()
        scrubbed = self._object(value, 0, room)
        self._scrub(room.places, room.texts)
        return {name: entry for name, entry in scrubbed.items() if name not in _DROPPED}

    def _object(self, value: dict[str, Any], depth: int, room: _Room) -> dict[str, Any]:
        scrubbed: dict[str, Any] = {}
        names, known = self._names, self._known
        for name, entry in value.items():
            if len(scrubbed) >= _MOST_ENTRIES or room.left <= 0:
                break
            key, is_hidden, kind = names.get(name) or self._name(name)
            if is_hidden and entry is not None and not isinstance(entry, dict):
                scrubbed[key] = HIDDEN
            elif kind <= _FILE and type(entry) is str and (text := known.get(entry)) is not None:
                room.left -= 1  # as `_put` does, which would be a call for each of hundreds of texts
                scrubbed[key] = text
            else:
                self._put(scrubbed, key, entry, kind, depth, room)
        return scrubbed

    def _put(self, into: Any, key: Any, value: object, kind: int, depth: int, room: _Room) -> None:  # noqa: PLR0917
        """Put a scrubbed value into a container, or a text as it is, to be scrubbed with the others."""
        room.left -= 1
        if kind >= _QUERY:
            value, kind = self._without_parameters(value, self._query if kind == _QUERY else ()), _PLAIN
        if isinstance(value, str):
            known = self._known.get(value) if kind <= _FILE else None
            if known is None:
                known = self._prepared(value, kind)
                room.places.append((into, key))
                room.texts.append(known)
            into[key] = known
        elif isinstance(value, (int, float)):
            into[key] = value if abs(value) < _LARGEST else None  # NaN is not
        elif depth >= _DEEPEST or room.left <= 0:
            into[key] = None if value is None else "…"
        elif isinstance(value, dict):
            into[key] = self._object(value, depth + 1, room)
        else:
            into[key] = self._list(value, kind, depth + 1, room) if isinstance(value, list) else None

    def _without_parameters(self, value: object, names: Collection[str]) -> object:
        """Return a query or cookies, as a text, an object or pairs, with the values of these names alone."""
        if isinstance(value, dict):
            return {name: own if name in names else HIDDEN for name, own in value.items()}
        if isinstance(value, list):
            pairs = [pair for pair in value if isinstance(pair, list) and len(pair) == _PAIR]
            return [[name, own if name in tuple(names) else HIDDEN] for name, own in pairs]
        if isinstance(value, str):
            return (known_query(value.removeprefix("?"), names) if names else "") or (value and HIDDEN)
        return None if value is None else HIDDEN

    def _list(self, value: list[Any], kind: int, depth: int, room: _Room) -> list[Any]:
        own = kind
        if len(value) == _PAIR and isinstance(value[0], str):  # a tag or a header as a pair
            name, is_hidden, own = self._names.get(value[0]) or self._name(value[0])
            if is_hidden and value[1] is not None and not isinstance(value[1], dict):
                return [name, HIDDEN]
        half = _MOST_ENTRIES // 2
        kept = value if len(value) <= _MOST_ENTRIES else value[:half] + value[-half:]
        scrubbed: list[Any] = [None] * len(kept)
        for position, entry in enumerate(kept):
            self._put(scrubbed, position, entry, own if position else kind, depth, room)
        return scrubbed

    def _name(self, name: str) -> tuple[str, bool, int]:
        """Return a name as it is kept, whether its value is hidden, and which kind of text that is."""
        key = printable(name[:_NAME_CHARACTERS])
        lowered = key.lower()
        if lowered in _ADDRESSES:
            kind = _ADDRESS
        elif lowered in ADDRESS_NAMES:
            kind = _URL
        elif lowered in FILE_NAMES:
            kind = _FILE
        elif lowered in QUERY_NAMES:
            kind = _QUERY
        elif lowered in _HIDDEN:
            kind = _SECRET
        else:
            kind = _LINE if lowered.endswith(("context", "context_line")) else _PLAIN
        known = key, lowered in _HIDDEN or self._hides(key), kind
        if len(name) <= _NAME_CHARACTERS:
            if len(self._names) >= _REMEMBERED:
                self._names.clear()
            self._names[name] = known
        return known

    def _prepared(self, value: str, kind: int) -> str:
        """Return a text without what its kind leaves out, of at most so many characters as it may have."""
        if kind == _ADDRESS:
            return _network(value)
        if kind == _URL:
            value = without_query(value, self._query)
        elif kind == _FILE:
            value = script_without_query(value)
        most = _LINE_CHARACTERS if kind == _LINE else _TEXT_CHARACTERS
        if len(value) <= most:
            return value
        mark = f"… [cut: {len(value)} characters]"
        return value[: most - len(mark)] + mark

    def _scrub(self, places: Sequence[tuple[Any, Any]], texts: Sequence[str]) -> None:
        """Scrub texts where they stand: together while nothing is hidden in them, else each half by itself."""
        if not texts:
            return
        if len(texts) == 1:
            into, key = places[0]
            into[key] = self._remembered(texts[0], printable(self._text(texts[0], _TEXT_CHARACTERS)))
            return
        together = "\n".join(texts)
        if self._text(together, len(together)) == together:
            for text in texts:
                self._remembered(text, text)
            return
        half = len(texts) // 2
        self._scrub(places[:half], texts[:half])
        self._scrub(places[half:], texts[half:])

    def _remembered(self, text: str, scrubbed: str) -> str:
        if len(text) <= _SHORT and not _WITH_QUERY.match(text):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = scrubbed
        return scrubbed


def _network(value: str) -> str:
    """Return the network of an address: without the last byte, or the last ten of IPv6; "" if it is none."""
    try:
        address = ip_address(value.partition(",")[0].strip())
    except ValueError:
        return ""
    return str(ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False).network_address)
