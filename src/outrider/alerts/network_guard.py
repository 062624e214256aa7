"""Addresses that webhooks may go to: none that are private, link-local or special unless the workspace allows it.

The address that was checked is the one that is connected to, so that a second look-up cannot change it.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from outrider.alerts.letter import Undelivered


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
            Undelivered: If the name cannot be looked up (recoverable), or leads only where nothing may go.
        """
        try:
            addresses = [str(address[4][0]) for address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError as error:
            raise Undelivered(f"{host} cannot be looked up: {error.strerror or error}", recoverable=True) from None
        for address in addresses:
            if self.allows(address):
                return address
        fix = "allow it below [delivery] networks in scheduler/alerts.toml if that is meant"
        raise Undelivered(f"{host} leads to {addresses[0]}, which is not a public address; {fix}", recoverable=False)

    def allows(self, address: str) -> bool:
        """Tell whether an address may be connected to."""
        ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        public = ip.is_global and not ip.is_multicast
        return public or any(ip in ipaddress.ip_network(network, strict=False) for network in self.networks)
