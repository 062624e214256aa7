"""Telemetry of a scene's moment, in the real engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from outrider.dashboard import TelemetrySource
from outrider.model import LogRecord, Span
from outrider.real_users import PageView
from outrider.telemetry_store.page_view_search import PageViewSearch
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
    search = PageViewSearch(client, clock=lambda: NOW_NS)
    return TelemetrySource(is_on=True, reader=lambda: search, services=lambda: search, real_users=lambda: search)


def page_view(number: int, **changes: Any) -> PageView:
    """Return a view of a real user, a minute old; ten sessions have some each."""
    events = [
        [120, "click", "button#buy"], [150, "call", "POST /api/cart/*", 500, 80, "ab" * 16],
        [200, "error", "TypeError: no stock", "cd" * 16, "onerror"], [900, "rage click", HOSTILE],
        [950, "event", HOSTILE, "a=b"],
    ]  # fmt: skip
    resources = [["script", "https://shop.example/app.js", 2, 80, 60, 120_000, 0], ["fetch", HOSTILE, 1, 9, 9, 1, 1]]
    plain = PageView(
        NOW_US - (60 + number * 30) * 1_000_000, 1, "shop", "production", "2.1", f"{number % 10 + 1:032x}",
        f"{number + 1:016x}", 1,
        ("/", "/product/*", "/cart")[number % 3], "https://shop.example/", "", "navigate",
        ("desktop", "phone")[number % 2], "Chrome 156", "Linux", "4g", "DE", f"192.0.{number % 7}.0/24", "a" * 16, "",
        "ab" * 16, 30_000, 900.0 + number * 120, 80.0 + number * 12, 0.01 * (number % 40), 700.0, 200.0,
        {"lcp.element": "img.hero", "inp.element": "button#buy"}, number % 4 == 0,
        number % 5 == 0, 0, 2, 130, 3, number % 6 == 0,
        json.dumps(resources), json.dumps(events), ("empty", "warm")[number % 2], ("high", "low")[number % 2],
    )  # fmt: skip
    return plain._replace(**changes)


def insert_page_views(client: ClickHouseClient) -> PageViewSearch:
    """Insert forty views, one with hostile names; return what answers about them."""
    search = PageViewSearch(client, clock=lambda: NOW_NS)
    hostile = page_view(40, page=HOSTILE, browser=HOSTILE, url=HOSTILE, release=HOSTILE, causes={HOSTILE: HOSTILE})
    robot = page_view(41, page="/cart", origin="robot", lcp_ms=321.0)
    search.insert_page_views([*map(page_view, range(40)), hostile, robot], token="layout of real users")
    return search


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
