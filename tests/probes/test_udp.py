"""Probes of kind udp, in the ways of DNS, NTP and syslog."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
NTP_QUESTION = "1b" + "00" * 47
DNS_QUESTION = "1234 0100 0001 0000 0000 0000 04 73686f70 04 74657374 00 0001 0001"


def _answers(data: bytes) -> list[bytes]:
    """Return what a server of many habits answers."""
    if data[:1] == b"\x1b" and len(data) == 48:
        return [b"\x1c\x02" + bytes(46)]  # version 3, mode 4 (server), stratum 2
    if data == b"garbage":
        return [b"\xff\x00\xfe"]
    if data == b"late":
        return [b"stray", b"the answer"]
    if data == b"flood":
        return [b"x" * 60_000] * 30
    return [] if data in {b"silent", b"end"} else [b"you said " + data]


def _serve(server: socket.socket, heard: list[bytes]) -> None:
    while True:
        data, client = server.recvfrom(65_536)
        heard.append(data)
        if data == b"end":
            return
        for answer in _answers(data):
            server.sendto(answer, client)


@contextmanager
def _listening(heard: list[bytes]) -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server, heard))
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.sendto(b"end", server.getsockname())
            thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with _listening([]) as address:
        yield address


def _text(address: str, keys: str) -> str:
    return f'[a]\nkind = "udp"\naddress = "{address}"\n{keys}\n'


TALKS = [
    ("send = 'hello'\nexpect.contains = 'you said hello'", PASSED, ""),
    ("send = 'hello'\nexpect.matches = '^you'", PASSED, ""),
    (f"send_hex = '{NTP_QUESTION}'\nexpect.hex = '^1c0[1-9a-f]'", PASSED, ""),
    ("send = 'late'\nexpect.contains = 'the answer'", PASSED, ""),
    ("send = 'silent'", PASSED, ""),
    ("send = 'silent'\nexpect.contains = 'x'", FAILED, "time-out after 0.5 s, waiting for an answer"),
    (
        "send = 'garbage'\nexpect.contains = 'ok'",
        FAILED,
        "for another answer: its answer does not contain 'ok'",
    ),
    ("send = 'garbage'\nexpect.hex = '^00'", FAILED, "waiting for another answer: its answer in hexadecimal does not"),
    ("send = 'flood'\nexpect.contains = 'ok'", FAILED, "its answer does not contain 'ok'"),
    ("send = 'hello'\nexpect.contains = 'you'\nexpect.within = {first_byte = '1us'}", FAILED, "the first byte took"),
]


@pytest.mark.parametrize(("keys", "outcome", "words"), TALKS, ids=[talk[0][:60] for talk in TALKS])
def test_an_answer_is_judged(probe: Probe, server: str, keys: str, outcome: Outcome, words: str) -> None:
    """As text, or in hexadecimal."""
    measurement = probe(_text(server, keys), limit_s=0.5 if outcome == FAILED else 10)

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


def test_a_name_server_answers(probe: Probe, names: str) -> None:
    """A question for `shop.test`, byte by byte."""
    measurement = probe(_text(names, f"send_hex = '{DNS_QUESTION}'\nexpect.hex = '^12348[0-9a-f]{{3}}'"))

    assert measurement.outcome == PASSED, measurement.reason


def test_a_log_line_arrives(probe: Probe) -> None:
    """Syslog answers nothing; what is sent is sent."""
    heard: list[bytes] = []
    with _listening(heard) as address:
        measurement = probe(_text(address, "send = '<14>1 - watch outrider - - - alive'"))

    assert measurement.outcome == PASSED
    assert heard == [b"<14>1 - watch outrider - - - alive", b"end"]


def test_an_answer_brings_its_phases(probe: Probe, server: str) -> None:
    """The name lookup, and the time to the first answer."""
    text = _text(server.replace("127.0.0.1", "localhost"), "ip = '4'\nsend = 'a'\nexpect.contains = 'you'")

    assert [sample.metric for sample in probe(text).samples] == ["duration_ms", "dns_ms", "first_byte_ms"]


def test_a_port_that_nobody_listens_at_fails(probe: Probe) -> None:
    """The network says so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"

    measurement = probe(_text(address, "send = 'x'\nexpect.contains = 'y'"))

    assert (measurement.outcome, measurement.reason) == (FAILED, "connection refused, waiting for an answer")


def test_a_datagram_that_is_too_large_is_refused(probe: Probe, server: str) -> None:
    """The operating system says so at once."""
    measurement = probe(_text(server, f"send = '{'x' * 70_000}'\nexpect.contains = 'y'"))

    assert (measurement.outcome, "message too long" in measurement.reason) == (Outcome.SETUP_ERROR, True)
