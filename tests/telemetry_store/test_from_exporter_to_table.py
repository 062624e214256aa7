"""What an exporter sends to the ingest of a workspace stands in the tables soon, once, and without secrets."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from tests.waiting import until

from outrider.app.access.workspace_access import open_store
from outrider.app.lookup.telemetry_day import lost_today
from outrider.app.records.token_registry import create_token
from outrider.app.telemetry.telemetry_ingest import TelemetryIngest
from outrider.model import LostTelemetry, Role, TokenKind, UsageError
from outrider.telemetry_store.telemetry_inserts import TelemetryTables
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient
    from outrider.workspace import Workspace

SECRET = "correct-horse-battery"


def workspace_of(root: Path, listen: str, more: str = "") -> Workspace:
    (root / "token.txt").write_text(SECRET, encoding="utf-8")
    secrets = '[secrets]\nTOKEN = {file = "token.txt"}\n'
    text = f'{secrets}\n[telemetry]\nlisten = "{listen}"\n{more}'
    (root / "outrider.toml").write_text(text, encoding="utf-8")
    return load(root)


def test_a_span_is_found_after_it_was_sent(tmp_path: Path, shared: ClickHouseClient, service: str) -> None:
    """By its trace, with its attributes; a declared secret of the workspace is not."""
    workspace = workspace_of(tmp_path, "127.0.0.1:0")
    with open_store(workspace) as store, TelemetryIngest(workspace, store, TelemetryTables(shared)) as ingest:
        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{ingest.address}/v1/traces")))
        with provider.get_tracer("t").start_as_current_span("order", attributes={"a": f"x {SECRET}"}) as span:
            trace = f"{span.get_span_context().trace_id:032x}"
        provider.shutdown()
        columns = "ServiceName, SpanName, SpanAttributes['a']"
        query = f"SELECT {columns} FROM outrider.otel_traces WHERE TraceId = {{id:String}}"

        until(lambda: shared.query(query, {"id": trace}).rows != [])

        assert shared.query(query, {"id": trace}).rows == [(service, "order", "x ***")]
        until(lambda: "traces stored" in ingest.tally.counts())
        counts = ingest.tally.counts()

    assert counts.pop("traces bytes") > 0
    assert counts == {"traces taken": 1, "traces stored": 1}


def test_a_line_of_a_file_is_found(tmp_path: Path, shared: ClickHouseClient, service: str) -> None:
    """A file below the workspace, as a service of the name that the settings give it."""
    more = f'[telemetry.logs]\nkeep = "3d"\nfiles = [{{path = "logs/*.log", service = "{service}"}}]\n'
    workspace = workspace_of(tmp_path, "127.0.0.1:0", more)
    (tmp_path / "logs").mkdir()
    with open_store(workspace) as store, TelemetryIngest(workspace, store, TelemetryTables(shared)):
        until((workspace.state / "telemetry" / "followed.json").exists)
        (tmp_path / "logs" / "shop.log").write_text(f"2026-11-29 04:00:00 ERROR no stock for {SECRET}\n")
        query = "SELECT SeverityNumber, Body FROM outrider.otel_logs WHERE ServiceName = {name:String}"

        until(lambda: shared.query(query, {"name": service}).rows != [])

        assert shared.query(query, {"name": service}).rows == [(17, "2026-11-29 04:00:00 ERROR no stock for ***")]
    assert workspace.telemetry is not None
    assert workspace.telemetry.logs_s == 3 * 86_400


def _status(address: str, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    nothing = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "no ids"}]}]}]}
    return httpx.post(f"{address}/v1/traces", json=nothing, headers=headers).status_code


def test_beyond_loopback_a_token_is_needed(tmp_path: Path, shared: ClickHouseClient) -> None:
    """Of the kind `ingest`: one of the API does not open it; without any token, or a network, nothing listens.

    What is refused of that which it sends stands under its name.
    """
    workspace = workspace_of(tmp_path, "0.0.0.0:0")
    with open_store(workspace) as store:
        with pytest.raises(UsageError, match=r"taken from anybody at 0\.0\.0\.0:0") as refusal:
            TelemetryIngest(workspace, store, TelemetryTables(shared))
        tokens = {
            kind: create_token(store, kind.value, kind, role=Role.VIEWER, lifetime_s=None, check="").secret
            for kind in (TokenKind.API, TokenKind.INGEST)
        }
        with TelemetryIngest(workspace, store, TelemetryTables(shared)) as ingest:
            address = ingest.address.replace("0.0.0.0", "127.0.0.1")
            statuses = [_status(address, token) for token in ("", "wrong", *tokens.values())]

    assert refusal.value.slug == "open-ingest"
    assert statuses == [401, 401, 401, 200]
    [lost] = lost_today(workspace.state)
    assert lost == LostTelemetry("traces", "refused", 1, "token ingest", "unknown_service")


def test_a_network_may_send_without_a_token(tmp_path: Path, shared: ClickHouseClient) -> None:
    """By the address from which a client connects; what it says of others in its place counts for nothing."""
    for networks, expected in (('["127.0.0.0/8"]', 200), ('["10.0.0.0/8"]', 401)):
        workspace = workspace_of(tmp_path, "0.0.0.0:0", f"networks = {networks}")
        with open_store(workspace) as store, TelemetryIngest(workspace, store, TelemetryTables(shared)) as ingest:
            address = ingest.address.replace("0.0.0.0", "127.0.0.1")
            answer = httpx.post(f"{address}/v1/logs", json={}, headers={"x-forwarded-for": "10.0.0.1"})

        assert answer.status_code == expected


def test_a_taken_port_is_said(tmp_path: Path, shared: ClickHouseClient) -> None:
    """As everywhere: which address, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        workspace = workspace_of(tmp_path, f"127.0.0.1:{port}")
        with open_store(workspace) as store, pytest.raises(UsageError, match=str(port)) as refusal:
            TelemetryIngest(workspace, store, TelemetryTables(shared))

    assert refusal.value.slug == "port-taken"
    assert refusal.value.fix.endswith("name another address in [telemetry] listen")
