"""Pages of telemetry in a real browser: they fit every screen, and can be read by everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.accessibility import AXE
from tests.page_patterns import LONG, PAGES, misfits, routes_of, unreadable

from outrider.model import SavedView, ViewPage
from outrider.server import Background, listen

from .conftest import NOW_US
from .telemetry_scene import insert_rows, log_of, mixed_logs, source, span_of
from .test_trace_page import shop_trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

pytestmark = pytest.mark.browser

PATHS = {
    "logs": "/logs?q=service:layout", "wrapped": "/logs?q=service:layout&wrap=1", "nothing": "/logs?q=service:none",
    "failing": "/logs?q=service:layout-failing", "problem": "/logs?q=%22unclosed", "around": "",
    "trace": f"/traces/{'7a' * 16}", "span": f"/traces/{'7a' * 16}?span={'c' * 16}",
    "live": "/logs?q=service:layout&live=1",
    "spans": "/traces?q=&compare=1", "no spans": "/traces?q=service:none",
    "failed spans": "/traces?q=status:error&before=x",
    "wrong query": "/traces?q=status:(", "broken": f"/traces/{'7b' * 16}", "deep": f"/traces/{'7c' * 16}",
}  # fmt: skip


@pytest.fixture
def address(scene: Scene, telemetry: ClickHouseClient) -> Iterator[str]:
    """The address of pages about telemetry that is hostile, long, foreign, or fails."""
    scene.telemetry = source(telemetry)
    logs = mixed_logs("layout")
    insert_rows(telemetry, logs, "layout")
    failing = [log_of("layout-failing", "refused", ago_s=ago_s, severity_number=17) for ago_s in range(300)]
    insert_rows(telemetry, failing, "layout-failing")
    insert_rows(telemetry, shop_trace("7a" * 16), "layout trace")
    insert_rows(telemetry, [log_of("payment", LONG, trace_id="7a" * 16, span_id="c" * 16)], "layout trace")
    odd = [span_of(LONG, f"{number % 9:016x}", f"{number % 5:016x}", trace="7b" * 16) for number in range(30)]
    insert_rows(telemetry, odd, "layout broken")
    deep = [
        span_of("deep", f"{number:016x}", f"{number - 1:016x}", trace="7c" * 16, name=LONG, status="Error")
        for number in range(200)
    ]
    insert_rows(telemetry, deep, "layout deep")
    for name in ("failures", LONG.replace("\n", " ")[:80], "失敗した支払い"):
        scene.store.views.put(SavedView(ViewPage.LOGS, name, f"service:layout {name}", LONG, NOW_US))
    PATHS["around"] = f"/logs/around?service=layout&at={logs[2].time_ns}"
    listener = listen("127.0.0.1", 0)
    background = Background(scene.application, listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    background.close()


def test_pages_of_telemetry_fit_every_screen(chromium: Browser, address: str, scene: Scene) -> None:
    """Also with everything expanded; the console has nothing but the refusal of a query."""
    assert misfits(chromium, address, PATHS.values(), expected="400 (Bad Request)") == []
    assert routes_of(scene.application, PATHS.values()) == PAGES["telemetry"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: python hatch_build.py check")
def test_pages_of_telemetry_can_be_read_by_everybody(chromium: Browser, address: str) -> None:
    """No violation of axe's rules, contrast among them, in light and dark, expanded."""
    assert unreadable(chromium, address, PATHS.values()) == []
