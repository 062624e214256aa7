"""Refuses requests that name a host which is not this server's.

A foreign page can let its own name point to this address (DNS rebinding) and read answers as if they were its own; the
`Host` header then holds that name.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

_OPEN = ("/heartbeat/", "/ping/", "/healthz", "/readyz")
"""What anybody may ask: answers hold nothing of the workspace, or the address holds a secret."""


class HostCheck:
    """Answers only under an IP address, a name of this machine, or one of `hosts`; 421 otherwise."""

    def __init__(self, application: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._application = application
        self._hosts = {host.lower() for host in (*hosts, "localhost", socket.gethostname(), socket.getfqdn())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and not scope["path"].startswith(_OPEN):
            host = Headers(scope=scope).get("host", "")
            if not self._is_own(host):
                fix = 'add it to hosts of [service] in scheduler/schedule.toml: hosts = ["name"]'
                text = f"this server is not called {host!r}; if it is, {fix}\n"
                await PlainTextResponse(text, 421)(scope, receive, send)
                return
        await self._application(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._hosts or name.endswith(".localhost")
        return True
