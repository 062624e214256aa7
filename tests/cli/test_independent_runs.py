"""No run depends on the one before: not by Playwright's own state, and not by a session that was signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

SETTINGS = """
[journeys]
starved_above = 1.0
[defaults]
timeout = "20s"
retries = 0
[sessions.ada]
fixture = "signed_in"
lifetime = "1h"
"""

CONFTEST = """
import os, pytest
RAN = []

@pytest.fixture
def signed_in(page):
    RAN.append("signed_in")
    page.goto(os.environ["SITE"])

@pytest.fixture(scope="session")
def shelf(browser):
    context = browser.new_context()
    yield context
    context.close()
"""

JOURNEYS = """
import os
import pytest, conftest
from playwright.sync_api import expect

SITE = os.environ["SITE"]
RUNS = 0

def test_globals(page):
    global RUNS
    RUNS += 1
    page.goto(SITE)
    assert RUNS == 1

def test_own_selector(playwright, page):
    playwright.selectors.register("tag", "({queryAll: (root, name) => [...root.querySelectorAll(name)]})")
    playwright.selectors.set_test_id_attribute("data-own")
    page.set_content("<p data-own=x>Hello")
    expect(page.locator("tag=p")).to_have_text("Hello")
    expect(page.get_by_test_id("x")).to_have_text("Hello")

def test_usual_test_id(page):
    page.set_content("<p data-testid=x>Hello")
    expect(page.get_by_test_id("x")).to_have_text("Hello")

def test_session_fixture(shelf):
    assert shelf.pages == []
    shelf.new_page().goto(SITE)

@pytest.mark.parametrize("word", (word for word in ["Hello"]))
def test_generated(page, word):
    page.goto(SITE)
    expect(page.get_by_role("heading")).to_have_text(word)

@pytest.mark.outrider(session="ada")
def test_signed_in(page):
    page.goto(SITE)
    assert conftest.RAN == []
"""


@pytest.fixture(scope="module")
def runs(desk: Desk, site: str) -> list[dict[str, Any]]:
    desk.write("outrider.toml", SETTINGS)
    desk.write("journeys/conftest.py", CONFTEST)
    desk.write("journeys/test_again.py", JOURNEYS)
    runs: list[dict[str, Any]] = desk.json("run", "--json", "--repeat", "2", SITE=site)["runs"]
    return runs


def test_a_second_run_is_like_the_first(runs: list[dict[str, Any]]) -> None:
    """Globals, custom selectors, test ids, session-scoped fixtures, generators and a renewed session begin anew."""
    assert len(runs) == 12
    assert [(run["check"], run["reason"]) for run in runs if run["outcome"] != "passed"] == []
