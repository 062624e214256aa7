"""The origin that artifacts and the trace viewer come from: never that of pages.

On loopback it is `artifacts.localhost` at the port of the pages: browsers take every name below `localhost` for this
machine (RFC 6761, 6.3), so that one forwarded port is enough, and send it no cookie of `127.0.0.1` or `localhost`.
Elsewhere it is the host of the pages at a port of its own, or what `[server] artifacts_url` says.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outrider.server.host_check import addressed, plain_host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from outrider.model import ArtifactStore

LOCAL_NAME = "artifacts.localhost"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ArtifactOrigin:
    """Where artifacts are served.

    Attributes:
        artifacts: Where their files lie.
        key: Signs their addresses.
        url: The origin that was configured; empty without one.
        port: The port of a listener of their own, 0 while there is none.
        is_port_chosen: Whether that port was configured; else this machine's browsers do not need it.
        viewer: The folder of Playwright's trace viewer; None without one.
    """

    artifacts: ArtifactStore
    key: bytes = field(repr=False)
    url: str = ""
    port: Callable[[], int] = lambda: 0
    is_port_chosen: bool = False
    viewer: Path | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names that it is asked under, besides those of this machine."""
        return (LOCAL_NAME, urlsplit(self.url).hostname or LOCAL_NAME)

    def seen_from(self, request: Request) -> str:
        """Return the origin as the reader of a page reaches it; empty where that is not known."""
        if self.url:
            return self.url
        name, port = _split(request.headers.get("host", ""))
        own_port = self.port()
        scheme = request.url.scheme
        is_here = is_this_machine(name)
        if is_here and not (own_port and self.is_port_chosen):
            return f"{scheme}://{LOCAL_NAME}" + (f":{port}" if port else "")
        is_direct = port == (request.scope.get("server") or ("", None))[1] and scheme == "http"
        return f"http://{_bracketed(name)}:{own_port}" if own_port and (is_direct or is_here) else ""

    def is_asked_by(self, host: str) -> bool:
        """Return whether a `Host` header names this origin, at whichever port it came in."""
        name, port = _split(host)
        if name == LOCAL_NAME:
            return True
        configured = urlsplit(self.url)
        usual = _PORTS.get(configured.scheme)
        return bool(self.url) and (name, port or usual) == (configured.hostname, configured.port or usual)


class ByOrigin:
    """Hands a request to the application whose origin it names: a page's origin never serves an artifact."""

    def __init__(self, pages: ASGIApp, artifacts: ASGIApp, origin: ArtifactOrigin) -> None:
        self._pages = pages
        self._artifacts = artifacts
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        is_artifact = scope["type"] == "http" and self._origin.is_asked_by(addressed(scope)[1])
        await (self._artifacts if is_artifact else self._pages)(scope, receive, send)


def _split(host: str) -> tuple[str, int | None]:
    """Return the name and the port of a `Host` header; an empty name for one that is none."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = plain_host(parts.hostname or ""), parts.port
    except ValueError:
        return "", None
    return name, port


def is_this_machine(name: str) -> bool:
    """Return whether a name is this machine's own to every browser."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name
