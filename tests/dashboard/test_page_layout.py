"""Pages in a real browser: they fit every screen, break no rule of their own policy, and can be read by everybody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from outrider.alerts.finding import Problem
from outrider.dashboard import check_path
from outrider.journeys.browser import BrowserSettings, find_browser
from outrider.model import Outcome, Release
from outrider.server import Background, listen

from .conftest import HOUR_US, NOW_US

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from .conftest import Scene

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PATHS = {"overview": "/", "wall": "/?wall=1", "nothing": "/?q=nothing",
         "incidents": "/incidents", "releases": "/releases", "service": "/service"}  # fmt: skip
"""Pages by name; those of a check and a run are added with what they are about."""
WIDTHS = (320, 390, 1280)
LONG = "Straßenbahnhaltestellenübersichtsseitenüberwachung" * 4


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(BrowserSettings()).executable)
        yield browser
        browser.close()


@pytest.fixture
def address(scene: Scene) -> Iterator[str]:
    """The address of pages about checks of every state, with long and foreign names."""
    pay = scene.add("pay", locations=("oslo", "rome"), tags=frozenset({"shop"}))
    for place, outcome in (("oslo", Outcome.PASSED), ("rome", Outcome.PASSED_ON_RETRY)):
        scene.ran(pay, outcome, location=place)
    scene.ran(scene.add("down"), Outcome.FAILED, reason="status 500 " * 40)
    scene.ran(scene.add("odd"), Outcome.SETUP_ERROR)
    scene.ran(scene.add("long", title=LONG, tags=frozenset({LONG})), Outcome.INCONCLUSIVE)
    scene.ran(scene.add("jp", title="商品の購入手続きと支払い確認ページの表示速度の監視"), ago_us=3 * HOUR_US)
    scene.add("new")
    scene.store.judgements.record_release(Release("v2.4", "production", NOW_US - HOUR_US))
    incident = scene.incident(pay, Problem.DEGRADATION, "pay: 1,080 ms", release="v2.4")
    down = scene.store.history.runs_before(scene.checks[1].id, None, limit=1)[0]  # type: ignore[index]
    PATHS["run"], PATHS["check"] = f"/runs/{down.id}", check_path(pay.id)
    PATHS["incident"] = f"/incidents/{incident.id}"
    listener = listen("127.0.0.1", 0)
    background = Background(scene.application, listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    background.close()


def opened(browser: Browser, address: str, complaints: list[str], **options: Any) -> Page:
    page = browser.new_page(**options)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    return page


def overflow(page: Page) -> int:
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def test_pages_fit_every_screen_and_break_no_rule_of_their_policy(chromium: Browser, address: str) -> None:
    """No sideways scrolling at any width, and the console stays empty."""
    complaints: list[str] = []

    wider = {}
    for path in PATHS.values():
        page = opened(chromium, address + path, complaints)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wider[path, width] = overflow(page)
        page.close()

    assert set(wider.values()) == {0}
    assert complaints == []


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: python hatch_build.py check")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_by_everybody(chromium: Browser, address: str, scheme: str) -> None:
    """No violation of axe's rules, contrast among them, in light and dark."""
    violations = []
    for path in PATHS.values():
        page = opened(chromium, address + path, [], color_scheme=scheme, bypass_csp=True)
        page.add_script_tag(path=AXE)
        report = page.evaluate("axe.run()")
        violations += [
            (path, rule["id"], node["target"], node["failureSummary"])
            for rule in report["violations"]
            for node in rule["nodes"]
        ]
        page.close()

    assert violations == []


def test_a_page_takes_over_what_changed_and_says_when_it_cannot(chromium: Browser, address: str, scene: Scene) -> None:
    """It is fetched again when somebody comes back to it; a server that is away is said."""
    page = opened(chromium, address, [])
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^3 of 6 checks need you"))
    assert scene.checks is not None
    scene.checks = [check for check in scene.checks if check.name == "jp"]

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", level=1)).to_have_text("The check is well.")
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("body.stale")).to_be_attached()
    page.close()


def test_pages_are_read_without_a_script(chromium: Browser, address: str) -> None:
    """A filter is sent as a form, and its answer is a page."""
    page = opened(chromium, address, [], java_script_enabled=False)

    page.get_by_label("name, id or reason").fill("down")
    page.get_by_role("button", name="Filter").click()

    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("rowheader")).to_contain_text("down")
    page.close()
