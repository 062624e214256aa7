"""Which hosts a load may go to. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

LOOPBACK = ("localhost", "127.0.0.0/8", "::1")
"""What any workspace may put under load: its own machine."""


def is_allowed(host: str, allowed: Collection[str]) -> bool:
    """Tell whether a host may be asked.

    Args:
        host: A name or an address.
        allowed: Names, globs over names, addresses and networks.
    """
    name = host.strip("[]").rstrip(".").lower()
    return any(fnmatchcase(name, pattern.lower()) or _is_within(name, pattern) for pattern in (*LOOPBACK, *allowed))


def _is_within(host: str, network: str) -> bool:
    try:
        address = ip_address(host.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        return address in ip_network(network)
    except ValueError:
        return False
