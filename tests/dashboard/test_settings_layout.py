"""The page of settings in a real browser: used with and without scripts, on every screen, and read by everybody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.accessibility import AXE, violations
from tests.page_patterns import PAGES, misfits, opened, routes_of

from outrider.model import SettingOverride
from outrider.server import Background, listen
from outrider.workspace import CHANGEABLE

from .conftest import HOUR_US, NOW_US

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from .conftest import Scene

pytestmark = pytest.mark.browser

LONG = "Straßenbahnhaltestellenübersichtsseitenüberwachung" * 2


@pytest.fixture
def address(scene: Scene) -> Iterator[str]:
    """The address of pages of a workspace in which nothing is set beside the file."""
    (scene.root / "outrider.toml").write_text("[capabilities]\nload = true\n[probes]\nper_host = 3\n")
    listener = listen("127.0.0.1", 0)
    background = Background(scene.application, listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/settings"
    background.close()


def set_all(scene: Scene) -> None:
    """Set every setting beside the file, by people of long and foreign names."""
    for number, (name, setting) in enumerate(CHANGEABLE.items()):
        value = (not setting.default) if setting.is_switch else setting.default
        author = (LONG, "商品の購入手続きと支払い確認", "<script>alert(1)</script>")[number % 3]
        scene.store.overrides.put(SettingOverride(name, json.dumps(value), NOW_US - number * HOUR_US, author))


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_person_switches_something_off_and_lets_the_file_decide(
    chromium: Browser, address: str, scene: Scene, *, has_scripts: bool
) -> None:
    """With and without scripts; the policy of content allows all of it."""
    complaints: list[str] = []
    page = opened(chromium, address, complaints, java_script_enabled=has_scripts)
    row = page.get_by_role("row", name="capabilities.load")

    page.get_by_role("button", name="Switch off capabilities.load").click()
    expect(page.get_by_role("status")).to_contain_text("within a minute")
    expect(row).to_contain_text("local")
    page.get_by_label("probes.per_host", exact=True).fill("99999")
    page.get_by_role("button", name="Set probes.per_host", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("out of range")
    page.get_by_label("baselines.direction", exact=True).select_option("both")
    page.get_by_role("button", name="Set baselines.direction", exact=True).click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Reset capabilities.load").click()
    expect(page.get_by_role("status")).to_contain_text("decides again")
    page.close()

    assert {override.name: override.value for override in scene.store.overrides.all()} == {
        "baselines.direction": '"both"'
    }
    assert [text for text in complaints if "400 (Bad Request)" not in text] == []


def test_the_page_fits_every_screen_and_breaks_no_rule_of_its_policy(
    chromium: Browser, address: str, scene: Scene
) -> None:
    """With nothing and with everything set beside the file."""
    plain = misfits(chromium, address, [""])
    set_all(scene)

    assert (plain, misfits(chromium, address, [""])) == ([], [])
    assert routes_of(scene.application, ["/settings"]) == PAGES["settings"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: python hatch_build.py check")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_by_everybody(chromium: Browser, address: str, scene: Scene, scheme: str) -> None:
    """No violation of axe's rules, contrast among them; also where a change was refused."""
    set_all(scene)
    scene.store.overrides.put(SettingOverride("journeys.concurrency", "0", NOW_US, LONG))
    page = opened(chromium, address, [], color_scheme=scheme, bypass_csp=True)
    page.get_by_label("probes.per_host", exact=True).fill("many")
    page.get_by_role("button", name="Set probes.per_host", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("write a number")

    problems = violations(page)
    page.close()

    assert problems == []
