"""Hosts as names or addresses, and name lookup."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from functools import lru_cache
from urllib.parse import urlsplit

from outrider.model import bounded

_SHOWN = 120
_FAMILIES = {"4": socket.AF_INET, "6": socket.AF_INET6}


@lru_cache(maxsize=16_384)
def host_of(url: str) -> str:
    """Return the host of a URL, or nothing if it is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=16_384)
def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL; user, path and query may hold what nobody should see."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@lru_cache(maxsize=16_384)
def address_of(url: str) -> str:
    """Return a URL without its user, query and fragment, cut to what a reader needs."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return bounded(f"{origin_of(url)}{path}", _SHOWN)


@lru_cache(maxsize=16_384)
def is_name(host: str) -> bool:
    """Return whether a host has to be looked up."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return bool(host)
    return False


def bracketed(host: str) -> str:
    """Return a host as it stands before a port: an address of IPv6 in brackets (RFC 3986, section 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def is_own(host: str) -> bool:
    """Return whether a host is this machine, which is reached without a network."""
    if is_name(host):
        return host == "localhost" or host.endswith(".localhost")
    return bool(host) and ipaddress.ip_address(host.partition("%")[0]).is_loopback


async def look_up(host: str, port: int, ip: str = "") -> tuple[str, socket.AddressFamily]:
    """Return the first address of a host, of version `ip` if that is given.

    Raises:
        OSError: If there is none.
    """
    family = _FAMILIES.get(ip, socket.AF_UNSPEC)
    if not ip and not is_name(host):
        return host, socket.AF_INET6 if ":" in host else socket.AF_INET
    loop = asyncio.get_running_loop()
    try:
        addresses = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    except UnicodeError:  # an empty label, or one of more than 63 bytes (RFC 1035, 2.3.4)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
    return str(addresses[0][4][0]), addresses[0][0]
