"""Answers of name servers: aliases, what was not asked for, and answers too long for a datagram."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rrset
import pytest
from tests.listeners import serving

from outrider.model import Measurement, Outcome
from outrider.probes.dns_records import alias_in, record_text, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Probe = Callable[..., Measurement]

CHAIN = ["shop.test. CNAME b.test.", "b.test. CNAME c.test."]
ANSWERS = [
    ("A", ["shop.test. A 10.0.0.1"], ["10.0.0.1"]),
    ("A", ["ShOp.TeSt. A 10.0.0.1"], ["10.0.0.1"]),
    ("A", [*CHAIN, "c.test. A 10.0.0.1"], ["10.0.0.1"]),
    ("A", ["c.test. A 10.0.0.1", *reversed(CHAIN)], ["10.0.0.1"]),
    ("A", [*CHAIN, "other.test. A 10.0.0.1"], []),
    ("A", ["other.test. A 10.0.0.1"], []),
    ("A", ["shop.test. CNAME b.test.", "b.test. CNAME shop.test."], []),
    ("A", ["test. DNAME example.", "shop.test. CNAME shop.example.", "shop.example. A 10.0.0.1"], ["10.0.0.1"]),
    ("CNAME", CHAIN, ["b.test."]),
    ("TXT", ['shop.test. TXT "a" "b"', 'b.test. TXT "c"'], ["ab"]),
]


def answer(kind: str, lines: list[str]) -> dns.message.Message:
    response = dns.message.make_response(dns.message.make_query("shop.test.", kind))
    for line in lines:
        name, of_kind, text = line.split(" ", 2)
        response.answer.append(dns.rrset.from_text(name, 60, "IN", of_kind, text))
    return response


@pytest.mark.parametrize(("kind", "lines", "records"), ANSWERS)
def test_only_what_answers_the_question_is_a_record(kind: str, lines: list[str], records: list[str]) -> None:
    """Aliases are followed in any order, and end where they go in a circle; other names were not asked for."""
    assert [record_text(record) for record in records_of(answer(kind, lines), kind)] == records


def test_an_alias_is_named_by_where_it_leads() -> None:
    """The last one of a chain, for whoever has to find what is missing there."""
    assert alias_in(answer("A", CHAIN)) == "c.test."


@contextmanager
def truncating(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A name server whose datagrams say that the answer is too long, and that speaks as it likes over TCP."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                data, client = datagrams.recvfrom(2048)
                if not data:
                    return
                response = dns.message.make_response(dns.message.from_wire(data))
                response.flags |= dns.flags.TC
                datagrams.sendto(response.to_wire(), client)

    with serving(speak) as address, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        host, _, port = address.partition(":")
        datagrams.bind((host, int(port)))
        thread = threading.Thread(target=serve)
        thread.start()
        yield address
        datagrams.sendto(b"", (host, int(port)))
        thread.join()


def test_an_answer_too_long_for_a_datagram_is_asked_for_over_tcp(probe: Probe) -> None:
    """The name server says so by a flag."""

    def speak(connection: socket.socket) -> None:
        question = dns.message.from_wire(connection.recv(2048)[2:])
        response = dns.message.make_response(question)
        response.answer.append(dns.rrset.from_text("long.test.", 60, "IN", "TXT", *[f'"{"x" * 250}"'] * 20))
        data = response.to_wire()
        connection.sendall(len(data).to_bytes(2, "big") + data)

    with truncating(speak) as server:
        measurement = probe(f'[a]\nkind = "dns"\nname = "long.test"\nrecord = "TXT"\nresolver = "{server}"\n')

    assert measurement.outcome == Outcome.PASSED, measurement.reason


def test_a_name_server_that_hangs_up_over_tcp_is_to_blame(probe: Probe) -> None:
    """It promised an answer there."""

    def speak(connection: socket.socket) -> None:
        connection.recv(2048)

    with truncating(speak) as server:
        measurement = probe(f'[a]\nkind = "dns"\nname = "long.test"\nresolver = "{server}"\n')

    assert measurement.outcome == Outcome.FAILED
    assert "ends the connection over TCP without an answer" in measurement.reason
