"""Calls to somebody outside, whatever they answer."""

from __future__ import annotations

import socket
import threading
from contextlib import closing

from outrider.scheduler import DeadMansSwitch


def test_an_answer_that_is_no_http_does_not_end_the_calls() -> None:
    """If they ended, somebody would be called for nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(60)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        switch = DeadMansSwitch(lambda: (url, 0.01), lambda: True)
        for _ in range(2):
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(b"who is there?\r\n\r\n")
        switch.close()


def test_a_service_that_cannot_be_asked_is_asked_again() -> None:
    """Whatever breaks once may be well the next time."""
    asked: list[None] = []
    again = threading.Event()

    def is_ready() -> bool:
        asked.append(None)
        if len(asked) == 1:
            raise RuntimeError("it changed while it was read")
        again.set()
        return False

    switch = DeadMansSwitch(lambda: ("http://127.0.0.1:9/", 0.01), is_ready)
    assert again.wait(60)
    switch.close()
