"""Serve the shop, the services behind it, and the third party over HTTP from one process."""

import errno
import json
import socket
import sqlite3
from dataclasses import dataclass
from typing import Final

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.accounts import Accounts
from demo.edge import edge
from demo.origins import build_origins
from demo.world import World

_REUSED: Final = httpx.Limits(keepalive_expiry=2.0)
"""Connections are given up before the servers do so, after five seconds; else a request may meet a closed one."""


class PortTaken(Exception):
    """Another program listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"{host}:{port} is taken by another program\n"
            "  stop it, or give --port and --third-party-port other numbers (0 picks a free one)"
        )


def listen(host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """Return a socket that is bound to a port; 0 picks a free one.

    Raises:
        PortTaken: If another program has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once only where the protocol is named
    proto = socket.IPPROTO_TCP if kind == socket.SOCK_STREAM else socket.IPPROTO_UDP
    listener = socket.socket(family, kind, proto)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        if kind == socket.SOCK_STREAM:
            listener.listen()
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port) from error
        raise
    return listener


@dataclass(frozen=True, slots=True)
class Doors:
    """The sockets that the shop can be reached by."""

    shop: socket.socket
    third_party: socket.socket
    tls: socket.socket
    names: socket.socket
    catalogue: socket.socket
    payment: socket.socket


async def serve(connection: sqlite3.Connection, accounts: Accounts, doors: Doors) -> None:
    """Serve everything, each on its own socket, until told to stop."""
    shop, third_party = doors.shop, doors.third_party
    third_party_port = _port(third_party)
    behind = {"catalogue": doors.catalogue, "payment": doors.payment}

    def reached(service: str, app: ASGIApp) -> httpx.AsyncClient:  # noqa: ARG001
        return httpx.AsyncClient(base_url=_url(behind[service]), trust_env=False, timeout=None, limits=_REUSED)

    origins = build_origins(connection, accounts, World(), third_party_port, reached)
    config = uvicorn.Config(
        _ByPort(
            {
                _port(shop): origins.shop,
                _port(doors.catalogue): origins.catalogue,
                _port(doors.payment): origins.payment,
                third_party_port: origins.third_party,
            }
        ),
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    urls = {"shop": _url(shop), "third_party": _url(third_party)}
    ready = json.dumps({**urls, "tls": _address(doors.tls), "names": _address(doors.names)})
    async with edge(_port(shop), doors.tls, doors.names, origins.board):
        await _AnnouncingServer(config, ready).serve([shop, third_party, doors.catalogue, doors.payment])
    origins.close()


class _ByPort:
    """Hands each request to the application of the port that it came in on."""

    def __init__(self, apps: dict[int, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._apps[scope["server"][1]](scope, receive, send)


class _AnnouncingServer(uvicorn.Server):
    """Prints one line once it answers."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self._announcement, flush=True)


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _url(listener: socket.socket) -> str:
    return f"http://{_address(listener)}"


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
