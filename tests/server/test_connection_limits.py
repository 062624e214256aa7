"""Clients that send slowly, half, or as another site."""

from __future__ import annotations

import http.client
import logging
import select
import socket
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from starlette.responses import Response
from tests.builders import new_store
from tests.server.test_heartbeats import CHECK, Recorder

from outrider.dashboard import Sources
from outrider.model import HeartbeatKeys, ServiceView
from outrider.server import Background, application, listen
from outrider.server.connection_limits import ConnectionLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

SHORT = ConnectionLimits(connections=8, head_s=0.5, body_s=0.5, read_s=0.5, head_bytes=4_096)
VIEW = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server with short limits."""
    tmp_path = tmp_path_factory.mktemp("server")
    store = new_store(tmp_path / "outrider.db", artifacts=tmp_path)
    sources = Sources(store, lambda: (), lambda: VIEW, lambda: 42)
    app = application(Recorder(), HeartbeatKeys({"token": CHECK}), lambda: 42, sources, hosts=["outrider.example"])
    listener = listen("127.0.0.1", 0)
    background = Background(app, listener, SHORT)
    yield listener.getsockname()[1]
    background.close()
    store.close()


def connected(port: int, text: str = "") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(text.encode())
    return client


def status(port: int, path: str = "/", host: str = "127.0.0.1") -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with closing(client):
        client.request("GET", path, headers={"Host": host})
        return client.getresponse().status


def has_ended_unread(client: socket.socket) -> bool:
    """Return whether the server ends a connection although the client reads nothing."""
    poll = select.poll()
    poll.register(client, select.POLLERR | select.POLLHUP)
    return bool(poll.poll(20_000))


def is_cut(client: socket.socket) -> bool:
    """Return whether the server ends a connection without an answer."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        "POST /heartbeat/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
    ],
)
def test_a_client_that_does_not_go_on_is_cut(port: int, text: str) -> None:
    """Whether it sent nothing, half of the headers, or half of the body."""
    with connected(port, text) as client:
        assert is_cut(client)
    assert status(port) == 200


def test_a_client_that_drips_has_no_more_time_than_another(port: int) -> None:
    """The time counts from the beginning of the headers, not from the last byte."""
    with connected(port, "GET / HTTP/1.1\r\n") as client:
        client.settimeout(0.1)
        sent, cut = 0, False
        while not cut and sent < 200:
            try:
                client.sendall(b"X: y\r\n")
                sent += 1
                cut = client.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                cut = True
    assert cut


def test_hundreds_of_half_requests_do_not_shut_others_out(port: int) -> None:
    """The oldest half request makes room for a new client."""
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(port, "GET / HTTP/1.1\r\nHost: ")) for _ in range(700)]
        assert status(port) == 200
        assert all(is_cut(client) for client in clients[:650])


def test_clients_that_come_at_one_moment_are_cut_down_to_the_limit() -> None:
    """Those that were accepted in one turn of the loop count, too."""
    begun, go_on = threading.Event(), threading.Event()

    async def hold(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        go_on.wait(20)  # the loop accepts nobody meanwhile
        await Response("held")(scope, receive, send)

    listener = listen("127.0.0.1", 0)
    number = listener.getsockname()[1]
    background = Background(hold, listener, ConnectionLimits(connections=8, head_s=60))
    with ExitStack() as stack:
        stack.callback(background.close)
        stack.enter_context(connected(number, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
        begun.wait(20)
        clients = [stack.enter_context(connected(number)) for _ in range(100)]
        go_on.set()
        assert all(is_cut(client) for client in clients[:92])


@pytest.mark.parametrize(
    "text",
    [
        "\0\r\n\r\n",
        "POST /heartbeat/unknown HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /heartbeat/token HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_http_leaves_no_traceback(port: int, text: str, caplog: pytest.LogCaptureFixture) -> None:
    """What the library logs goes through the log of the service, which limits and redacts it."""
    with connected(port, text) as client:
        assert client.recv(5) == b"HTTP/"

    assert status(port) == 200
    assert not [record for record in caplog.records if record.exc_info]
    assert not logging.getLogger("uvicorn").handlers


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("http://127.0.0.1/service?x=1", b"200"),
        ("HTTP://outrider.example:8710/%73ervice", b"403"),
        ("http://localhost", b"200"),
        ("http://evil.example/service", b"421"),
        ("http://evil.example/healthz/../service", b"404"),
    ],
)
def test_a_target_in_absolute_form_names_the_host(port: int, target: str, expected: bytes) -> None:
    """As clients send it to a proxy: RFC 9112, 3.2.2; the header does not count then."""
    with connected(port, f"GET {target} HTTP/1.1\r\nHost: evil.example\r\n\r\n") as client:
        assert client.recv(12).split()[1] == expected


def test_headers_that_are_too_large_are_refused(port: int) -> None:
    """With a status, not with a traceback."""
    with connected(port, f"GET / HTTP/1.1\r\nHost: x\r\nX: {'y' * 10_000}") as client:
        assert b" 400 " in client.recv(1_000)


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("127.0.0.1:8710", "/", 200),
        ("[::1]:8710", "/", 200),
        ("[::1", "/", 421),
        ("localhost", "/metrics", 200),
        ("OUTRIDER.example", "/", 403),
        (socket.gethostname(), "/", 403),
        ("localhost.", "/", 200),
        ("OUTRIDER.example.:8710", "/", 403),
        ("[fe80::1%25eth0]:8710", "/", 403),
        ("evil.example", "/", 421),
        ("evil.example/.localhost", "/", 421),
        ("evil.example\\.localhost", "/", 421),
        ("evil.example@localhost", "/", 421),
        ("localhost:x", "/", 421),
        ("evil.example", "/metrics", 421),
        ("127.0.0.1.evil.example", "/", 421),
        ("", "/", 421),
        ("evil.example", "/readyz", 200),
        ("evil.example", "/heartbeat/token", 200),
    ],
)
def test_pages_answer_under_their_own_names_only(port: int, host: str, path: str, expected: int) -> None:
    """A foreign name that points here reads nothing; jobs and orchestrators may use any; own names need a sign-in."""
    assert status(port, path, host) == expected


async def _large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer /small with little, and all else with more than sockets hold."""
    size = 5 if scope["path"] == "/small" else 50_000_000
    await Response(b"x" * size)(scope, receive, send)


@pytest.mark.parametrize("requests", [1, 500])
def test_clients_that_do_not_read_their_answers_do_not_shut_others_out(requests: int) -> None:
    """Also where they ask many times at once."""
    listener = listen("127.0.0.1", 0)
    background = Background(_large, listener, SHORT)
    number = listener.getsockname()[1]
    with ExitStack() as stack:
        stack.callback(background.close)
        deaf = [
            stack.enter_context(connected(number, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * requests))
            for _ in range(SHORT.connections)
        ]

        cut = [has_ended_unread(client) for client in deaf]

        assert (all(cut), status(number, "/small")) == (True, 200)
