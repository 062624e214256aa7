"""Refuses requests that name a host which is not this server's.

A foreign page can let its own name point to this address (DNS rebinding) and read answers as if they were its own; the
`Host` header then holds that name. A target in absolute form (RFC 9112, 3.2.2) names the host itself, and the header
does not count.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

_OPEN = ("/heartbeat/", "/ping/", "/healthz", "/readyz")
"""What anybody may ask: answers hold nothing of the workspace, or the address holds a secret."""

_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.%]+[\w.]*\]|[\w.-]+)(?::\d*)?", re.ASCII)


class HostCheck:
    """Answers only under an IP address, a name of this machine, or one of `hosts`; 421 otherwise.

    Args:
        application: What answers.
        hosts: Further names.
        base: Path below which the pages lie; empty at the root.
        is_open: Whether what anybody may ask is answered under every name.
        public: A further path of that kind; empty for none.
    """

    def __init__(
        self, application: ASGIApp, hosts: Iterable[str] = (), base: str = "", *, is_open: bool = True, public: str = ""
    ) -> None:
        self._open = _OPEN if is_open else ()
        self._public = public
        self._base = base
        self._application = application
        self._hosts = {plain_host(host) for host in (*hosts, "localhost", socket.gethostname(), socket.getfqdn())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            scope, host = addressed(scope)
            path = scope["path"].removeprefix(self._base)
            is_public = bool(self._public) and f"{path}/".startswith(f"{self._public}/")
            if not is_public and not path.startswith(self._open) and not self._is_own(host):
                fix = 'add it to hosts of [service] in scheduler/schedule.toml: hosts = ["name"]'
                text = f"this server is not called {host!r}; if it is, {fix}\n"
                await PlainTextResponse(text, 421)(scope, receive, send)
                return
        await self._application(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        authority = _AUTHORITY.fullmatch(host)
        if authority is None:
            return False
        name = plain_host(authority[1].strip("[]"))
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._hosts or name.endswith(".localhost")
        return True


def plain_host(name: str) -> str:
    """Return a name as it is compared: with the dot of the root or without it is the same."""
    return name.lower().removesuffix(".")


def addressed(scope: Scope) -> tuple[Scope, str]:
    """Return a request with its target in origin form, and the host that it names."""
    target = bytes(scope.get("raw_path", b"")).decode("latin-1")
    if not target.lower().startswith(("http://", "https://")):
        return scope, Headers(scope=scope).get("host", "")
    host, slash, path = target.partition("://")[2].partition("/")
    raw = f"{slash}{path}" or "/"
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    named = [(b"host", host.encode("latin-1")), *others]
    return {**scope, "path": unquote(raw), "raw_path": raw.encode("latin-1"), "headers": named}, host
