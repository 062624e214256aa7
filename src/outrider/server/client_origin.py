"""Where a request comes from: which of its headers are believed, and whether its browser is on this machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.datastructures import Headers
    from starlette.requests import Request

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers that proxies add."""


@dataclass(frozen=True, slots=True)
class ClientOrigin:
    """Where a request comes from.

    Attributes:
        address: Of the client, behind proxies that are trusted; "unknown" if it has none.
        is_encrypted: Whether the client speaks TLS, by the word of a trusted proxy.
        is_local: Whether it is a program of this machine, with no proxy between.
        is_trusted_proxy: Whether a trusted proxy sent it, whose headers are believed.
    """

    address: str
    is_encrypted: bool = False
    is_local: bool = False
    is_trusted_proxy: bool = False


def origin_of(request: Request, trusted: Sequence[Network], *, is_loopback: bool) -> ClientOrigin:
    """Return where a request comes from.

    Args:
        request: The request.
        trusted: Networks of proxies.
        is_loopback: Whether the server listens at a loopback address only.
    """
    headers = request.headers
    peer = _address(request.client.host) if request.client is not None else None
    if peer is None:
        return ClientOrigin("unknown")
    if not _is_within(peer, trusted):
        return ClientOrigin(str(peer), is_local=is_loopback and peer.is_loopback and _is_direct(request))
    protocol = ",".join(headers.getlist("x-forwarded-proto")).rpartition(",")[2].strip().lower()
    return ClientOrigin(str(_client(peer, headers, trusted)), protocol == "https", is_trusted_proxy=True)


def is_loopback(host: str) -> bool:
    """Return whether an address to listen at is reached from this machine only."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def declines(headers: Headers) -> bool:
    """Return whether a browser asks not to be followed: Do Not Track, Global Privacy Control."""
    return "1" in {headers.get("sec-gpc"), headers.get("dnt")}


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return networks as they are written in settings."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def _is_direct(request: Request) -> bool:
    """Return whether nothing shows that a proxy sent the request.

    Browsers have not spoken HTTP/1.0 for decades; proxies such as nginx do so by default.
    """
    forwarded = any(name in request.headers for name in _FORWARDED)
    return not forwarded and request.scope.get("http_version") != "1.0" and _is_local_name(request.headers)


def _is_local_name(headers: Headers) -> bool:
    try:
        name = (urlsplit(f"//{headers.get('host', '')}").hostname or "").removesuffix(".")
    except ValueError:
        return False
    address = _address(name)
    return address.is_loopback if address is not None else name == "localhost" or name.endswith(".localhost")


def _client(peer: Address, headers: Headers, trusted: Sequence[Network]) -> Address:
    """Return the last address of X-Forwarded-For that no trusted proxy has: anybody may write what is before it."""
    hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
    client = peer
    for hop in reversed(hops):
        address = _address(_without_port(hop.strip()))
        if address is None:
            return client
        client = address
        if not _is_within(address, trusted):
            return client
    return client


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


@lru_cache(maxsize=4_096)
def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
