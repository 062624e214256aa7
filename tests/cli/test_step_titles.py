"""Steps are called what the author wrote, where Playwright's own record says something else, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

SYNC = """
import re

def test_sync(page):
    page.route("**/*", lambda route: route.fulfill(body="<li>1<a href=/x>go</a>", content_type="text/html"))
    page.goto("http://shop.example/")
    page.wait_for_url("http://shop.example/")
    page.wait_for_load_state("networkidle")
    page.locator("li").evaluate_all("items => items.length")
    page.locator("li").all_inner_texts()
    page.locator("ul").locator(":scope > li").all_text_contents()
    page.mouse.dblclick(1, 1)
    with page.expect_request(re.compile(r"/y[0-9]")):
        page.evaluate("fetch('/y1')")
    with page.expect_console_message():
        page.evaluate("console.log(1)")
    with page.expect_navigation(url=re.compile("/x")):
        page.get_by_text("go").click()
    for pattern in ("**/x", re.compile("x"), lambda address: True): page.wait_for_url(pattern)
    page.main_frame.wait_for_load_state()
"""
ASYNC = """
import asyncio
from playwright.async_api import async_playwright

async def visit():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch()
        page = await browser.new_page()
        await page.goto("data:text/html,<h1>Hello</h1>")
        await page.wait_for_url("data:**")
        await page.wait_for_load_state("load")
        await page.locator("h1").all_inner_texts()

def test_async(): asyncio.run(visit())
"""


def test_steps_are_called_what_the_author_wrote(desk: Desk) -> None:
    """A wait that is over at once is the wait that was written, and one call of Playwright's may have several names."""
    desk.write("journeys/test_titles.py", SYNC + ASYNC)

    runs = desk.run()

    titles = {name: [step["title"] for step in run["attempts"][0]["steps"]] for name, run in runs.items()}
    assert [title for title in titles["test_sync"] if title not in {"evaluate", "goto /"}] == [
        "wait for navigation to /",
        "wait for load state networkidle",
        'evaluate all locator("li")',
        'all inner texts locator("li")',
        'all text contents locator("ul").locator(":scope > li")',
        "mouse.dblclick",
        'wait for request re.compile(r"/y[0-9]")',
        "wait for console message",
        'wait for navigation to re.compile(r"/x")',
        'click get_by_text("go")',
        "wait for navigation to **/x",
        'wait for navigation to re.compile(r"x")',
        "wait for navigation",
        "wait for load state",
    ]
    assert titles["test_async"][1:] == [
        "wait for navigation to data:",
        "wait for load state load",
        'all inner texts locator("h1")',
    ]
