"""Probes of kind grpc, against gRPC's own server with its own health service, and against others."""

from __future__ import annotations

import socket
from concurrent import futures
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from tests.listeners import serving

from outrider.model import Outcome
from outrider.probes.grpc import GrpcProbe, frame, parse_health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.probes.conftest import Bench

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


class Servers:
    """Servers of gRPC: `plain` and `secure` have the health service, `bare` has not, `slow` never answers."""

    def __init__(self) -> None:
        self.authority = trustme.CA()
        issued = self.authority.issue_cert("127.0.0.1")
        key, chain = issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes()
        grpc = pytest.importorskip("grpc", reason="a server of gRPC needs grpcio")
        health = pytest.importorskip("grpc_health.v1.health", reason="the health service needs grpcio-health-checking")
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        self._servers: list[Any] = []
        servicer = health.HealthServicer()
        servicer.set("shop.Cart", health_pb2.HealthCheckResponse.SERVING)
        servicer.set("shop.Pay", health_pb2.HealthCheckResponse.NOT_SERVING)
        self.ports = {}
        for name in ("plain", "secure", "bare"):
            server = grpc.server(futures.ThreadPoolExecutor(2))
            if name != "bare":
                health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
            credentials = grpc.ssl_server_credentials([(key, chain)])
            address = "127.0.0.1:0"
            secure = name == "secure"
            port = server.add_secure_port(address, credentials) if secure else server.add_insecure_port(address)
            server.start()
            self._servers.append(server)
            self.ports[name] = port

    def stop(self) -> None:
        for server in self._servers:
            server.stop(None).wait()


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    started = Servers()
    yield started
    started.stop()


def _text(port: int, keys: str = "") -> str:
    return f'[a]\nkind = "grpc"\naddress = "127.0.0.1:{port}"\n{keys}\n'


CALLS = [
    ("plain", "", PASSED, ""),
    ("plain", "service = 'shop.Cart'", PASSED, ""),
    ("plain", "service = 'shop.Pay'", FAILED, "shop.Pay is NOT_SERVING, not SERVING"),
    ("plain", "service = 'shop.Pay'\nexpect.status = ['SERVING', 'NOT_SERVING']", PASSED, ""),
    ("plain", "service = 'shop.None'", FAILED, "the server knows no service shop.None (NOT_FOUND)"),
    ("plain", "headers = {Authorization = 'Bearer x'}", PASSED, ""),
    ("plain", "tls = true", FAILED, "TLS"),
    ("plain", "expect.within = {total = '1us'}", FAILED, "the whole request took"),
    ("plain", "expect.certificate_days = 3", FAILED, "there is no certificate"),
    ("bare", "", FAILED, "the server does not offer grpc.health.v1.Health (UNIMPLEMENTED: Method not found!)"),
    ("secure", "tls = true\nauthority = 'ca.pem'\nexpect.certificate_days = 3", PASSED, ""),
    ("secure", "tls = true\nverify = false", PASSED, ""),
    ("secure", "tls = true", FAILED, "unable to get local issuer certificate"),
    ("secure", "tls = true\nauthority = 'ca.pem'\nserver_name = 'other.test'", FAILED, "no alternative certificate"),
    ("secure", "", FAILED, ""),
]


@pytest.mark.parametrize(("server", "keys", "outcome", "words"), CALLS, ids=[f"{call[0]} {call[1]}" for call in CALLS])
def test_the_health_of_a_service_is_judged(  # noqa: PLR0917
    bench: Bench, servers: Servers, server: str, keys: str, outcome: Outcome, words: str
) -> None:
    """Its status, its name, and the certificate of its server."""
    servers.authority.cert_pem.write_to_path(str(bench.root / "ca.pem"))

    measurement = bench.measure(_text(servers.ports[server], keys))

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


def test_a_call_brings_its_phases(bench: Bench, servers: Servers) -> None:
    """As any request of libcurl does."""
    servers.authority.cert_pem.write_to_path(str(bench.root / "ca.pem"))

    measurement = bench.measure(_text(servers.ports["secure"], "tls = true\nauthority = 'ca.pem'"))

    assert [sample.metric for sample in measurement.samples] == [
        "duration_ms", "connect_ms", "tls_ms", "first_byte_ms", "transfer_ms", "transfer_bytes", "certificate_days",
    ]  # fmt: skip
    assert (measurement.attributes["health"], measurement.attributes["protocol"]) == ("SERVING", "HTTP/2")


SAID = [
    (b"", "the server ended the connection, or spoke no HTTP/2"),
    (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "peer does not support HTTP/2"),
    (b"SSH-2.0-OpenSSH_9.9\r\n" * 100, "peer does not support HTTP/2"),
    (b"\x00" * 300_000, "peer does not support HTTP/2"),
]


@pytest.mark.parametrize(("said", "words"), SAID, ids=["nothing", "another version", "another protocol", "too much"])
def test_a_server_of_another_protocol_fails(probe: Probe, said: bytes, words: str) -> None:
    """Whatever it sends, the target is at fault."""

    def speak(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(10_000)

    with serving(speak) as address:
        measurement = probe(_text(int(address.rpartition(":")[2])), limit_s=5)

    assert (measurement.outcome, words in measurement.reason) == (FAILED, True), measurement.reason


def test_a_server_that_is_silent_is_a_time_out(probe: Probe) -> None:
    """The connection stands, and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        measurement = probe(_text(silent.getsockname()[1]), limit_s=0.5)

    assert measurement.outcome == FAILED
    assert measurement.reason == "time-out after 0.5 s, waiting for the first byte"


def test_a_refused_connection_fails(probe: Probe, dead_port: int) -> None:
    """Nobody listens."""
    measurement = probe(_text(dead_port))

    assert (measurement.outcome, "refused" in measurement.reason) == (FAILED, True)


def test_a_site_is_no_server_of_grpc(bench: Bench, site: str) -> None:
    """It speaks another version of HTTP, or answers with a page."""
    measurement = bench.measure(_text(int(site.rpartition(":")[2])), limit_s=5)

    assert measurement.outcome == FAILED, measurement.reason


def test_names_of_any_length_are_framed() -> None:
    """As protobuf writes them: a tag, the length in sevens of bits, and the bytes."""
    assert frame("") == bytes(5)
    assert frame("a") == b"\0\0\0\0\x03\x0a\x01a"
    assert frame("a" * 300)[:9] == b"\0\0\0\x01\x2f\x0a\xac\x02a"


ANSWERS = {
    "00 00000002 0801": "SERVING", "00 00000002 0802": "NOT_SERVING", "00 00000000": "UNKNOWN", "": "", "00": "",
    "01 00000002 0801": "", "00 00000003 0801": "", "00 00000002 0809": "", "00 00000002 1201": "",
    "00 ffffffff 0801": "",
}  # fmt: skip


@pytest.mark.parametrize(("answer", "status"), ANSWERS.items())
def test_an_answer_of_the_health_protocol_is_read(answer: str, status: str) -> None:
    """Anything else is none."""
    assert parse_health(bytes.fromhex(answer)) == status


@given(st.binary(max_size=64))
def test_any_bytes_are_an_answer_or_none(body: bytes) -> None:
    """Whatever a server sends, nothing breaks."""
    assert parse_health(body) in {"", "UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}


def test_a_body_with_any_bytes_is_sent(bench: Bench, site: str) -> None:
    """Also a NUL, which pycurl does not take as a value."""
    keys = 'method = "POST"\nbody = "a\\u0000b"\nexpect.matches = "a\\\\x00b"\n'

    assert bench.measure(f'[a]\nkind = "http"\nurl = "{site}/echo"\n{keys}').outcome == PASSED


def test_a_libcurl_without_http_2_is_told(bench: Bench) -> None:
    """Some distributions build it so; the target is not at fault."""
    catalogue = bench.read(_text(1))
    (check,), (read,) = catalogue.checks, catalogue.probes.values()
    assert isinstance(read, GrpcProbe)

    measurement = bench.try_probe(check, replace(read, has_http2=False))

    assert (measurement.outcome, "does not speak HTTP/2" in measurement.reason) == (Outcome.SETUP_ERROR, True)
