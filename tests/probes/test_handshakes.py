"""Handshakes that do not come to an end, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.listeners import serving

from outrider.model import Measurement, Outcome
from outrider.probes.handshake_errors import explain_handshake, is_handshake_error

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.probes.conftest import Bench, Vault

    Probe = Callable[..., Measurement]

REFUSES = b"\x15\x03\x03\x00\x02\x02\x28"  # an alert: handshake_failure
SERVERS = {
    "silent": (b"", "time-out after 0.4 s, during the TLS handshake"),
    "ssh": (b"SSH-2.0-OpenSSH_9.6\r\n", "the server does not speak TLS at this port"),
    "refuses": (REFUSES, "the server refuses it, for want of a common cipher or of that name"),
    "closes": (None, "the server ended the connection"),
}


@pytest.mark.parametrize(
    "keys", ['kind = "http"\nurl = "https://{0}/"', 'kind = "tls"\naddress = "{0}"'], ids=["http", "tls"]
)
@pytest.mark.parametrize(("data", "words"), SERVERS.values(), ids=SERVERS)
def test_a_handshake_that_fails_says_why(probe: Probe, keys: str, data: bytes | None, words: str) -> None:
    """In words; a server that says nothing is waited for in the handshake, and not in the transfer."""

    def speak(connection: socket.socket) -> None:
        connection.recv(65_536)
        if data is not None:
            connection.sendall(data)
            connection.recv(65_536)

    with serving(speak) as address:
        measurement = probe(f"[a]\n{keys.format(address)}\n", limit_s=0.4)

    assert (measurement.outcome, words in measurement.reason) == (Outcome.FAILED, True), measurement.reason


def test_an_answer_that_does_not_come_is_waited_for_after_the_handshake(probe: Probe, vault: Vault) -> None:
    """The time-out names the first byte, also over TLS."""
    url = f"https://127.0.0.1:{vault.ports['good']}/hang"

    measurement = probe(f'[a]\nkind = "http"\nurl = "{url}"\nverify = false\n', limit_s=0.4)

    assert measurement.reason == "time-out after 0.4 s, waiting for the first byte"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol version",
            "TLS handshake failed: the server speaks no version of TLS that is secure (tlsv1 alert protocol version)",
        ),
        ("TLS connect error: error:0A0000C6:SSL routines::odd", "TLS handshake failed: odd"),
    ],
)
def test_the_words_of_openssl_stay_in_brackets(text: str, reason: str) -> None:
    """Whoever searches for them finds them."""
    assert is_handshake_error(text)
    assert explain_handshake(text) == reason


KINDS = ['kind = "http"\nurl = "https://127.0.0.1:{0}/"', 'kind = "tls"\naddress = "127.0.0.1:{0}"']


@pytest.mark.parametrize("keys", KINDS, ids=["http", "tls"])
def test_a_certificate_without_alternative_names_fails_as_in_browsers(bench: Bench, vault: Vault, keys: str) -> None:
    """They have not read the common name for years; without verification nothing is said of it."""
    (bench.root / "ca.pem").write_bytes((vault.folder / "authority.pem").read_bytes())
    table = f"[a]\n{keys.format(vault.ports['nameless'])}\n"

    verified = bench.measure(table + "authority = 'ca.pem'\n")
    unverified = bench.measure(table + "verify = false\n")

    assert (verified.outcome, "no subject alternative name" in verified.reason) == (Outcome.FAILED, True), (
        verified.reason
    )
    assert unverified.outcome == Outcome.PASSED, unverified.reason
