"""Syslog over TCP, from who may send by their address: the protocol knows no tokens, and no answers."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Final

import structlog

from outrider.telemetry import SYSLOG, SpoolFull, SyslogFrames, SyslogReader

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from outrider.model import LogRecord
    from outrider.telemetry import AttributeReader

log = structlog.get_logger("outrider.telemetry")

MOST_CONNECTIONS: Final = 200
_READ_BYTES: Final = 65_536
_FULL_S: Final = 1.0
_CLOSE_S: Final = 5.0


class SyslogListener:
    """Takes messages in a thread of its own until it is closed.

    While there is no room nothing is read, so that clients wait.

    Args:
        listener: Where clients connect.
        keep: Keeps records that came as so many bytes; raises `SpoolFull` while there is no room.
        reader: Limits, scrubs and counts.
        may_send: Whether the machine at an address may send.
    """

    def __init__(
        self,
        listener: socket.socket,
        keep: Callable[[Sequence[LogRecord], int], object],
        reader: AttributeReader,
        may_send: Callable[[str], bool],
    ) -> None:
        self._listener = listener
        self._keep = keep
        self._tally = reader.tally
        self._messages = SyslogReader(reader.of(source=SYSLOG))
        self._may_send = may_send
        self._clients: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="syslog", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take nothing more."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._listener, limit=_READ_BYTES)
        await self._stop.wait()
        server.close()
        for client in tuple(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _connected(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        self._clients.add(task)
        try:
            if len(self._clients) > MOST_CONNECTIONS or not self._may_send(peer):
                self._tally.add("connections of syslog refused", source=SYSLOG)
                return
            await self._read(stream)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._clients.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        frames = SyslogFrames()
        while data := await stream.read(_READ_BYTES):
            await self._take(frames.feed(data))
        await self._take(frames.end())

    async def _take(self, messages: list[bytes]) -> None:
        if not messages:
            return
        records = [self._messages.record(message) for message in messages]
        while True:
            try:
                await asyncio.to_thread(self._keep, records, sum(map(len, messages)))
            except SpoolFull:
                await asyncio.sleep(_FULL_S)
            else:
                return
