"""Servers of one socket, for tests: each serves until its test is done, and leaves nothing behind."""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOWEST_PORT, _LOWEST_EPHEMERAL_PORT = 16_000, 32_768


def free_port() -> int:
    """Return a port for a server that another program opens: a random one that is free.

    Systems give ports to connections and to servers that ask for any from 32,768 (Linux) or 49,152 (RFC 6335) on, so
    that such a port may be another test's before it is opened; one below is nobody's who did not ask for it.
    """
    while True:
        port = _LOWEST_PORT + secrets.randbelow(_LOWEST_EPHEMERAL_PORT - _LOWEST_PORT)
        with suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", port))
            return port


@contextmanager
def serving(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """Host and port of a server that hands every connection to `speak`, one after the other.

    Its thread has ended before its descriptor is given back: a thread that still waits in `accept` may go on
    with whatever opens under that number next, and answer in the place of another server.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, speak))
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:  # a test that fails or is skipped must not leave a thread behind, which its process would wait for
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, speak: Callable[[socket.socket], None]) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                speak(connection)
