"""Addresses that webhooks may go to: none that are private, link-local or special unless the workspace allows it.

The address that was checked is the one that is connected to, so that a second look-up cannot change it.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from outrider.alerts.rendered_message import Undelivered
from outrider.model import bounded

_SHOWN = 120
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses of NAT64 (RFC 6052), which end with the IPv4 address that is asked."""

_TUNNELLED = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")
"""What stands before the IPv4 address at the end of an address of ISATAP (RFC 5214, 6.1)."""

_LOCAL = (
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # NAT64 of local use, RFC 8215
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible, deprecated by RFC 4291
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated, RFC 2765
    ipaddress.IPv6Network("fec0::/10"),  # site-local, deprecated by RFC 3879
    ipaddress.IPv6Network("3fff::/20"),  # documentation, RFC 9637
    ipaddress.IPv6Network("5f00::/16"),  # segments of a network's own routing, RFC 9602
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments, RFC 6890: some clouds answer there for a machine
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4, deprecated by RFC 7526
)
"""Networks that the library calls global, and that lead into a local one."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Chooses an address that may be connected to.

    Attributes:
        networks: Addresses and networks that are allowed although they are not public.
    """

    networks: tuple[str, ...] = ()

    def address(self, host: str, port: int) -> str:
        """Return an address of `host` that may be asked.

        Raises:
            Undelivered: If the name cannot be looked up (recoverable), is none, or leads only where nothing may go.
        """
        try:
            addresses = [str(address[4][0]) for address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError as error:
            raise Undelivered(f"{host} cannot be looked up: {error.strerror or error}", recoverable=True) from None
        except UnicodeError:  # an empty label, or one of more than 63 bytes (RFC 1035, 2.3.4)
            raise Undelivered(f"{bounded(host, _SHOWN)} is not the name of a host", recoverable=False) from None
        for address in addresses:
            if self.allows(address):
                return address
        fix = "allow it below [delivery] networks in scheduler/alerts.toml if that is meant"
        raise Undelivered(f"{host} leads to {addresses[0]}, which is not a public address; {fix}", recoverable=False)

    def allows(self, address: str) -> bool:
        """Return whether an address may be connected to, as may the IPv4 address that a translator takes from it."""
        ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
        return self._lists(ip) or all(_is_public(form) or self._lists(form) for form in _forms(ip))

    def _lists(self, ip: IPAddress) -> bool:
        return any(ip in ipaddress.ip_network(network, strict=False) for network in self.networks)


def _forms(ip: IPAddress) -> tuple[IPAddress, ...]:
    """Return what an address reaches: the IPv4 address that it maps, or itself and the one that it is translated to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return (ip,)
    if ip.ipv4_mapped:
        return (ip.ipv4_mapped,)
    if ip in _TRANSLATED:
        return (ip, ipaddress.IPv4Address(ip.packed[-4:]))
    if ip.sixtofour:
        return (ip, ip.sixtofour)
    if ip.packed[8:12] in _TUNNELLED:
        return (ip, ipaddress.IPv4Address(ip.packed[-4:]))
    return (ip, *(ip.teredo or ()))


def _is_public(ip: IPAddress) -> bool:
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _LOCAL)
