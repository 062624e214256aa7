"""Serves an application over HTTP."""

from __future__ import annotations

import socket
import threading
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import structlog

from outrider.model import UsageError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn import Server

    from outrider.server.connection_limits import ConnectionLimits

log = structlog.get_logger("outrider.server")

_CLOSE_S = 5.0


class PortTaken(UsageError):
    """Nothing can listen at the address that was asked for."""


_OPTIONS: Final = "stop the other program, or give another --host or --port (0 picks a free port)"


def listen(host: str, port: int, *, setting: str = "") -> socket.socket:
    """Return a socket that listens; port 0 picks a free one.

    Args:
        host: A name or address of this machine.
        port: Its port.
        setting: Where the address stands in the configuration; empty for options of a command.

    Raises:
        PortTaken: If the address is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once only where the protocol is named
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"cannot listen at {host}:{port}: {error.strerror or error}",
            slug="port-taken",
            fix=f"stop the other program, or name another address in {setting}" if setting else _OPTIONS,
        ) from None
    return listener


def serve(application: ASGIApp, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until the process is stopped; `ready` is called once requests are answered."""
    _server(application, ready).run(sockets=[listener])


class Background:
    """Serves an application in a thread of its own.

    Args:
        limits: Of each connection; the usual ones if absent.

    Attributes:
        application: May be replaced at any time.
    """

    def __init__(self, application: ASGIApp, listener: socket.socket, limits: ConnectionLimits | None = None) -> None:
        self.application = application
        self._listener = listener
        self._closing = threading.Event()
        self._server = _server(self._answer, lambda: None, limits)
        self._thread = threading.Thread(target=self._serve, name="pages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering; what streams ends by itself (`LiveStream`)."""
        self._closing.set()
        self._server.should_exit = True
        self._thread.join(_CLOSE_S)
        self._listener.close()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        except Exception as error:  # checks go on without pages, and the log says why there are none
            log.exception("pages.ended", error=str(error))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.application({**scope, "closing": self._closing}, receive, send)


def _server(application: ASGIApp, ready: Callable[[], None], limits: ConnectionLimits | None = None) -> Server:
    import uvicorn  # noqa: PLC0415  costs start-up, and nothing else here needs it

    from outrider.server.connection_limits import LimitedProtocol, usual_limits  # noqa: PLC0415  it needs uvicorn

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    limits = limits or usual_limits()
    config = uvicorn.Config(
        application,
        http=cast("type[asyncio.Protocol]", partial(LimitedProtocol, limits)),
        h11_max_incomplete_event_size=limits.head_bytes,
        interface="asgi3",
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # `client_origin` believes those of trusted proxies, and no others
        timeout_graceful_shutdown=2,
    )
    return Announcing(config)
