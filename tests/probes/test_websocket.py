"""Probes of kind websocket, against Uvicorn, and against servers that misbehave."""

from __future__ import annotations

import shutil
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from tests.listeners import serving
from wsproto.utilities import generate_accept_token

from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.websockets import WebSocket
    from tests.probes.conftest import Bench

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


async def _prices(websocket: WebSocket) -> None:
    """Greet, repeat what is said, and send what is asked for."""
    offered = websocket.scope["subprotocols"]
    if websocket.headers.get("x-key") == "wrong":
        await websocket.close()
        return
    await websocket.accept(subprotocol="prices.v2" if "prices.v2" in offered else None)
    await websocket.send_json({"hello": websocket.url.query})
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text, data = message.get("text"), message.get("bytes")
        if text == "flood":
            for _ in range(100):
                await websocket.send_text("x" * 10_000)
        elif text == "large":
            await websocket.send_text("x" * 200_000)
        elif text == "bye":
            await websocket.close(4001, "no more prices")
            return
        elif text is not None:
            await websocket.send_json({"you": text})
        else:
            await websocket.send_bytes(b"\x00" + (data or b""))


class _Server(uvicorn.Server):
    """A server within a thread, which says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@contextmanager
def _uvicorn(**options: str) -> Iterator[str]:
    app = Starlette(routes=[WebSocketRoute("/live", _prices)])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, ws="wsproto", log_config=None, lifespan="off", **options)  # type: ignore[arg-type]
        server = _Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        server.listens.wait()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join()


@pytest.fixture(scope="module")
def live() -> Iterator[str]:
    with _uvicorn() as address:
        yield address


def _text(address: str, keys: str = "", path: str = "/live", scheme: str = "ws") -> str:
    return f'[a]\nkind = "websocket"\nurl = "{scheme}://{address}{path}"\n{keys}\n'


TALKS = [
    ("", "/live", PASSED, ""),
    ("expect.json = {'$.hello' = 'a=1'}", "/live?a=1", PASSED, ""),
    ("send = 'ping'\nexpect.json = {'$.you' = 'ping'}", "/live", PASSED, ""),
    ("send_hex = '01 ff'\nexpect.matches = '^\\x00\\x01'", "/live", PASSED, ""),
    ("headers = {X-Other = 'é'}\nexpect.json = {'$.hello' = 'a=%C3%A9'}", "/live?a=é", PASSED, ""),
    ("subprotocol = 'prices.v2'", "/live", PASSED, ""),
    ("subprotocol = ['prices.v1', 'prices.v2']\nexpect.contains = 'hello'", "/live", PASSED, ""),
    ("subprotocol = 'prices.v9'", "/live", FAILED, "the server chose no subprotocol, not prices.v9"),
    ("headers = {X-Key = 'wrong'}", "/live", FAILED, "status 403, not 101: it does not upgrade"),
    ("", "/elsewhere", FAILED, "status 403, not 101"),
    ("send = 'ping'\nexpect.contains = 'pong'", "/live", FAILED,
     "time-out after 1.5 s, waiting for another message: the message does not contain 'pong'"),
    ("send = 'bye'\nexpect.contains = 'pong'", "/live", FAILED,
     "it closed the connection (4001 no more prices), and the message does not contain 'pong'"),
    ("send = 'flood'\nmax_bytes = 50000\nexpect.contains = 'pong'", "/live", FAILED, "it sent more than 50000 bytes"),
    ("send = 'large'\nmax_bytes = 50000\nexpect.contains = 'pong'", "/live", FAILED, "it sent more than 50000 bytes"),
    ("expect.within = {upgrade = '1us'}", "/live", FAILED, "the upgrade took"),
    ("[[a.dialogue]]\nexpect = 'hello'\n[[a.dialogue]]\nsend = 'ping'\nexpect = 'you.*ping'", "/live", PASSED, ""),
    ("[[a.dialogue]]\nexpect = 'hello'\n[[a.dialogue]]\nsend = 'bye'\nexpect = 'you'", "/live", FAILED,
     "dialogue 2: it closed the connection (4001 no more prices)"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "path", "outcome", "words"), TALKS, ids=[f"{talk[0]} {talk[1]}" for talk in TALKS])
def test_a_conversation_is_judged(  # noqa: PLR0917
    probe: Probe, live: str, keys: str, path: str, outcome: Outcome, words: str
) -> None:
    """Upgrade, subprotocol, messages, their size and their time."""
    measurement = probe(_text(live, keys, path), limit_s=1.5 if "another" in words else 10)

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


def test_a_conversation_brings_its_phases(probe: Probe, live: str) -> None:
    """Name lookup, connecting, the upgrade and the first message are samples."""
    text = _text(
        live.replace("127.0.0.1", "localhost"), 'ip = "4"\nsubprotocol = "prices.v2"\nexpect.contains = "hello"'
    )
    measurement = probe(text)

    assert [sample.metric for sample in measurement.samples] == [
        "duration_ms", "dns_ms", "connect_ms", "upgrade_ms", "first_message_ms",
    ]  # fmt: skip
    assert measurement.attributes["subprotocol"] == "prices.v2"
    assert [step.title for step in measurement.steps] == ["conversation"]


ACCEPT = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
)
GARBAGE = [
    (b"", "it ended the connection, waiting for the upgrade"),
    (b"SSH-2.0-OpenSSH_9.9\r\n", "waiting for the upgrade"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "status 200, not 101: it does not upgrade"),
    (b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "status 301, not 101"),
    (ACCEPT, "Bad accept token, waiting for the upgrade"),
    (b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 200_000, "waiting for the upgrade"),
]


@pytest.mark.parametrize(("answer", "words"), GARBAGE, ids=[words for _, words in GARBAGE])
def test_a_server_of_another_protocol_fails(probe: Probe, answer: bytes, words: str) -> None:
    """Whatever it sends, nothing of ours breaks."""

    def speak(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)

    with serving(speak) as address:
        measurement = probe(_text(address))

    assert (measurement.outcome, words in measurement.reason) == (FAILED, True), measurement.reason
    assert "prober" not in measurement.reason


def _accepted(request: bytes) -> bytes:
    """Return the answer that upgrades a connection."""
    lines = [line.partition(b": ") for line in request.split(b"\r\n")]
    (key,) = [value for name, _, value in lines if name.lower() == b"sec-websocket-key"]
    return ACCEPT.replace(b"Accept: x", b"Accept: " + generate_accept_token(key))


def test_a_frame_that_is_none_fails(probe: Probe) -> None:
    """The upgrade is well-formed, and then come bytes of no meaning."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(_accepted(connection.recv(10_000)) + b"\xff" * 100)
        connection.recv(10_000)

    with serving(speak) as address:
        measurement = probe(_text(address, "expect.contains = 'x'"))

    assert (measurement.outcome, "it sent what is no frame: " in measurement.reason) == (FAILED, True), (
        measurement.reason
    )


def test_a_server_that_pings_without_end_fails(probe: Probe) -> None:
    """Each ping is answered, and all together are limited."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(_accepted(connection.recv(10_000)))
        with suppress(OSError):
            while True:
                connection.sendall(b"\x89\x7d" + b"x" * 125)

    with serving(speak) as address:
        measurement = probe(_text(address, "max_bytes = 100000\nexpect.contains = 'x'"))

    assert (measurement.outcome, "it sent more than 100000 bytes" in measurement.reason) == (FAILED, True)


@pytest.mark.parametrize("frame", [b"\x8a\x00", b"\x00\x00", b"\x00\x01x", b"\x81\x02{}"])
def test_a_flood_of_small_frames_ends_without_holding_the_loop(probe: Probe, frame: bytes) -> None:
    """Pongs, fragments and messages: thirty thousand of them fit into what is read at once."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(_accepted(connection.recv(10_000)) + (b"\x01\x00" if frame[0] == 0 else b""))
        with suppress(OSError):
            while True:
                connection.sendall(frame * 10_000)

    with serving(speak) as address:
        measurement = probe(_text(address, "max_bytes = 100000\nexpect.contains = 'never'"))

    assert (measurement.outcome, "it sent more than 3310 frames" in measurement.reason) == (FAILED, True)


def test_a_server_that_is_silent_is_a_time_out(probe: Probe) -> None:
    """The connection stands, and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        measurement = probe(_text(f"127.0.0.1:{silent.getsockname()[1]}"), limit_s=0.3)

    assert (measurement.outcome, measurement.reason) == (FAILED, "time-out after 0.3 s, waiting for the upgrade")


def test_a_refused_connection_fails(probe: Probe, dead_port: int) -> None:
    """Nobody listens."""
    measurement = probe(_text(f"127.0.0.1:{dead_port}"))

    assert (measurement.outcome, "refused" in measurement.reason) == (FAILED, True)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server with a certificate, and the file of its authority."""
    authority, folder = trustme.CA(), tmp_path_factory.mktemp("live")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with _uvicorn(ssl_certfile=str(folder / "server.pem")) as address:
        yield address, folder / "ca.pem"


CERTIFICATES = [
    ("authority = 'ca.pem'\nexpect.contains = 'hello'", PASSED, ""),
    ("verify = false", PASSED, ""),
    ("", FAILED, "TLS handshake failed: unable to get local issuer certificate"),
    ("authority = 'ca.pem'\nserver_name = 'other.test'", FAILED, "TLS handshake failed: hostname mismatch"),
]


@pytest.mark.parametrize(("keys", "outcome", "words"), CERTIFICATES)
def test_a_certificate_is_judged(
    bench: Bench, secure: tuple[str, Path], keys: str, outcome: Outcome, words: str
) -> None:
    """Of wss, by the authority and the name."""
    address, authority = secure
    shutil.copy(authority, bench.root)

    measurement = bench.measure(_text(address, keys, scheme="wss"))

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason
    metrics = {sample.metric for sample in measurement.samples}
    assert "certificate_days" in metrics if "hello" in keys else outcome in {PASSED, FAILED}
    assert ("tls_ms" in metrics) == (outcome == PASSED)


def test_a_port_without_tls_is_told(probe: Probe, live: str) -> None:
    """Something answers, and it is no handshake."""
    measurement = probe(_text(live, scheme="wss"))

    assert (measurement.outcome, "TLS handshake failed" in measurement.reason) == (FAILED, True), measurement.reason
