"""Which addresses a run requested: a comparison is void if a journey visited neither side, or only one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PORTS = {"http": 80, "https": 443}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Address:
    """Where a side stands: an origin, and the path below which everything is its own."""

    origin: str
    path: str

    @staticmethod
    def of(url: str) -> Address:
        """Return the address that `url` means.

        Raises:
            UsageError: bad-address if it is no web address.
        """
        origin, path = _parts(url)
        if not origin:
            fix = "write it with scheme and host, such as https://pr-17.shop.example"
            raise UsageError(f"{url!r} is no web address", slug="bad-address", fix=fix)
        return Address(origin, path.rstrip("/"))

    def holds(self, url: str) -> bool:
        """Whether `url` lies below this address."""
        origin, path = _parts(url)
        return origin == self.origin and (path == self.path or path.startswith(f"{self.path}/"))

    def __str__(self) -> str:
        return f"{self.origin}{self.path}"


def astray(urls: Iterable[str], own: Address, other: Address) -> str:
    """Return why a run did not measure its side, or nothing if it did.

    A request belongs to the address that it lies below, to the longer one if to both.

    Args:
        urls: All that the run requested.
        own: Of the side that it was to measure.
        other: Of the side that it was not to touch.
    """
    asked = list(urls)
    owned = [_owner(url, own, other) for url in asked]
    if own not in owned:
        origins = list(dict.fromkeys(origin for url in asked if (origin := _parts(url)[0])))
        more = f" and {len(origins) - _SHOWN} more" if len(origins) > _SHOWN else ""
        seen = ", ".join(origins[:_SHOWN]) + more or "nothing"
        return f"never asked {own} (it asked {seen}): it takes its address from elsewhere"
    if other != own and other in owned:
        return f"asked {other} too, the other side: an address is written into it"
    return ""


def _owner(url: str, own: Address, other: Address) -> Address | None:
    holding = [address for address in (own, other) if address.holds(url)]
    return max(holding, key=lambda address: len(address.path), default=None)


def _parts(url: str) -> tuple[str, str]:
    """Return origin and path of a web address in their usual form; nothing if it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", ""
    if parts.scheme not in _PORTS or not parts.hostname:
        return "", ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in {None, _PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{shown}", parts.path or "/"
