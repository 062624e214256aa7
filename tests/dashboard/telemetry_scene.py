"""Telemetry of a scene's moment, in the real engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from outrider.dashboard import TelemetrySource
from outrider.model import LogRecord, Span
from outrider.telemetry_store.service_search import ServiceSearch
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

from .conftest import NOW_US

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

NOW_NS = NOW_US * 1000
SECOND_NS = 10**9
HOSTILE = "<script>alert(1)</script> \u202eevil\u202c \x1b[31m ' OR 1=1 -- {{7*7}}"


def source(client: ClickHouseClient) -> TelemetrySource:
    """Return the way to an engine, at the moment of the scene."""
    search = ServiceSearch(client, clock=lambda: NOW_NS)
    return TelemetrySource(is_on=True, reader=lambda: search, services=lambda: search)


def log_of(service: str, body: str = "order created", *, ago_s: float = 60, **changes: Any) -> LogRecord:
    """Return a record, a minute old."""
    at_ns = NOW_NS - round(ago_s * SECOND_NS)
    plain = LogRecord(at_ns, "", "", 0, "INFO", 9, service, body, {"service.name": service}, "app", "1", {})
    return plain._replace(**changes)


def span_of(service: str, span: str, parent: str = "", *, trace: str, **changes: Any) -> Span:
    """Return a span that began a minute ago and took 20 ms."""
    start_ns, took_ns = NOW_NS - 60 * SECOND_NS, 20_000_000
    plain = Span(
        start_ns, trace, span, parent, "", f"op {span}", "Server", service, {"service.name": service}, "app", "1", {},
        took_ns,
    )  # fmt: skip
    return plain._replace(**changes)


def insert_rows(client: ClickHouseClient, rows: Sequence[LogRecord] | Sequence[Span], token: str) -> None:
    """Insert rows."""
    tables = TelemetryTables(client)
    if isinstance(rows[0], LogRecord):
        tables.insert_logs([row for row in rows if isinstance(row, LogRecord)], token=f"logs {token}")
    else:
        tables.insert_spans([row for row in rows if isinstance(row, Span)], token=f"spans {token}")


def mixed_logs(service: str) -> list[LogRecord]:
    """Return records of every level, hostile and long ones among them."""
    tree = json.dumps({"cart": [{"sku": "4711", "price": 12.5}, {"sku": HOSTILE}], "é": None})
    return [
        log_of(service, "order 4711 created", ago_s=50, attributes={"order_id": "4711", "tenant": "acme"}),
        log_of(service, "slow query", ago_s=900, severity_number=13, attributes={"tenant": "big corp"}),
        log_of(service, "payment timed out\n  at pay.py:3", ago_s=1800, severity_number=17, trace_id="ab" * 16,
               span_id="cd" * 8, attributes={"tenant": "acme", "payload": tree}),
        log_of(service, HOSTILE, ago_s=2000, severity_number=21, attributes={HOSTILE: HOSTILE, "two words": "x"}),
        log_of(service, "商品の購入手続きと支払い確認ページの表示速度の監視" * 6, ago_s=2100, severity_number=0),
        log_of(service, "Straßenbahnhaltestellenübersichtsseitenüberwachung" * 9, ago_s=2200, severity_number=5),
        log_of(service, "x" * 300_000, ago_s=2300),
    ]  # fmt: skip
