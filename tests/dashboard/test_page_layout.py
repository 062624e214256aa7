"""Pages in a real browser: they fit every screen, break no rule of their own policy, and can be read by everybody."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.accessibility import AXE
from tests.page_patterns import LONG, PAGES, misfits, opened, page_routes, routes_of, unreadable

from outrider.alerts import AlertSettings, Rotation
from outrider.alerts.finding import Problem
from outrider.alerts.oncall import Escalation, Level
from outrider.alerts.route import Route
from outrider.dashboard import check_path
from outrider.model import (
    Annotation,
    Kind,
    Outcome,
    Release,
    Silence,
    StatusPhase,
    StatusUpdate,
    StoredComparison,
    StoredGate,
    new_run_id,
)
from outrider.server import (
    Access,
    AccessRules,
    Background,
    StatusPage,
    application,
    listen,
)
from outrider.workspace import ServerSettings

from .conftest import HOUR_US, NOW_US, SIGNER, check
from .test_acknowledge_link import grant_of, path_of
from .test_load_page import load_run
from .test_run_page import entry, har, journey_run
from .test_running_load import begun
from .test_status_editor import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser
    from playwright.sync_api import Route as Held

    from .conftest import Scene

pytestmark = pytest.mark.browser

PATHS = {"overview": "/", "wall": "/?wall=1", "nothing": "/?q=nothing",
         "incidents": "/incidents", "releases": "/releases", "service": "/service",
         "gates": "/gates", "reports": "/reports", "without data": "/without-data", "on call": "/on-call",
         "silences": "/silences?matchers=check%3Dnone", "annotations": "/annotations", "search": "/search?q=a",
         "report": "/reports/weekly", "runbook": f"/runbooks/{LONG}",
         "routing": "/what-would-happen?labels=check%3Dnone%0Aseverity%3Dcritical"}  # fmt: skip
"""Pages by name; those of a check and a run are added with what they are about."""
NO_PAGES = {
    "/live", "/logs/live", "/healthz", "/readyz", "/metrics", "/static/{name}", "/heartbeat/{key}",
    "/heartbeat/{key}/{rest:path}", "/ping/{key}", "/ping/{key}/{rest:path}", "/settings/{setting}", "/sign-in/oidc",
    "/status", "/tokens/create", "/account/password", "/checks", "/runs",
}  # fmt: skip
"""Streams, texts, files and redirections."""


@pytest.fixture
def address(scene: Scene, tmp_path: Path) -> Iterator[str]:
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
    shop = scene.add("shop", Kind.JOURNEY, title=f"{LONG} 商品")
    scene.code = "def test_shop(page):\n    page.click('#pay')\n" * 20
    for ago_us, outcome in ((2 * HOUR_US, Outcome.PASSED), (HOUR_US, Outcome.FAILED)):
        evidence = journey_run(scene, tmp_path, shop, ago_us, outcome=outcome, content=har(entry("https://a.test/")))
    PATHS["evidence"] = f"/runs/{evidence.id}"
    PATHS["load"] = f"/runs/{load_run(scene, shop).id}"
    rush, running = check(f"{LONG} 負荷", Kind.LOAD), new_run_id(NOW_US)
    begun(scene, rush, running)
    PATHS["running"], PATHS["status editor"] = f"/runs/{running}", "/status-page"
    (scene.root / "outrider.toml").write_text(PAGE, encoding="utf-8")
    scene.store.status_updates.record(
        StatusUpdate("u1", "ab" * 16, time.time_ns() // 1000, StatusPhase.IDENTIFIED, LONG, f"{LONG} 商品")
    )
    PATHS["incident"], PATHS["acknowledge"] = f"/incidents/{incident.id}", path_of(grant_of(incident, f"{LONG}@a.test"))
    scene.runbooks[LONG] = f"# {LONG}\n\n| a | b |\n|---|---|\n| {LONG} | 商品 |\n\n```\n{LONG}\n```\n"
    for number in range(2):
        scene.store.annotations.record(Annotation(f"a{number}", NOW_US - HOUR_US, f"{LONG} 商品", (), LONG))
        scene.store.silences.record(Silence(f"s{number}", NOW_US, NOW_US + HOUR_US, (f"check={LONG}",), LONG, LONG))
    compared = StoredComparison(pay.id, LONG, "inconclusive", True, 120.0, 150.0, 1.25, 0.9, 1.6, 20, LONG)
    gate = StoredGate(
        str(new_run_id(NOW_US)), NOW_US, "5eed" * 10, "inconclusive", LONG, 83.0, "1/2", {"inconclusive": 1},
        ((pay.id, LONG, "inconclusive"),), (LONG,), (), (compared,),
    )  # fmt: skip
    scene.store.gates.record(gate)
    PATHS["gate"] = f"/gates/{gate.id}"
    scene.alerts = AlertSettings(
        route=Route(receivers=(LONG,), escalation="shop"), people={LONG: (LONG,)},
        rotations={"shop": Rotation((LONG, "山田"), NOW_US - HOUR_US, 24 * HOUR_US)},
        escalations={"shop": Escalation((Level(HOUR_US, rotations=("shop",)),))},
    )  # fmt: skip
    listener = listen("127.0.0.1", 0)
    background = Background(scene.application, listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    background.close()


def test_every_page_is_looked_at(scene: Scene) -> None:
    """A route that is added is a page of a layout test, or no page."""
    access = Access(scene.store, AccessRules(ServerSettings()), lambda: NOW_US)
    everything = application(
        scene.store.heartbeats, None, lambda: NOW_US, scene.sources, access=access, actions=scene.actions, links=SIGNER,
        status_page=(StatusPage(), "/status"),
    )  # fmt: skip

    routes = {route.path for route in page_routes(everything) if not route.path.startswith("/api/")}

    assert routes - NO_PAGES == set.union(*PAGES.values())
    assert routes >= NO_PAGES


def test_pages_fit_every_screen_and_break_no_rule_of_their_policy(
    chromium: Browser, address: str, scene: Scene
) -> None:
    """No sideways scrolling at any width, and the console stays empty."""
    assert misfits(chromium, address, PATHS.values()) == []
    assert routes_of(scene.application, PATHS.values()) == PAGES["dashboard"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: python hatch_build.py check")
def test_pages_can_be_read_by_everybody(chromium: Browser, address: str) -> None:
    """No violation of axe's rules, contrast among them, in light and dark."""
    assert unreadable(chromium, address, PATHS.values()) == []


def test_a_page_takes_over_what_changed_and_says_when_it_cannot(chromium: Browser, address: str, scene: Scene) -> None:
    """It is fetched again when somebody comes back to it; a server that is away is said."""
    page = opened(chromium, address, [])
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^4 of 7 checks need you"))
    assert scene.checks is not None
    scene.checks = [check for check in scene.checks if check.name == "jp"]
    scene.ran(scene.checks[0])

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", level=1)).to_have_text("The check is well.")
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("body.stale")).to_be_attached()
    page.close()


def test_who_is_at_work_on_a_page_is_not_disturbed_when_it_is_renewed(
    chromium: Browser, address: str, scene: Scene
) -> None:
    """Focus stays where it went while the page was fetched, and what somebody is choosing is not taken away."""
    pay = next(check for check in scene.checks or () if check.name == "pay")
    own = address + check_path(pay.id)
    page = opened(chromium, own, [])
    page.wait_for_load_state("networkidle")
    held: list[Held] = []
    doors = {"open": True}
    page.route(own, lambda route: route.continue_() if doors["open"] else held.append(route))
    button = page.get_by_role("button", name="Run now")

    def renew(reason: str, ago_us: int) -> None:
        """A run ends, and the page asks for what is new; its answer is held back."""
        doors["open"] = False
        scene.ran(pay, Outcome.FAILED, ago_us, reason=reason)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        while not held:
            page.wait_for_timeout(20)

    def answer() -> None:
        doors["open"] = True
        with page.expect_event("requestfinished"):
            held.pop().continue_()

    renew("first reason", 2_000_000)
    button.focus()
    answer()
    expect(page.get_by_role("table").last.get_by_text("first reason")).to_be_visible(timeout=30_000)
    expect(button).to_be_focused()

    renew("second reason", 1_000_000)
    page.locator("select[name=location]").focus()
    answer()
    page.wait_for_timeout(500)
    expect(page.get_by_text("second reason")).to_have_count(0)
    button.focus()
    expect(page.get_by_role("table").last.get_by_text("second reason")).to_be_visible(timeout=30_000)
    expect(button).to_be_focused()
    page.close()


def test_what_changes_is_on_every_tab_at_once_by_one_stream(chromium: Browser, address: str, scene: Scene) -> None:
    """A page fetches itself again when it hears of what it shows, and one tab hears for all."""
    context = chromium.new_context()
    streams: list[str] = []
    context.on("request", lambda request: streams.append(request.url) if request.url.endswith("/live") else None)
    overview, other = context.new_page(), context.new_page()
    only = next(check for check in scene.checks or () if check.name == "new")
    overview.goto(address)
    other.goto(address + check_path(only.id))
    expect(other.get_by_text("No step was measured yet.")).to_be_visible()
    expect(overview.get_by_text("1 no run yet")).to_be_visible()

    scene.ran(only, Outcome.FAILED, reason="it broke just now")

    expect(other.get_by_role("heading", level=1)).to_have_text("new failing", timeout=30_000)
    expect(overview.get_by_text("it broke just now")).to_be_visible(timeout=30_000)
    assert len(streams) == 1
    context.close()


def test_pages_are_read_without_a_script(chromium: Browser, address: str) -> None:
    """A filter is sent as a form, and its answer is a page."""
    page = opened(chromium, address, [], java_script_enabled=False)

    page.get_by_label("name, id or reason").fill("down")
    page.get_by_role("button", name="Filter").click()

    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("rowheader")).to_contain_text("down")
    page.close()
