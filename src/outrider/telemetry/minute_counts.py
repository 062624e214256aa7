"""What keys and addresses sent within this minute, against their limits."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import ProjectKey

_MINUTE_S: Final = 60
_MOST_ADDRESSES: Final = 20_000
_IPV6_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class MinuteLimit:
    """So many of a minute at most.

    Attributes:
        whose: `key` or `address`.
    """

    name: str
    most: int
    whose: str


class MinuteCounts:
    """Counts of a minute (UTC); bounded, whatever addresses a key is used from.

    Args:
        now_s: Seconds since 1970.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._minute = 0
        self._counts: dict[str, dict[str, int]] = {"key": {}, "address": {}}

    def limits(self, key: ProjectKey, address: str, what: str = "") -> list[MinuteLimit]:
        """Return the limits that hold for what a key sends from an address; each `what` is counted apart."""
        limits = [MinuteLimit(f"{key.id} {what}", key.per_minute, "key")]
        if key.per_address:
            limits.append(MinuteLimit(f"{key.id} {what} {_network(address)}", key.per_address, "address"))
        return limits

    def reached(self, limits: Sequence[MinuteLimit], count: int = 1) -> MinuteLimit | None:
        """Return the first limit beyond which so many more would be."""
        self._begin_minute()
        return next((own for own in limits if self._counts[own.whose].get(own.name, 0) + count > own.most), None)

    def add(self, limits: Sequence[MinuteLimit], count: int = 1) -> None:
        """Count so many."""
        for own in limits:
            counts = self._counts[own.whose]
            counts[own.name] = counts.get(own.name, 0) + count

    def left_s(self) -> int:
        """Return after how many seconds the next minute has begun."""
        return int(_MINUTE_S - self._now_s() % _MINUTE_S) + 1

    def _begin_minute(self) -> None:
        """Forget the minute before; of too many addresses, those alone: the limit of the key holds on."""
        minute = int(self._now_s() // _MINUTE_S)
        if minute != self._minute:
            self._minute, self._counts = minute, {"key": {}, "address": {}}
        if len(self._counts["address"]) > _MOST_ADDRESSES:
            self._counts["address"] = {}


def _network(address: str) -> str:
    """Return what counts as one address: of IPv6 a network of 64 bits, since a single client has all of it."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((known, _IPV6_BITS), strict=False)) if isinstance(known, IPv6Address) else address
