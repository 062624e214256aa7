"""Pages of services in a real browser: they fit every screen, and can be read by everybody."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from tests.accessibility import AXE
from tests.page_patterns import PAGES, misfits, routes_of, unreadable

from outrider.dashboard import TelemetrySource
from outrider.model import GaugeValue, MetricPoint, ReplaySegment, SumValue
from outrider.server import Background, listen
from outrider.telemetry_store.call_rollup import CallRollup
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

from .conftest import NOW_US
from .telemetry_scene import HOSTILE, NOW_NS, SECOND_NS, insert_page_views, insert_rows, span_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from outrider.model import Span
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

pytestmark = pytest.mark.browser

PATHS = ("/services", "/services?since=7d", "/services/map", "/services/shop-00", "/services/nobody", "/hosts",
         "/hosts?q=nobody", "/hosts/node-0", "/hosts/nobody", "/vitals", "/vitals?vital=cls&by=browser&device=phone",
         "/vitals?page=nothing", "/vitals?page=/cart", "/sessions?has=error", "/sessions?trace=nobody",
         f"/sessions/{1:032x}", "/sessions/nobody", f"/replays/{1:032x}", "/replays/nobody",
         f"/related/session/{1:032x}", "/related/run/nobody")  # fmt: skip
SERVICES = 60


def traffic() -> Iterator[Span]:
    """Yield calls among sixty services, some slow, some failing, one with a hostile name, over forty minutes."""
    draw = random.Random(7)
    names = [f"shop-{number:02}" for number in range(SERVICES - 1)] + [HOSTILE]
    for number, name in enumerate(names):
        callees = {names[min(SERVICES - 1, number * 2 + 1 + more)] for more in range(2)} - {name}
        for minute in range(5, 45, 4):
            trace, at_ns = f"{number:016x}{minute:016x}", NOW_NS - minute * 60 * SECOND_NS
            status = "Error" if number % 17 == 5 and draw.random() < 0.2 else "Unset"
            took_ns = round(draw.lognormvariate(17.5, 0.4))
            resource = {"service.version": "2.1" if minute < 20 else "2.0", "host.name": f"pod-{number}"}
            yield span_of(
                name, "0" * 15 + "a", trace=trace, time_ns=at_ns, name="GET /cart", duration_ns=took_ns, status=status,
                resource=resource,
            )  # fmt: skip
            for place, callee in enumerate(sorted(callees)):
                asked, answered = f"{place + 1:016x}", f"{place + 100:016x}"
                more: dict[str, Any] = {"time_ns": at_ns, "status": status}
                yield span_of(name, asked, "0" * 15 + "a", kind="Client", duration_ns=took_ns // 2, trace=trace, **more)
                yield span_of(callee, answered, asked, name=f"POST /{HOSTILE if place else 'pay'}", trace=trace, **more)
            statement = f"SELECT * FROM orders WHERE id = {minute} AND {'a_long_column_name, ' * 20} 1"
            query = {"db.system": "postgresql", "db.name": f"orders-{number % 4}", "db.statement": statement}
            yield span_of(name, "f" * 16, "0" * 15 + "a", trace=trace, time_ns=at_ns, kind="Client", attributes=query)


def system_metrics() -> Iterator[MetricPoint]:
    """Yield what two hosts, one with a hostile name, and a runtime without units sent within the hour."""
    for host, minute in product(("node-0", HOSTILE), range(1, 40, 2)):
        plain = MetricPoint(
            NOW_NS - minute * 60 * SECOND_NS, 0, "other", "", "", "", {"host.name": host, "service.instance.id": host},
            "", "", {}, GaugeValue(minute / 9),
        )  # fmt: skip
        passed_s = (40 - minute) * 60
        for state, share in (("idle", 0.1), ("user", 0.9)):
            time = SumValue(passed_s * share, is_monotonic=True, is_delta=False)
            yield plain._replace(name="system.cpu.time", value=time, attributes={"state": state})
        for state, share in (("free", 0.1), ("used", 0.9)):
            attributes = {"state": state, "mountpoint": "/" + HOSTILE}
            size = SumValue(share, is_monotonic=False, is_delta=False)
            yield plain._replace(name="system.filesystem.usage", value=size, attributes=attributes)
        sizes = SumValue(passed_s * 2e6, is_monotonic=True, is_delta=False)
        yield plain._replace(name="system.network.io", value=sizes, attributes={"direction": "receive"})
        yield plain._replace(name="system.cpu.load_average.1m")
        for number in range(6):
            attributes = {"type": f"{HOSTILE} {number}"}
            yield plain._replace(service="shop-00", name="process.memory.usage", attributes=attributes)


@pytest.fixture
def address(scene: Scene, telemetry: ClickHouseClient) -> Iterator[str]:
    """The address of pages about sixty services."""
    upgrade_schema(telemetry)
    insert_rows(telemetry, list(traffic()), "layout of services")
    TelemetryTables(telemetry).insert_metrics(list(system_metrics()), token="layout of hosts")
    rollup = CallRollup(telemetry, clock=lambda: NOW_US / 1_000_000)
    rollup._next_s = NOW_US // 1_000_000 - 3600
    while rollup.roll_up():
        pass
    search = insert_page_views(telemetry)
    scene.telemetry = TelemetrySource(
        is_on=True, reader=lambda: search, services=lambda: search, real_users=lambda: search
    )
    part = scene.root / "part"
    part.write_bytes(b"a part of a replay")
    scene.store.replays.add(
        ReplaySegment(f"{1:032x}", "b" * 16, 0, 1, NOW_US - 60_000_000, NOW_US, has_snapshot=True, events=2), part
    )
    listener = listen("127.0.0.1", 0)
    background = Background(scene.application, listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    background.close()


def test_pages_of_services_fit_every_screen(chromium: Browser, address: str, scene: Scene) -> None:
    """The map scrolls in its own frame; the console has nothing but the missing service."""
    assert misfits(chromium, address, PATHS, expected="404 (Not Found)") == []
    assert routes_of(scene.application, PATHS) == PAGES["services"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: python hatch_build.py check")
def test_pages_of_services_can_be_read_by_everybody(chromium: Browser, address: str) -> None:
    """axe-core finds nothing."""
    assert unreadable(chromium, address, PATHS) == []
