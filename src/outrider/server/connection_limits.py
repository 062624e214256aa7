"""Limits of each connection: clients that send or read slowly, or not at all, do not take the server from others."""

from __future__ import annotations

import resource
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.h11_impl import RequestResponseCycle


_CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a client may take.

    Attributes:
        connections: At a time; a further one replaces the oldest that has no complete request.
        head_s: For a request's first line and headers.
        body_s: For a request's body.
        read_s: For going on to read, once an answer waits for it.
        head_bytes: Size of a request's first line and headers.
    """

    connections: int = _CONNECTIONS
    head_s: float = 10.0
    body_s: float = 30.0
    read_s: float = 30.0
    head_bytes: int = 32_768


def usual_limits() -> ConnectionLimits:
    """Return limits that leave most of this process's file descriptors to checks."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ConnectionLimits(connections=max(8, min(_CONNECTIONS, descriptors // 4)))


class LimitedProtocol(H11Protocol):
    """A connection that is cut when its client takes too long, or when there are too many of its kind.

    Args:
        limits: What the client may take.
        arguments: Of uvicorn's protocol.
    """

    def __init__(self, limits: ConnectionLimits, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._limits = limits
        self._opened_s = self.loop.time()
        self._deadline: asyncio.TimerHandle | None = None
        self._awaited: object = None
        self._reading: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no complete request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete or self.conn.their_state is h11.SEND_BODY

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection; when there are too many, cut the oldest that is idle, or else this one."""
        super().connection_made(transport)
        self._make_room()
        self._watch()

    def _make_room(self) -> None:
        """Cut what is too much; those that were cut in this turn of the loop are not lost yet, and no longer count."""
        protocols = (cast("LimitedProtocol", protocol) for protocol in self.connections)
        live = [protocol for protocol in protocols if not protocol.transport.is_closing()]
        idle = sorted((protocol for protocol in live if protocol.is_idle), key=lambda protocol: protocol._opened_s)
        excess = max(0, len(live) - self._limits.connections)
        others = [protocol for protocol in idle if protocol is not self][:excess]
        for protocol in [*others, self] if len(others) < excess else others:
            protocol.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what the client sent, and go on counting the time for what is missing."""
        super().data_received(data)
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, such as a body that ends badly; no other answer to it is sent."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None:
            cycle.disconnected = True
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:  # the answer has begun
            self.transport.abort()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Wait until the client reads on, for as long as it may take."""
        super().pause_writing()
        if self._reading is None:
            self._reading = self.loop.call_later(self._limits.read_s, self._reset)

    def resume_writing(self) -> None:
        """Write on."""
        super().resume_writing()
        self._stop_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._stop()
        self._stop_reading()

    def _watch(self) -> None:
        """Give the client its time for each part: counted from the beginning of the part, not from its last byte."""
        awaited = self.conn.their_state if self.conn.their_state in {h11.IDLE, h11.SEND_BODY} else None
        if awaited is self._awaited:
            return
        self._stop()
        self._awaited = awaited
        if awaited is not None:
            allowed_s = self._limits.head_s if awaited is h11.IDLE else self._limits.body_s
            self._deadline = self.loop.call_later(allowed_s, self.transport.abort)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _reset(self) -> None:
        """Cut the connection, and have the system forget what is not sent yet."""
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
