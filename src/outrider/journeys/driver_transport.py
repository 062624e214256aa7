"""The way from a Playwright client in this process to a driver that others have used before it.

Playwright starts a driver for each client and speaks to it through pipes. Here it is given a socket to a driver that is
there already. Its transport is private: where it has another form, `connected` raises, and a driver is started as ever.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from outrider.journeys.driver import installed_driver

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def connected(connection: socket.socket) -> Iterator[None]:
    """Give the client that is started meanwhile a connection instead of a driver of its own.

    Raises:
        ImportError, AttributeError: If this Playwright has no such transport.
    """
    clients: Any = import_module("playwright._impl.out_of_process")
    original: Any = clients.PipeTransport

    class SocketTransport(original):  # type: ignore[misc] # Playwright's own, of whatever version is installed
        """Playwright's transport over a socket; framing and order of messages are inherited."""

        async def connect(self) -> None:
            self._stopped_future = asyncio.get_running_loop().create_future()
            self._proc = await _open(connection)
            self._output = self._proc.stdin

    clients.PipeTransport = SocketTransport
    try:
        yield
    finally:
        clients.PipeTransport = original


async def _open(connection: socket.socket) -> _Driver:
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    return _Driver(reader, writer)


class _Driver:
    """What a transport asks of the process that it has started."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.stdout, self.stdin = reader, writer
        self._stand_in = StandIn()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._stand_in.end, self._ended)

    async def communicate(self) -> tuple[None, None]:
        """Take leave: the connection has ended, or is to end."""
        self._loop.remove_reader(self._stand_in.end)
        self._stand_in.stop()
        self.stdin.close()
        return None, None

    def _ended(self) -> None:
        self._loop.remove_reader(self._stand_in.end)
        transport: Any = self.stdin.transport
        transport.abort()


class StandIn:
    """A child process in the place of the driver that a client would have started.

    Whoever looks for the driver among the children of this process finds it, and ending it ends the connection.
    It ends with this process.
    """

    def __init__(self) -> None:
        driver = installed_driver()
        self.end, far = socket.socketpair()
        with far:
            self._process = subprocess.Popen(
                [driver.node, "-c", "read _", driver.cli, "run-driver"],
                executable="/bin/sh",
                stdin=far.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def stop(self) -> None:
        """End it."""
        self.end.close()
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
