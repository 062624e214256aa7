"""Syslog over TCP and OTLP over gRPC, from real clients to the spool."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
from logging.handlers import SysLogHandler
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from tests.waiting import until

from outrider.server import OtlpGrpc, SyslogListener, listen
from outrider.telemetry import AttributeReader, Intake, SignalKind, Spool, Tally, read_segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 100_000)


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def intake(spool: Spool, tally: Tally) -> Intake:
    return Intake(spool, AttributeReader(tally=tally))


@pytest.fixture
def address(intake: Intake, tally: Tally) -> Iterator[tuple[str, int]]:
    listener = listen("127.0.0.1", 0)
    host, port = listener.getsockname()
    syslog = SyslogListener(listener, intake.keep_logs, AttributeReader(tally=tally), lambda peer: peer == "127.0.0.1")
    yield host, port
    syslog.close()


def kept(spool: Spool) -> list[Any]:
    return [record for segment in spool.sealed() for record in read_segment(segment)[1]]


def test_messages_of_real_clients_are_kept(spool: Spool, tally: Tally, address: tuple[str, int]) -> None:
    """Python's handler, which ends messages with a zero byte, and util-linux's logger, in all of its forms."""
    handler = SysLogHandler(address, SysLogHandler.LOG_LOCAL0, socket.SOCK_STREAM)
    handler.ident = "shop: "
    logger = logging.Logger("pay")
    logger.addHandler(handler)
    logger.error("payment %d refused", 4711)
    handler.close()
    forms = [["--rfc5424", "--octet-count"], ["--rfc5424"], ["--rfc3164"]] if shutil.which("logger") else []
    for form in forms:
        host, port = address
        command = ["logger", "--tcp", "-n", host, "-P", str(port), "-t", "cart", "-p", "user.warning", *form, "slow"]
        subprocess.run(command, check=True, timeout=30)

    until(lambda: tally.counts().get("logs taken", 0) == 1 + len(forms))

    records = kept(spool)
    assert {(r.service, r.body, r.severity_number) for r in records if r.service == "shop"} == {
        ("shop", "payment 4711 refused", 17)
    }
    assert [(r.body, r.severity_number) for r in records if r.service == "cart"] == [("slow", 13)] * len(forms)


def test_a_full_spool_makes_clients_wait(tmp_path: Path, tally: Tally) -> None:
    """What cannot be kept is kept as soon as there is room: the protocol has no way to send again."""
    spool = Spool(tmp_path / "small", 100_000)
    intake = Intake(spool, AttributeReader(tally=tally))
    listener = listen("127.0.0.1", 0)
    syslog = SyslogListener(listener, intake.keep_logs, AttributeReader(tally=tally), lambda _peer: True)
    with socket.create_connection(listener.getsockname()) as client:
        for number in range(2):
            client.sendall(b"<14>%d %s\n" % (number, b"x" * 60_000))
        until(lambda: tally.counts().get("logs taken", 0) == 1)
        for segment in spool.sealed():
            spool.forget(segment)
        until(lambda: tally.counts().get("logs taken", 0) == 2)
    syslog.close()

    assert [record.body[:1] for record in kept(spool)] == ["1"]


def test_a_stranger_is_turned_away(intake: Intake, tally: Tally) -> None:
    """The connection is closed, and counted."""
    listener = listen("127.0.0.1", 0)
    syslog = SyslogListener(listener, intake.keep_logs, AttributeReader(tally=tally), lambda _peer: False)
    with socket.create_connection(listener.getsockname()) as client:
        client.settimeout(30)
        rest = client.recv(10)
    syslog.close()

    assert rest == b""
    assert tally.counts() == {"connections of syslog refused": 1}


def export(port: int, content: bytes, token: str = "right") -> bytes:
    """Call as an exporter does; raises `grpc.RpcError`."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(LOGS)
        answer: bytes = call(content, timeout=30, metadata=[("authorization", f"Bearer {token}")])
        return answer


@pytest.fixture
def port(intake: Intake) -> Iterator[int]:
    def source_of(peer: str, authorization: str) -> str:
        return "token right" if peer == "127.0.0.1" and authorization == "Bearer right" else ""

    server = OtlpGrpc(intake, source_of, "127.0.0.1", 0)
    yield server.port
    server.close()


def request(body: str) -> bytes:
    record: Any = {"body": {"string_value": body}, "severity_number": 17}
    groups: Any = [{"scope_logs": [{"log_records": [record]}]}]
    return bytes(ExportLogsServiceRequest(resource_logs=groups).SerializeToString())


def test_otlp_over_grpc_is_kept(spool: Spool, intake: Intake, port: int) -> None:
    """And answered as over HTTP: with success, also in part where logs are switched off."""
    answer = export(port, request("refused"))
    intake.off = frozenset({SignalKind.LOGS})
    rejected = ExportLogsServiceResponse.FromString(export(port, request("dropped")))

    assert answer == b""
    assert [record.body for record in kept(spool)] == ["refused"]
    assert rejected.partial_success.rejected_log_records == 1
    assert "switched off" in rejected.partial_success.error_message


@pytest.mark.parametrize(
    ("content", "token", "code"),
    [
        (b"\xff\xff garbage", "right", grpc.StatusCode.INVALID_ARGUMENT),
        (request("x"), "wrong", grpc.StatusCode.UNAUTHENTICATED),
        (bytes(17 << 20), "right", grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
def test_what_cannot_be_taken_is_refused_for_good(port: int, content: bytes, token: str, code: grpc.StatusCode) -> None:
    """With a code that clients do not send again for."""
    with pytest.raises(grpc.RpcError) as refusal:
        export(port, content, token)

    assert refusal.value.code() is code


def test_a_full_spool_answers_unavailable(port: int) -> None:
    """After which every exporter sends again."""
    export(port, request("x" * 60_000))

    with pytest.raises(grpc.RpcError) as refusal:
        export(port, request("y" * 60_000))

    assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
