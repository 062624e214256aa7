"""Syslog over UDP (RFC 5426), a message a datagram, from who may send by their address; what finds no room is lost."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Final

from outrider.server.http_server import PortTaken
from outrider.telemetry import SYSLOG, SpoolFull, SyslogReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import LogRecord
    from outrider.telemetry import AttributeReader

_BUFFER_BYTES: Final = 4 << 20
_LARGEST: Final = 65_535
_AT_ONCE: Final = 1_000
_LOOK_S: Final = 0.5


class SyslogDatagrams:
    """Takes messages in a thread of its own until it is closed.

    Args:
        host: Address to listen at, with `port`; 0 picks a free one.
        keep: Keeps records that came as so many bytes; raises `SpoolFull` while there is no room.
        reader: Limits, scrubs and counts.
        may_send: Whether the machine at an address may send. A sender's address can be forged: nothing proves it.

    Raises:
        PortTaken: If the address is taken, or not this machine's.
    """

    def __init__(
        self,
        host: str,
        port: int,
        keep: Callable[[Sequence[LogRecord], int], object],
        reader: AttributeReader,
        may_send: Callable[[str], bool],
    ) -> None:
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._keep = keep
        self._tally = reader.tally
        self._messages = SyslogReader(reader.of(source=SYSLOG))
        self._may_send = may_send
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syslog-udp", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take nothing more."""
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            if messages := self._received():
                self._take(messages)

    def _received(self) -> list[bytes]:
        """Return what came in, after waiting for the first of it for a moment."""
        messages: list[bytes] = []
        self._socket.settimeout(_LOOK_S)
        with contextlib.suppress(OSError):  # nothing came, or nothing more
            for _ in range(_AT_ONCE):
                message, peer = self._socket.recvfrom(_LARGEST)
                self._socket.settimeout(0)
                if not self._may_send(str(peer[0])):
                    self._tally.add("datagrams of syslog refused", source=SYSLOG)
                elif message.strip(b"\0 \r\n"):
                    messages.append(message)
        return messages

    def _take(self, messages: list[bytes]) -> None:
        try:
            self._keep([self._messages.record(message) for message in messages], sum(map(len, messages)))
        except SpoolFull:
            self._tally.add("datagrams of syslog dropped, no room", len(messages), source=SYSLOG)


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise PortTaken(
            f"cannot listen at {host}:{port} (UDP): {error.strerror or error}",
            slug="port-taken",
            fix="stop the other program, or name another address in [telemetry] syslog_udp",
        ) from None
    return bound
