"""Documents that clients send, bounded, printable, without secrets and personal data: before they touch a disk."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN: Final = "***"
_DEEPEST: Final = 16
_MOST_ENTRIES: Final = 300
_MOST_VALUES: Final = 30_000
_NAME_CHARACTERS: Final = 200
_TEXT_CHARACTERS: Final = 8_192
_LINE_CHARACTERS: Final = 1_024
_LARGEST: Final = 2**63
_PAIR: Final = 2
_DROPPED: Final = frozenset({"modules"})
_HIDDEN: Final = frozenset({"cookies", "query_string", "sys.argv", "cookie", "set-cookie"})
_ADDRESSES: Final = frozenset({"ip_address", "remote_addr", "x-forwarded-for", "x-real-ip", "forwarded"})
_URLS: Final = frozenset({"url", "referer", "http.url", "from", "to"})


@dataclass(slots=True)
class _Room:
    left: int = _MOST_VALUES


class EventScrubber:
    """Scrubs documents; safe between threads as far as its functions are.

    Args:
        text: Returns a text scrubbed, of at most so many characters.
        hides: Whether the value of a name is hidden, whatever it is.
    """

    def __init__(self, text: Callable[[str, int], str], hides: Callable[[str], bool]) -> None:
        self._text = text
        self._hides = hides

    def document(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return a document of which nothing is larger or deeper than it may be.

        Of a long list its beginning and its end are kept; addresses of the internet lose their last part, addresses of
        pages their query.
        """
        scrubbed = self._object(value, 0, _Room())
        return {name: entry for name, entry in scrubbed.items() if name not in _DROPPED}

    def _value(self, name: str, value: object, depth: int, room: _Room) -> object:
        room.left -= 1
        if isinstance(value, str):
            return self._string(name, value)
        if isinstance(value, (int, float)):
            return value if abs(value) < _LARGEST else None  # NaN is not
        if depth >= _DEEPEST or room.left <= 0:
            return None if value is None else "…"
        if isinstance(value, dict):
            return self._object(value, depth + 1, room)
        return self._list(name, value, depth + 1, room) if isinstance(value, list) else None

    def _object(self, value: dict[str, Any], depth: int, room: _Room) -> dict[str, Any]:
        scrubbed: dict[str, Any] = {}
        for name, entry in value.items():
            if len(scrubbed) >= _MOST_ENTRIES or room.left <= 0:
                break
            key = printable(name[:_NAME_CHARACTERS])
            scrubbed[key] = HIDDEN if self._is_hidden(key, entry) else self._value(key, entry, depth, room)
        return scrubbed

    def _list(self, name: str, value: list[Any], depth: int, room: _Room) -> list[Any]:
        if len(value) == _PAIR and isinstance(value[0], str) and self._is_hidden(value[0], value[1]):
            return [printable(value[0][:_NAME_CHARACTERS]), HIDDEN]  # a tag or a header as a pair
        half = _MOST_ENTRIES // 2
        kept = value if len(value) <= _MOST_ENTRIES else value[:half] + value[-half:]
        return [self._value(name, entry, depth, room) for entry in kept]

    def _is_hidden(self, name: str, value: object) -> bool:
        if value is None or isinstance(value, dict):
            return False
        return name.lower() in _HIDDEN or self._hides(name)

    def _string(self, name: str, value: str) -> str:
        if not value:
            return value
        lowered = name.lower()
        if lowered in _ADDRESSES:
            return _network(value)
        if lowered in _URLS and "://" in value:
            value = value.partition("?")[0]
        most = _LINE_CHARACTERS if lowered.endswith(("context", "context_line")) else _TEXT_CHARACTERS
        return printable(self._text(value, most))


def _network(value: str) -> str:
    """Return the network of an address: without the last byte, or the last ten of IPv6; "" if it is none."""
    try:
        address = ip_address(value.partition(",")[0].strip())
    except ValueError:
        return ""
    return str(ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False).network_address)
