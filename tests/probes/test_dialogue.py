"""Probes of kind tcp that hold a dialogue, with STARTTLS as SMTP has it (RFC 3207)."""

from __future__ import annotations

import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.listeners import serving

from outrider.model import Outcome

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.probes.conftest import Bench

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def mail(authority: trustme.CA) -> Iterator[str]:
    """A mail server that says in its second greeting whether the line is encrypted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def speak(connection: socket.socket) -> None:
        threading.Thread(target=_speak, args=(connection.dup(), context), daemon=True).start()

    with serving(speak) as address:
        yield address


def _speak(connection: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        connection.settimeout(5)
        connection.sendall(b"220 mail.test ESMTP\r\n")
        while line := connection.recv(1000):
            if line.startswith(b"EHLO"):
                secure = isinstance(connection, ssl.SSLSocket)
                connection.sendall(b"250-mail.test\r\n")
                connection.sendall(b"250 AUTH\r\n" if secure else b"250 STARTTLS\r\n")
            elif line.startswith(b"STARTTLS"):
                connection.sendall(b"220 go on\r\n")
                connection = context.wrap_socket(connection, server_side=True)
            elif line.startswith(b"QUIT"):
                break
            elif line.startswith(b"SILENCE"):
                continue
            elif line.startswith(b"FLOOD"):
                connection.sendall(b"x" * 100_000)
            else:
                connection.sendall(b"500 what?\r\n")
    connection.close()


def _text(address: str, *turns: str, keys: str = "") -> str:
    dialogue = "".join(f"[[a.dialogue]]\n{turn}\n" for turn in turns)
    return f'[a]\nkind = "tcp"\naddress = "{address}"\n{keys}\n{dialogue}'


GREETING = "expect = '^220 '"
HELLO = "send = \"EHLO me\\r\\n\"\nexpect = '(?m)^250 STARTTLS'"
START = "send = \"STARTTLS\\r\\n\"\nexpect = '^220 '\nstarttls = true"
SECURE = "send = \"EHLO me\\r\\n\"\nexpect = '(?m)^250 AUTH'"


def test_a_dialogue_goes_on_after_starttls(bench: Bench, mail: str, authority: trustme.CA) -> None:
    """What is offered over TLS only is seen."""
    _keep(authority, bench.root)

    measurement = bench.measure(_text(mail, GREETING, HELLO, START, SECURE, keys="authority = 'ca.pem'"))

    assert (measurement.outcome, measurement.reason) == (PASSED, "")
    assert {"connect_ms", "first_byte_ms"} <= {sample.metric for sample in measurement.samples}


def _keep(authority: trustme.CA, folder: Path) -> None:
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))


TALKS = [
    ((GREETING, SECURE), "", "time-out after 0.5 s, waiting for the answer"),
    ((GREETING, HELLO, START), "", "TLS handshake failed: unable to get local issuer certificate"),
    ((GREETING, HELLO, START), "authority = 'ca.pem'\nserver_name = 'other.test'", "failed: hostname mismatch"),
    ((GREETING, "send = 'QUIT'\nexpect = '^221 '"), "", "dialogue 2: it ended the connection"),
    ((GREETING, "send = 'NONSENSE'\nexpect = '^250 '"), "", "time-out after 0.5 s"),
    ((GREETING, "send = 'SILENCE'\nexpect = '^250 '"), "", "time-out after 0.5 s, waiting for the answer"),
    ((GREETING, "send = 'FLOOD'\nexpect = '^250 '"), "", "dialogue 2: it sent more than 65536 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "keys", "words"), TALKS, ids=[f"{t[2]} {t[0][-1]}" for t in TALKS])
def test_a_dialogue_that_goes_wrong_says_where(  # noqa: PLR0917
    bench: Bench, mail: str, authority: trustme.CA, turns: tuple[str, ...], keys: str, words: str
) -> None:
    """Refused, silent, wrong, too much, or a certificate that is not trusted."""
    _keep(authority, bench.root)

    measurement = bench.measure(_text(mail, *turns, keys=keys), limit_s=0.5)

    assert (measurement.outcome, words in measurement.reason) == (FAILED, True), measurement.reason


def test_starttls_without_verification(probe: Probe, mail: str) -> None:
    """Whoever does not want the certificate judged says so."""
    assert probe(_text(mail, GREETING, HELLO, START, SECURE, keys="verify = false")).outcome == PASSED
