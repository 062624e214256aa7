"""Serve both origins over HTTP from one process."""

import errno
import json
import socket
import sqlite3

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.accounts import Accounts
from demo.origins import build_origins
from demo.world import World


class PortTaken(Exception):
    """Another program listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"{host}:{port} is taken by another program\n"
            "  stop it, or give --port and --third-party-port other numbers (0 picks a free one)"
        )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to a port; 0 picks a free one.

    Raises:
        PortTaken: If another program has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port) from error
        raise
    return listener


async def serve(
    connection: sqlite3.Connection, accounts: Accounts, shop: socket.socket, third_party: socket.socket
) -> None:
    """Serve the shop on one socket and the third party on the other, until told to stop."""
    third_party_port = _port(third_party)
    origins = build_origins(connection, accounts, World(), third_party_port)
    config = uvicorn.Config(
        _ByPort({_port(shop): origins.shop, third_party_port: origins.third_party}),
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    ready = json.dumps({"shop": _url(shop), "third_party": _url(third_party)})
    await _AnnouncingServer(config, ready).serve([shop, third_party])


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
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
