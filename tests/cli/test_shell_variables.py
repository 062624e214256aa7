"""A journey measures the same in whichever shell `outrider run` is typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import CALM, Desk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

JOURNEY = """
import os
from playwright.sync_api import sync_playwright

UNWANTED = {"PWDEBUG", "PYTEST_ADDOPTS", "NODE_OPTIONS", "PYTHONOPTIMIZE", "PW_LANG_NAME_VERSION", "HTTP_PROXY"}

def test_page(page):
    page.goto(os.environ["SITE"])
    assert page.get_by_role("heading").inner_text() == "Hello"
    assert not UNWANTED & os.environ.keys(), UNWANTED & os.environ.keys()

def test_own_browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch()
        page = browser.new_page()
        page.goto(os.environ["SITE"])
        assert page.get_by_role("heading").inner_text() == "Hello"
        assert page.request.get(os.environ["SITE"]).ok
        browser.close()

def test_assertions_count(page):
    page.goto(os.environ["SITE"])
    assert page.url == "nowhere"
"""
SHELL = {
    "PWDEBUG": "1",
    "DEBUG": "pw:api",
    "PYTEST_ADDOPTS": "--collect-only",
    "PYTEST_PLUGINS": "nowhere",
    "NODE_OPTIONS": "--require=/nowhere.js",
    "PYTHONOPTIMIZE": "1",
    "PW_LANG_NAME_VERSION": "0.0",
    "PLAYWRIGHT_HAR_NO_WEBSOCKET_FRAMES": "1",
    "SELENIUM_REMOTE_URL": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "CHROMIUM_FLAGS": "--proxy-server=http://127.0.0.1:9",
}


def test_no_variable_of_the_shell_changes_an_outcome(tmp_path: Path, site: str) -> None:
    """Neither of Playwright's, pytest's, Node's and Python's nor a proxy; those that look meant are named."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp")
    desk.temporary.mkdir()
    desk.write("outrider.toml", f'{CALM}[env]\nSITE = "{site}"\n')
    desk.write("journeys/test_shop.py", JOURNEY)

    done = desk.outrider("run", "--json", **SHELL)
    runs = {run["check"].rpartition("::")[2]: run for run in json.loads(done.stdout)["runs"]}

    assert {name: run["outcome"] for name, run in runs.items()} == {
        "test_page": "passed", "test_own_browser": "passed", "test_assertions_count": "failed",
    }, runs  # fmt: skip
    assert (
        "ALL_PROXY, DEBUG, HTTP_PROXY, NODE_OPTIONS, PWDEBUG, PYTEST_ADDOPTS, PYTEST_PLUGINS, http_proxy" in done.stderr
    )


def test_what_the_workspace_sets_itself_counts(tmp_path: Path, site: str) -> None:
    """A proxy below [env] is one for the browser, too: here it leads nowhere."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp")
    desk.temporary.mkdir()
    settings = f'{CALM}[env]\nSITE = "{site}"\nhttp_proxy = "http://127.0.0.1:9"\nno_proxy = "<-loopback>"\n'
    desk.write("outrider.toml", settings)
    desk.write("journeys/test_shop.py", "def test_page(page):\n    page.goto('http://shop.invalid/')\n")

    (run,) = desk.run(http_proxy="http://127.0.0.1:1").values()

    assert (run["outcome"], "PROXY" in run["reason"]) == ("failed", True), run["reason"]
