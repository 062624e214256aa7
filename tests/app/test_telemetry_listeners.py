"""What a workspace listens at beside OTLP over HTTP, as `outrider up` starts it: gRPC and syslog."""

from __future__ import annotations

import logging
import socket
from logging.handlers import SysLogHandler
from typing import TYPE_CHECKING

import grpc
import pytest
from tests.app.test_telemetry_forwarding import AwayStore, in_spool, taking, workspace_of
from tests.telemetry.test_spool import log_record
from tests.waiting import until

from outrider.app.access.workspace_access import open_store
from outrider.app.records.token_registry import create_token
from outrider.app.telemetry.telemetry_ingest import TelemetryIngest
from outrider.model import Role, TokenKind, UsageError
from outrider.telemetry import SignalKind
from outrider.telemetry.otlp_request import request_body

if TYPE_CHECKING:
    from pathlib import Path

LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


def export(port: int, body: str, authorization: str) -> None:
    """Call as an exporter does; raises `grpc.RpcError`."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        content = request_body(SignalKind.LOGS, [log_record(body)])
        channel.unary_unary(LOGS)(content, timeout=30, metadata=[("authorization", authorization)])


def test_grpc_takes_what_a_token_of_the_workspace_sends(tmp_path: Path) -> None:
    """Beyond loopback: of kind `ingest`, and scrubbed of the workspace's secrets; nobody else's."""
    workspace = workspace_of(tmp_path, "127.0.0.1:0", 'grpc = "0.0.0.0:0"\n', secret="correct-horse-battery")
    with open_store(workspace) as store:
        token = create_token(store, "a", TokenKind.INGEST, role=Role.VIEWER, lifetime_s=None, check="").secret
        with TelemetryIngest(workspace, store, AwayStore()) as ingest:
            with pytest.raises(grpc.RpcError) as refusal:
                export(ingest.ports["grpc"], "stranger", "Bearer wrong")
            export(ingest.ports["grpc"], "with Bearer correct-horse-battery", f"Bearer {token}")

    assert refusal.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert [record.body for record in in_spool(workspace)[SignalKind.LOGS]] == ["with ***"]


def test_syslog_takes_messages_over_tcp_and_udp(tmp_path: Path) -> None:
    """Of Python's handler; scrubbed; an empty datagram is none; what the log says of ports is true."""
    workspace = workspace_of(tmp_path, "127.0.0.1:0", 'syslog = "127.0.0.1:0"\nsyslog_udp = "127.0.0.1:0"\n')
    with taking(workspace) as ingest:
        for name, kind in (("syslog", socket.SOCK_STREAM), ("syslog_udp", socket.SOCK_DGRAM)):
            handler = SysLogHandler(("127.0.0.1", ingest.ports[name]), SysLogHandler.LOG_LOCAL0, kind)
            handler.ident = "shop: "
            logger = logging.Logger(name)
            logger.addHandler(handler)
            logger.error("%s of ada@example.org", name)
            handler.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"\0", ("127.0.0.1", ingest.ports["syslog_udp"]))
            client.sendto(b"", ("127.0.0.1", ingest.ports["syslog_udp"]))
            client.sendto(b"<11>shop: last", ("127.0.0.1", ingest.ports["syslog_udp"]))
        until(lambda: ingest.tally.counts().get("logs taken", 0) >= 3)
    records = in_spool(workspace)[SignalKind.LOGS]

    assert {(record.service, record.body, record.severity_number) for record in records} == {
        ("shop", "syslog of ***", 17), ("shop", "syslog_udp of ***", 17), ("shop", "last", 17),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["syslog", "syslog_udp"])
def test_syslog_beyond_loopback_needs_networks(tmp_path: Path, name: str) -> None:
    """A token does not do: the protocol has no place for it."""
    workspace = workspace_of(tmp_path, "127.0.0.1:0", f'{name} = "0.0.0.0:0"\n')
    with open_store(workspace) as store:
        create_token(store, "a", TokenKind.INGEST, role=Role.VIEWER, lifetime_s=None, check="")
        with pytest.raises(UsageError) as refusal:
            TelemetryIngest(workspace, store, AwayStore())

    assert refusal.value.slug == "open-ingest"
