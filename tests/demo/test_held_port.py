"""A port that the shop's service will have is nobody else's in the minutes until that starts."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest
from demo.held_port import HeldPort

from outrider.server import PortTaken, listen


def test_two_who_want_one_port_get_two() -> None:
    first = HeldPort()

    second = HeldPort(first.number)

    assert second.number != first.number
    first.let_go()
    second.let_go()


def test_nobody_listens_at_a_held_port_until_it_is_let_go() -> None:
    """Another Outrider is told so; then the port is there at once."""
    held = HeldPort()

    with pytest.raises(PortTaken, match="Address already in use"):
        listen("127.0.0.1", held.number)
    held.let_go()

    with closing(listen("127.0.0.1", held.number)) as listener:
        assert listener.getsockname()[1] == held.number


def test_who_connects_to_a_held_port_is_refused_at_once() -> None:
    """The shop sends its telemetry before anybody takes it, and is not to wait."""
    held = HeldPort()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", held.number), timeout=60)
    held.let_go()


def test_a_port_of_somebody_else_is_not_held() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        wanted = other.getsockname()[1]

        held = HeldPort(wanted)

    assert held.number != wanted
    held.let_go()


def test_a_port_that_served_a_moment_ago_is_held() -> None:
    """Connections that its server closed wait a minute on its side."""
    with socket.create_server(("127.0.0.1", 0)) as former:
        wanted = former.getsockname()[1]
        with socket.create_connection(("127.0.0.1", wanted)) as client:
            former.accept()[0].close()
            assert client.recv(1) == b""

    held = HeldPort(wanted)

    assert held.number == wanted
    held.let_go()
