"""Servers that are silent, slow, talk nonsense or too much, or hang up, asked by each kind that reads a stream."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

import pytest
from tests.listeners import serving

from outrider.model import Outcome

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

_MOST_PIECES = 2_000


def _silent(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def _slow(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.settimeout(0.2)
    for _ in range(40):  # a byte each, until the probe hangs up
        connection.sendall(b"5")
        with suppress(TimeoutError):
            if not connection.recv(65_536):
                return


def _garbage(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(bytes(range(256)) * 20)


def _too_much(connection: socket.socket) -> None:
    connection.recv(65_536)
    for _ in range(_MOST_PIECES):
        connection.sendall(b"5" * 65_536)


def _too_many_headers(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n")
    for _ in range(_MOST_PIECES):
        connection.sendall(b"X-A: b\r\n" * 4_000)


def _large_header(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
    for _ in range(_MOST_PIECES):
        connection.sendall(b"b" * 65_536)


def _closed(connection: socket.socket) -> None:
    connection.recv(1)


SERVERS = {
    "silent": _silent, "slow": _slow, "garbage": _garbage, "too much": _too_much, "too many headers": _too_many_headers,
    "closed": _closed,
}  # fmt: skip
KINDS = {
    "http": 'kind = "http"\nurl = "http://{0}/"',
    "digest": 'kind = "http"\nurl = "http://{0}/"\nauth = {{user = "ada", password = "secret", scheme = "digest"}}',
    "token": 'kind = "http"\nurl = "http://{0}/"\nauth = {{token_url = "http://{0}", client = "a", secret = "secret"}}',
    "websocket": 'kind = "websocket"\nurl = "ws://{0}/"',
    "secure websocket": 'kind = "websocket"\nurl = "wss://{0}/"',
    "grpc": 'kind = "grpc"\naddress = "{0}"',
    "secure grpc": 'kind = "grpc"\naddress = "{0}"\ntls = true',
    "dialogue": 'kind = "tcp"\naddress = "{0}"\n[[a.dialogue]]\nsend = "hello"\n[[a.dialogue]]\nexpect = "^2"',
    "tls": 'kind = "tls"\naddress = "{0}"',
    "starttls": 'kind = "tcp"\naddress = "{0}"\n[[a.dialogue]]\nsend = "STARTTLS"\n[[a.dialogue]]\nstarttls = true',
}


@pytest.mark.parametrize("keys", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("speak", SERVERS.values(), ids=SERVERS)
def test_a_bad_server_fails_with_a_reason(probe: Probe, speak: Callable[[socket.socket], None], keys: str) -> None:
    """It is the server's fault, within the time-out, and no secret is quoted."""

    def speak_safely(connection: socket.socket) -> None:
        with suppress(OSError):
            speak(connection)

    with serving(speak_safely) as address:
        measurement = probe(f"[a]\n{keys.format(address)}\n", limit_s=1.0)

    assert (measurement.outcome, bool(measurement.reason)) == (Outcome.FAILED, True), measurement.reason
    assert "secret" not in measurement.reason
    assert "itself broke" not in measurement.reason


def test_a_header_without_end_is_named(probe: Probe) -> None:
    """Not by a number of libcurl."""

    def speak(connection: socket.socket) -> None:
        with suppress(OSError):
            _large_header(connection)

    with serving(speak) as address:
        measurement = probe(f"[a]\n{KINDS['http'].format(address)}\n")

    assert (measurement.outcome, measurement.reason) == (Outcome.FAILED, "the headers are too large")


def test_a_server_that_always_wants_digest_again_is_named(probe: Probe) -> None:
    """It calls every nonce stale; no redirect is followed."""
    nonces = count()

    def speak(connection: socket.socket) -> None:
        with suppress(OSError):
            while connection.recv(65_536):
                head = f'WWW-Authenticate: Digest realm="a", nonce="{next(nonces)}", stale=true'
                connection.sendall(f"HTTP/1.1 401 No\r\n{head}\r\nContent-Length: 0\r\n\r\n".encode())

    with serving(speak) as address:
        measurement = probe(f"[a]\n{KINDS['digest'].format(address)}\n")

    assert (measurement.outcome, measurement.reason) == (Outcome.FAILED, "the server asks again and again to sign in")
