"""A server that is away, is another program, leads elsewhere, drips or lies: each is an error with a remedy."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.listeners import serving

from outrider.app.access.server_client import server_client
from outrider.model import OutriderError, ServerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN = "outrider_api_secret"


def answering(answer: bytes, heard: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    """Return what reads a request and answers it."""

    def speak(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request and (piece := connection.recv(65_536)):
            request += piece
        if heard is not None:
            heard.append(request)
        connection.sendall(answer)

    return speak


def http(status: str, body: bytes = b"", kind: str = "application/json", **headers: str) -> bytes:
    lines = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def problem(slug: str, detail: str = "why") -> bytes:
    return json.dumps({"type": f"docs/errors.md#{slug}", "title": "t", "status": 0, "detail": detail}).encode()


def refused(url: str, **options: float) -> OutriderError:
    with pytest.raises(OutriderError) as error:
        server_client(url, TOKEN, **options).read("/status")
    assert TOKEN not in str(error.value)
    return error.value


@pytest.mark.parametrize(
    ("answer", "slug", "text"),
    [
        (http("200 OK", b"<html>", "text/html"), "server-answer", "text/html instead of JSON"),
        (http("200 OK", b"{"), "server-answer", "its answer is no JSON"),
        (http("200 OK", b"[" * 100_000), "server-answer", "its answer is no JSON"),
        (http("404 Not Found", b"gone", "text/plain"), "server-answer", "status 404"),
        (http("500 Oops", b"[1]"), "server-answer", "status 500"),
        (http("401 No", b"{}"), "server-answer", "status 401"),
        (http("404 No", problem("unknown-address")), "server-answer", "of another version"),
        (http("401 No", problem("invalid-token", "it has expired")), "invalid-token", "outrider tokens create"),
        (http("403 No", problem("role-too-low", "ci is viewer")), "role-too-low", "ci is viewer"),
        (http("503 Later", problem("store-unreachable")), "store-unreachable", "try again"),
        (http("404 No", problem("unknown-run", "there is no run x")), "unknown-run", "there is no run x"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "server-answer", "does not speak HTTP"),
        (b"", "server-answer", "does not speak HTTP"),
    ],
)  # fmt: skip
def test_each_wrong_answer_says_what_is_wrong(answer: bytes, slug: str, text: str) -> None:
    """The slug is ours or the server's; the token is in no message."""
    with serving(answering(answer)) as place:
        error = refused(f"http://{place}")

    assert error.slug == slug
    assert text in str(error)


@pytest.mark.parametrize("answer", [http("404 No", problem("unknown-address")), http("200 OK", b'{"runs": 1}')])
def test_a_server_of_another_version_is_named_with_both_versions(answer: bytes) -> None:
    """Whether it does not know the request, or answers in another form."""

    def speak(connection: socket.socket) -> None:
        heard: list[bytes] = []
        answering(b"", heard)(connection)
        described = http("200 OK", b'{"info": {"version": "0.0.7"}}')
        connection.sendall(described if b"/openapi.json" in heard[0] else answer)

    def ask(place: str) -> None:
        client = server_client(f"http://{place}", TOKEN)
        with client.readable():
            assert client.read("/status")["items"]

    with serving(speak) as place, pytest.raises(ServerError) as refusal:
        ask(place)

    assert refusal.value.slug == "server-answer"
    assert f"it is Outrider 0.0.7, and this command is {version('outrider')}: use the same" in refusal.value.fix


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed_so_that_no_other_address_sees_the_token(status: str) -> None:
    """Not for reading, and not for acting."""
    heard: list[bytes] = []
    with serving(answering(http("200 OK", b"{}"), heard)) as elsewhere:
        moved = http(status, Location=f"http://{elsewhere}/api/v1/status")
        with serving(answering(moved)) as place:
            error = refused(f"http://{place}")
            with pytest.raises(ServerError):
                server_client(f"http://{place}", TOKEN).act("/releases", {"name": "v1"})

    assert error.slug == "server-redirect"
    assert elsewhere in str(error)
    assert heard == []


def test_the_token_and_the_base_path_are_sent_where_they_were_meant_to_go() -> None:
    """As a bearer token, below the base path."""
    heard: list[bytes] = []
    with serving(answering(http("200 OK", b'{"a": 1}'), heard)) as place:
        answer = server_client(f"http://{place}/monitor/", TOKEN).read("/runs", {"check": "a b/c", "outcome": ""})

    assert answer == {"a": 1}
    assert heard[0].startswith(b"GET /monitor/api/v1/runs?check=a+b%2Fc HTTP/1.1\r\n")
    assert f"Authorization: Bearer {TOKEN}\r\n".encode() in heard[0]


def test_a_server_that_is_away_is_unreachable() -> None:
    """A port at which nobody listens, and a name that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert refused(f"http://127.0.0.1:{port}").slug == "server-unreachable"
    assert refused("http://nobody.invalid").slug == "server-unreachable"


def test_a_server_that_says_nothing_or_drips_is_given_up() -> None:
    """Within the time that was allowed, however often a byte comes."""
    done = threading.Event()

    def silent(connection: socket.socket) -> None:
        connection.recv(65_536)
        done.wait(60)

    def dripping(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not done.wait(0.05):
            connection.sendall(b" ")

    for speak in (silent, dripping):
        done.clear()
        with serving(speak) as place:
            error = refused(f"http://{place}", timeout_s=0.3)
            done.set()
        assert error.slug == "server-timeout"


def test_a_certificate_that_is_not_trusted_is_said(tmp_path: Path) -> None:
    """And plain HTTP on the port of HTTPS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)

    with serving(secured) as place:
        distrusted = refused(f"https://{place}")

    def plainly(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(http("400 Bad", b""))

    with serving(plainly) as place:
        plain = refused(f"https://{place}")

    assert (distrusted.slug, plain.slug) == ("server-tls", "server-tls")
    assert "certificate" in str(distrusted)
    assert "speaks no TLS" in plain.fix


def test_a_certificate_that_has_expired_is_to_be_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another name for the server would not help."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ended = datetime(2026, 1, 2, tzinfo=UTC)
    authority.issue_cert("127.0.0.1", not_before=ended - timedelta(days=1), not_after=ended).configure_cert(context)

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)

    with serving(secured) as place:
        expired = refused(f"https://{place}")

    assert (expired.slug, "has expired" in expired.what) == ("server-tls", True)
    assert "renew its certificate" in expired.fix


@pytest.mark.parametrize(
    "url",
    ["", "shop", "shop.example", "ftp://a", "http://", "http://a:0", "http://a:x", "file:///etc/passwd", "http://a b",
     "http://a\r\nX: y", "http://ada:secret@a", "http://a/?x=1", "http://a/#x", "http://ä"],
)  # fmt: skip
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    """A password in it is not shown."""
    with pytest.raises(UsageError) as error:
        server_client(url)

    assert error.value.slug == "bad-server"
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("token", ["a b", "a\r\nX: y", "ä", "a\x00"])
def test_what_is_no_token_is_refused_and_not_shown(token: str) -> None:
    """It would be a header of its own, or none."""
    with pytest.raises(UsageError) as error:
        server_client("http://a", token)

    assert token not in str(error.value)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (http("200 OK", b'{"a": 1}\n{"a"', "application/jsonl"), "its answer is cut"),
        (http("200 OK", b'{"a": 1}\n{"a"\n', "application/jsonl"), "its answer is no JSON"),
        (http("200 OK", b'{"a": 1}\n'), "instead of lines"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n\r\n"
            b'9\r\n{"a": 1}\n\r\n',
            "does not speak HTTP (IncompleteRead)",
        ),
    ],
)
def test_rows_that_are_cut_are_no_success(answer: bytes, text: str) -> None:
    """What came whole was handed out before; the last piece says that all have come."""
    with serving(answering(answer)) as place, pytest.raises(ServerError) as error:
        list(server_client(f"http://{place}", TOKEN).rows("/export", {}))
    assert text in str(error.value)
