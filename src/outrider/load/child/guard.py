"""Keeps a load away from hosts that it may not go to: names are refused when they are looked up, addresses on connect.

It sees what goes through Python's sockets, as all of Locust's clients do; a library in C that opens its own is out of
its reach.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import gevent
from gevent.resolver.thread import Resolver

from outrider.load.hosts import is_allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_known: set[str] = set()
"""Addresses of names that were allowed."""


class HostRefused(PermissionError):
    """No load may go to this host."""


class _Remembering(Resolver):  # type: ignore[misc]  # gevent has no types
    """Looks names up as gevent does, and remembers the addresses that belong to allowed ones."""

    def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        addresses = super().getaddrinfo(*args, **kwargs)
        _known.update(str(address[4][0]) for address in addresses)
        return addresses

    def gethostbyname(self, *args: Any) -> Any:
        address = super().gethostbyname(*args)
        _known.add(str(address))
        return address


def watch(allowed: Collection[str], refused: Callable[[str], None]) -> None:
    """Refuse other hosts from now on, for as long as this process lives.

    Args:
        allowed: See `hosts.is_allowed`.
        refused: Receives each host that was asked for in vain; may be called from any thread.
    """
    gevent.config.resolver = _Remembering

    def check(host: object) -> None:
        name = host.decode(errors="replace") if isinstance(host, bytes) else str(host or "localhost")
        if name in _known or is_allowed(name, allowed):
            return
        refused(name)
        raise HostRefused(f"no load may go to {name}")

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            check(args[0])
        elif event in {"socket.connect", "socket.sendto"} and isinstance(args[1], tuple):
            check(args[1][0])

    sys.addaudithook(audit)
