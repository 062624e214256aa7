"""A port that is kept for a program until it starts."""

from __future__ import annotations

import socket
from typing import Final

_HOST: Final = "127.0.0.1"


class HeldPort:
    """A port of loopback: the wanted one, or any free one if somebody has or holds it; 0 asks for any.

    Until it is let go, nobody else can listen there, and who connects is refused. Let it go right before its program
    starts: from then on whoever listens first has it.
    """

    def __init__(self, wanted: int = 0) -> None:
        self._socket = _bound(wanted)
        self.number = int(self._socket.getsockname()[1])

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{_HOST}:{self.number}"

    def let_go(self) -> None:
        """Leave it to its program."""
        self._socket.close()


def _bound(wanted: int) -> socket.socket:
    try:
        return _bound_alone(wanted)
    except OSError:
        return _bound_alone(0)


def _bound_alone(port: int) -> socket.socket:
    """Return a socket that nobody else can be bound beside."""
    held = socket.socket()
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closed connections of an earlier program may wait
        held.bind((_HOST, port))
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)  # who sets it, too, would get in otherwise
    except OSError:
        held.close()
        raise
    return held
