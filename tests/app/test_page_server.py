"""The pages of a service answer as soon as their address is free."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from outrider.app.pages.page_server import PageServer
from outrider.scheduler import Health

if TYPE_CHECKING:
    from collections.abc import Iterator


class Announced(Health):
    """Health that lets a test wait until a subject is well."""

    def __init__(self) -> None:
        super().__init__()
        self.is_well = threading.Event()

    def well(self, subject: str) -> None:
        super().well(subject)
        self.is_well.set()


def page(text: str) -> Starlette:
    return Starlette(routes=[Route("/", lambda _: PlainTextResponse(text))])


def answer(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
        body: bytes = response.read()
    return body.decode()


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    """Return a socket of another program, at an address of its own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def test_pages_answer_at_once_where_the_address_is_free(taken: socket.socket) -> None:
    """And no longer once they are closed."""
    port, health = port_of(taken), Announced()
    taken.close()
    server = PageServer("127.0.0.1", port, page("home"), health)

    server.start()

    assert answer(port) == "home"
    server.close()
    with pytest.raises(URLError):
        answer(port)


def test_the_application_can_be_replaced(taken: socket.socket) -> None:
    """A changed workspace has other pages; connections go on."""
    port, health = port_of(taken), Announced()
    taken.close()
    server = PageServer("127.0.0.1", port, page("before"), health)
    server.start()

    server.use(page("after"))

    assert answer(port) == "after"
    server.close()


def test_an_address_that_is_taken_is_tried_again(taken: socket.socket) -> None:
    """Checks run meanwhile, health says why there are no pages, and the latest application answers."""
    port, health = port_of(taken), Announced()
    server = PageServer("127.0.0.1", port, page("before"), health, bind_again_s=0.01)

    server.start()
    server.use(page("after"))

    assert "binding is tried again" in health.problems["pages"]
    taken.close()
    assert health.is_well.wait(30)
    assert answer(port) == "after"
    server.close()


def test_pages_that_are_closed_are_not_bound_any_more(taken: socket.socket) -> None:
    """The end of a service does not wait for another program."""
    port, health = port_of(taken), Announced()
    server = PageServer("127.0.0.1", port, page("home"), health)
    server.start()
    (binding,) = [thread for thread in threading.enumerate() if thread.name == "bind pages"]

    server.close()

    binding.join(30)
    assert not binding.is_alive()
    assert not health.is_well.is_set()
