"""Where a request really goes, and under which name, whatever its URL says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pycurl

from outrider.probes.host_addresses import bracketed
from outrider.workspace import Refused, split_address

if TYPE_CHECKING:
    from outrider.probes.probe_table import ProbeTable

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Route:
    """Another way to the origin of a URL.

    Attributes:
        host: What is connected to in the place of the URL's host; empty if that is right.
        port: Likewise; 0 if that is right.
        server_name: What the handshake asks for (SNI), and the certificate has to hold; empty for the URL's host.
    """

    host: str = ""
    port: int = 0
    server_name: str = ""

    def sent_url(self, url: str) -> str:
        """Return the URL that libcurl is given, whose host is the name of the handshake."""
        parts = urlsplit(url)
        if not self.server_name:
            return url
        user, at, _ = parts.netloc.rpartition("@")
        port = f":{parts.port}" if parts.port else ""
        return parts._replace(netloc=f"{user}{at}{self.server_name}{port}").geturl()

    def shown_url(self, url: str, asked: str) -> str:
        """Return a URL of libcurl with the host that was `asked`, if it is on the same origin."""
        sent, parts = urlsplit(self.sent_url(asked)), urlsplit(url)
        if not self.server_name or (sent.scheme, sent.hostname, sent.port) != (
            parts.scheme,
            parts.hostname,
            parts.port,
        ):
            return url
        return parts._replace(netloc=urlsplit(asked).netloc).geturl()

    def options(self, url: str) -> tuple[tuple[int, object], ...]:
        """Return the options that connect to another place."""
        parts = urlsplit(url)
        host, port = self.host or parts.hostname or "", self.port or parts.port or _PORTS.get(parts.scheme, 0)
        return ((pycurl.CONNECT_TO, [f"::{bracketed(host)}:{port}".encode()]),)

    def headers(self, url: str) -> tuple[tuple[str, str], ...]:
        """Return the header that names the host of the URL, where another name is in the handshake."""
        return (("Host", urlsplit(url).netloc.rpartition("@")[2]),) if self.server_name else ()


def read_route(entry: ProbeTable) -> Route | None:
    """Read `resolve` and `server_name`; None without any."""
    host, port = entry.text("resolve", _as_place, ("", 0))
    server_name = entry.text("server_name", _as_name, "")
    return Route(host, port, server_name) if host or server_name else None


def _as_place(text: str) -> tuple[str, int]:
    """Accept a host or address, with a port or without."""
    if ":" in text and not text.startswith("[") and text.count(":") > 1:
        return text, 0
    if ":" in text.rpartition("]")[2]:
        return split_address(text)
    host, _ = split_address(f"{text}:1")
    return host, 0


def _as_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise Refused("is no name of a server", 'write a name, such as "shop.example"', "bad-address")
    return text
