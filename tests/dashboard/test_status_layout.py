"""The public status page in a real browser: served and as exported files."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from tests.accessibility import AXE, violations
from tests.page_patterns import LONG, PAGES, WIDTHS, overflow, routes_of

from outrider.alerts.finding import Problem
from outrider.app.pages.status_page_export import export_status_page
from outrider.model import Impact, Outcome, PlannedMaintenance, StatusPhase, StatusUpdate
from outrider.server import Background, StatusPage, listen, status_page_application
from outrider.workspace import StatusComponent, StatusPageSettings

from .conftest import DAY_US, HOUR_US, MINUTE_US, NOW_US
from .test_status_page import component, planned, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from outrider.dashboard import StatusPageSources

    from .conftest import Scene

pytestmark = pytest.mark.browser

INCIDENT = "ab" * 16
PATHS = ("", "history.html", f"incidents/{INCIDENT}.html")


def full(scene: Scene) -> StatusPageSources:
    """Return a page with every state, long and foreign names, incidents and maintenance."""
    names = ("Checkout", "Suche", "商品の購入手続きと支払い", LONG[:100], "Reports")
    checks = [scene.add(f"c{number}") for number in range(5)]
    for number, check in enumerate(checks[:4]):
        for day in range(0, 60, 2):
            outcome = Outcome.FAILED if day == 8 * (number + 1) else Outcome.PASSED
            scene.ran(check, outcome, ago_us=day * DAY_US + MINUTE_US)
    scene.incident(checks[0])
    scene.incident(checks[1], Problem.DEGRADATION)
    parts = [
        component(name, f"c{number}", group="Shop" if number < 3 else "日本", description="Paying and delivery.")
        for number, name in enumerate(names)
    ]
    text = "We are looking into it.\nPayments may take longer: お支払い, Größe."
    title = "Payments fail " + "Zahlungsverkehr" * 9
    log = scene.store.status_updates
    for number, phase in enumerate((StatusPhase.INVESTIGATING, StatusPhase.IDENTIFIED)):
        at_us = NOW_US - HOUR_US + number * MINUTE_US
        first = {"title": title, "impact": Impact.DOWN, "components": (parts[0].id,)} if number == 0 else {}
        log.record(StatusUpdate(f"u{number}", INCIDENT, at_us, phase, text, **first))  # type: ignore[arg-type]
    over = StatusUpdate("u9", "cd" * 16, NOW_US - DAY_US, StatusPhase.RESOLVED, "It was short.", "Search was slow")
    log.record(over)
    windows = (
        PlannedMaintenance(NOW_US - HOUR_US, NOW_US + HOUR_US, frozenset({checks[3].id}), "We move the shop."),
        PlannedMaintenance(NOW_US + DAY_US, NOW_US + 2 * DAY_US, frozenset({checks[0].id}), ""),
    )
    return sources(scene, *parts, planned=planned(*windows))


@pytest.fixture
def address(scene: Scene) -> Iterator[str]:
    """The address of a full page."""
    yield from served(full(scene))


def served(made: StatusPageSources) -> Iterator[str]:
    """Yield the address of a page."""
    page = StatusPage()
    page.use(made)
    listener = listen("127.0.0.1", 0)
    background = Background(status_page_application(page), listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    background.close()


def opened(browser: Browser, address: str, complaints: list[str], asked: list[str], **options: Any) -> Page:
    page = browser.new_page(**options)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    return page


def test_it_fits_every_screen_and_asks_nothing_of_another_host(chromium: Browser, address: str) -> None:
    """No sideways scrolling, no complaint of the policy, without script too."""
    complaints: list[str] = []
    asked: list[str] = []

    wider = {}
    for path in PATHS:
        page = opened(chromium, address + path, complaints, asked, java_script_enabled=True)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wider[path, width] = overflow(page)
        page.close()

    assert set(wider.values()) == {0}
    assert complaints == []
    assert {url.startswith(address) for url in asked} == {True}
    application = status_page_application(StatusPage())
    assert {f"/status{route}" for route in routes_of(application, [f"/{path}" for path in PATHS])} == PAGES["status"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: python hatch_build.py check")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_everybody(chromium: Browser, address: str, scheme: str) -> None:
    """No violation of axe's rules, contrast among them, in light and dark."""
    problems = []
    for path in PATHS:
        page = opened(chromium, address + path, [], [], color_scheme=scheme, bypass_csp=True)
        problems += violations(page)
        page.close()

    assert problems == []


def test_exported_files_are_the_same_page_at_any_web_server(chromium: Browser, scene: Scene, tmp_path: Path) -> None:
    """Below a path, without script, with its own style, and every link leads somewhere."""
    export_status_page(full(scene), tmp_path / "public" / "below" / "status")
    handler = partial(_Quiet, directory=tmp_path / "public")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    asked: list[str] = []
    try:
        address = f"http://127.0.0.1:{server.server_port}/below/status/"
        page = opened(chromium, address, [], asked, java_script_enabled=False)
        heading = page.get_by_role("heading", level=1).inner_text()
        page.get_by_role("link", name="Payments fail").click()
        page.get_by_role("link", name="Shop status").click()
        page.get_by_role("link", name="History").click()
        title = page.title()
        page.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert (heading, title) == ("Some systems have problems.", "History: Shop status")
    assert {url.startswith(address) for url in asked} == {True}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_page_without_components_and_one_with_all_down_can_be_read(chromium: Browser, scene: Scene) -> None:
    """Nothing configured, and everything failing."""
    down = scene.add("home")
    scene.ran(down, Outcome.FAILED)
    scene.incident(down)
    both = sources(scene, component("a"), component("b"))
    headings = []
    for made in (both, _empty(scene)):
        for address in served(made):
            page = opened(chromium, address, [], [])
            headings.append(page.get_by_role("heading", level=1).inner_text())
            page.close()

    assert headings == ["All systems are down.", "There is no data for some systems."]


def _empty(scene: Scene) -> StatusPageSources:
    parts: tuple[StatusComponent, ...] = ()
    return replace(sources(scene), settings=StatusPageSettings("Shop status", components=parts))
