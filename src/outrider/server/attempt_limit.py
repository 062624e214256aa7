"""How often somebody may try to sign in: counted by account, by address, and by both together."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict, deque

from outrider.model import user_key

_WINDOW_US = 15 * 60 * 1_000_000
_MOST_KEYS = 20_000
_LIMITS = {"pair": 5, "address": 30, "account": 50}
"""Failures within the window: an account is locked for an address soon, and for all only when many try."""


class AttemptLimit:
    """Counts failures of the last quarter of an hour, in memory of bounded size; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tries: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()

    def begin(self, account: str, address: str, at_us: int) -> int:
        """Count a try, and return 0; or return after how many seconds one is allowed, having counted nothing."""
        keys = _keys(account, address)
        with self._lock:
            wait_us = max(self._wait_us(key, at_us) for key in keys)
            if not wait_us:
                self._count(keys, at_us)
        return -(-wait_us // 1_000_000)

    def succeeded(self, account: str, address: str) -> None:
        """Take the last try back, and forget the failures of this account at this address: its owner mistyped."""
        pair, *others = _keys(account, address)
        with self._lock:
            self._tries.pop(pair, None)
            for key in others:
                if tries := self._tries.get(key):
                    tries.pop()

    def _count(self, keys: list[tuple[str, str]], at_us: int) -> None:
        for key in keys:
            self._tries.setdefault(key, deque(maxlen=_LIMITS[key[0]])).append(at_us)
            self._tries.move_to_end(key)
        while len(self._tries) > _MOST_KEYS:
            self._tries.popitem(last=False)

    def _wait_us(self, key: tuple[str, str], at_us: int) -> int:
        tries = self._tries.get(key, deque())
        if len(tries) < _LIMITS[key[0]]:
            return 0
        return max(0, tries[0] + _WINDOW_US - at_us)


def _keys(account: str, address: str) -> list[tuple[str, str]]:
    name, place = user_key(account), _network(address)
    return [("pair", f"{place} {name}"), ("address", place), ("account", name)]


def _network(address: str) -> str:
    """Return what counts as one address: of IPv6 a network of 64 bits, since a single client has all of it."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else address
