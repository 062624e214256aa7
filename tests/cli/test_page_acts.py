"""What a page removes or leaves during a call is the page's doing, and a browser reached over CDP counts as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

JOURNEYS = """
import os, random

SITE = os.environ["SITE"]

def test_cdp(playwright):
    port = random.randrange(16_000, 32_768)  # which systems give nobody by themselves
    launched = playwright.chromium.launch(args=[f"--remote-debugging-port={port}"])
    browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
    browser.contexts[0].new_page().goto(SITE)
    launched.close()

def test_element(page):
    page.set_content("<button>x</button>")
    button = page.query_selector("button")
    page.evaluate("document.querySelector('button').remove()")
    button.click(timeout=2000)

def test_document(page):
    page.goto(SITE)
    page.evaluate("() => { setTimeout(() => { location.href = '/tiny' }, 100) }")
    page.evaluate("new Promise(() => {})")

def test_frame(page):
    page.set_content("<iframe srcdoc='<button>x</button>'></iframe>")
    frame = page.frames[1]
    page.evaluate("() => { setTimeout(() => document.querySelector('iframe').remove(), 300) }")
    frame.get_by_text("never").click(timeout=8000)

def test_thrown(page):
    page.goto(SITE)
    page.evaluate("throw new Error('Frame was detached')")
"""

TABLE = {
    "cdp": ("passed", ""),
    "element": ("failed", "ElementHandle.click: Element is not attached to the DOM"),
    "document": ("failed", "Page.evaluate: Execution context was destroyed"),
    "frame": ("failed", "Locator.click: Frame was detached"),
    "thrown": ("setup error", "Error: Page.evaluate: Error: Frame was detached"),
}


@pytest.fixture(scope="module")
def runs(desk: Desk, site: str) -> dict[str, Any]:
    desk.write("outrider.toml", '[journeys]\nstarved_above = 1.0\n[defaults]\nretries = 0\ntimeout = "30s"\n')
    desk.write("journeys/test_acts.py", JOURNEYS)
    return desk.run(SITE=site)


@pytest.mark.parametrize("name", TABLE)
def test_what_the_page_does_is_no_fault_of_the_script(runs: dict[str, Any], name: str) -> None:
    """Outcome and beginning of the reason are as the table says."""
    outcome, reason = TABLE[name]

    run = runs[f"test_{name}"]

    assert (run["outcome"], run["reason"][: len(reason)]) == (outcome, reason), run["reason"]
