"""The dialogues of docs/probes.md, each with a server of its protocol."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from tests.listeners import free_port, serving

from outrider.model import Outcome

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from tests.probes.conftest import Bench

DOCUMENT = (Path(__file__).parents[2] / "docs/probes.md").read_text(encoding="utf-8")
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
PASSWORD = "redis-s3cret"


def _example(name: str, address: str) -> str:
    """Return an example of the document, for a server of ours."""
    blocks = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    (block,) = [block for block in blocks if f"[{name}]\n" in block]
    tables = re.split(r"(?m)^(?=\[[a-z]+\]$)", block)
    (table,) = [table for table in tables if table.startswith(f"[{name}]")]
    return re.sub(r"(?m)^address = .*$", f'address = "{address}"\nauthority = "ca.pem"', table, count=1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certified(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


class _Sink:
    """A handler of mail that never comes."""


@pytest.fixture(scope="module")
def smtp(certified: ssl.SSLContext) -> Iterator[str]:
    """A mail server, aiosmtpd."""
    port = free_port()
    controller = Controller(_Sink(), hostname="127.0.0.1", port=port, tls_context=certified)
    controller.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        controller.stop()


@contextmanager
def _speaking(context: ssl.SSLContext | None, greeting: bytes, reply: Callable[[bytes], bytes]) -> Iterator[str]:
    """A server that greets, and answers each line; it ends where there is no answer."""

    def converse(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.settimeout(5)
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            connection.sendall(greeting)
            while answer := reply(connection.recv(1000)):
                connection.sendall(answer)
            connection.close()

    def speak(connection: socket.socket) -> None:
        threading.Thread(target=converse, args=(connection.dup(),), daemon=True).start()

    with serving(speak) as address:
        yield address


def _imap(line: bytes) -> bytes:
    """Answer as RFC 9051 has it."""
    return {
        b"a1 CAPABILITY\r\n": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK Pre-login capabilities listed.\r\n",
        b"a2 LOGOUT\r\n": b"* BYE Logging out\r\na2 OK Logout completed.\r\n",
    }.get(line, b"")


def _redis(line: bytes) -> bytes:
    """Answer as the RESP protocol has it, to inline commands."""
    return {
        f"AUTH {PASSWORD}\r\n".encode(): b"+OK\r\n",
        b"AUTH wrong\r\n": b"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
        b"PING\r\n": b"+PONG\r\n",
    }.get(line, b"")


def _refused(bench: Bench, authority: trustme.CA, name: str, address: str, **variables: str) -> Any:
    """Measure what never answers as it should."""
    return _measure(bench, authority, name, address, limit_s=2.0, **variables)


def _measure(
    bench: Bench, authority: trustme.CA, name: str, address: str, *, limit_s: float = 20.0, **variables: str
) -> Any:
    authority.cert_pem.write_to_path(str(bench.root / "ca.pem"))
    bench.variables |= {"REDIS_PASSWORD": PASSWORD, **variables}
    return bench.measure(_example(name, address), limit_s=limit_s)


def test_a_mail_server_is_asked_for_starttls(bench: Bench, authority: trustme.CA, smtp: str) -> None:
    """And greeted again within TLS."""
    measurement = _measure(bench, authority, "smtp", smtp)

    assert measurement.outcome == PASSED, measurement.reason
    assert "certificate_days" in {sample.metric for sample in measurement.samples}


def test_a_mailbox_server_is_asked_for_what_it_can(
    bench: Bench, authority: trustme.CA, certified: ssl.SSLContext
) -> None:
    """Within TLS from the beginning."""
    with _speaking(certified, b"* OK [CAPABILITY IMAP4rev1] ready.\r\n", _imap) as address:
        measurement = _measure(bench, authority, "imap", address)
    with _speaking(certified, b"* BYE too many connections\r\n", _imap) as address:
        refused = _refused(bench, authority, "imap", address)

    assert measurement.outcome == PASSED, measurement.reason
    assert {"tls_ms", "certificate_days"} <= {sample.metric for sample in measurement.samples}
    assert (refused.outcome, "dialogue 1" in refused.reason or "time-out" in refused.reason) == (FAILED, True)


def test_redis_answers_a_ping(bench: Bench, authority: trustme.CA) -> None:
    """After signing in; a wrong password is the failure, and is not shown."""
    with _speaking(None, b"", _redis) as address:
        measurement = _measure(bench, authority, "redis", address)
        refused = _refused(bench, authority, "redis", address, REDIS_PASSWORD="wrong")

    assert measurement.outcome == PASSED, measurement.reason
    assert refused.outcome == FAILED


def test_ssh_shows_its_banner(bench: Bench, authority: trustme.CA) -> None:
    """And what shows another is something else."""
    with _speaking(None, b"SSH-2.0-OpenSSH_9.9\r\n", lambda _: b"") as address:
        measurement = _measure(bench, authority, "ssh", address)
    with _speaking(None, b"220 ftp\r\n", lambda _: b"") as address:
        other = _refused(bench, authority, "ssh", address)

    assert measurement.outcome == PASSED, measurement.reason
    assert other.outcome == FAILED


@pytest.mark.skipif(not shutil.which("redis-server"), reason="there is no redis-server")
def test_a_real_redis_answers_a_ping(bench: Bench, authority: trustme.CA) -> None:
    """On a socket of its own, with a password."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if "Ready to accept connections" in line:
                break
        measurement = _measure(bench, authority, "redis", f"127.0.0.1:{port}")
        server.terminate()

    assert measurement.outcome == PASSED, measurement.reason
