"""A suite whose conftest defines pytest-playwright's options runs as it is, and hears what plain pytest needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

CONFTEST = """
import pytest
from playwright.sync_api import sync_playwright

def pytest_addoption(parser):
    parser.addoption("--browser", default="chromium", choices=["chromium", "firefox"])
    parser.addoption("--headed", action="store_true")
    parser.addoption("--base-url", dest="shop", default="data:text/html,")

@pytest.fixture(scope="session")
def browser(request):
    with sync_playwright() as playwright:
        kind = getattr(playwright, request.config.getoption("--browser"))
        browser = kind.launch(headless=not request.config.getoption("--headed"))
        yield browser
        browser.close()

@pytest.fixture
def page(browser):
    page = browser.new_page()
    yield page
    page.close()
"""
TESTS = """
from playwright.sync_api import expect

def test_front(page, pytestconfig):
    page.goto(pytestconfig.getoption("shop") + "<h1>Hello</h1>")
    expect(page.get_by_role("heading")).to_have_text("Hello")
"""
INI = "[pytest]\naddopts = --browser chromium --headed\n"
NOTE = "tests/conftest.py defines --base-url, --browser, --headed, as does a plug-in that Outrider brings"


def test_a_suite_with_options_of_its_own_runs(desk: Desk) -> None:
    """The plug-in that was in its way is left out, in every command."""
    (desk.root / "outrider.toml").unlink()
    desk.write("pytest.ini", INI)
    desk.write("tests/conftest.py", CONFTEST)
    desk.write("tests/test_front.py", TESTS)

    created, listed, validated = desk.outrider("init", "."), desk.outrider("ls"), desk.outrider("validate")
    settings = (desk.root / "outrider.toml").read_text()
    desk.write("outrider.toml", settings.replace("[journeys]\n", "[journeys]\nstarved_above = 1.0\n"))
    runs = desk.run()

    assert NOTE in created.stdout
    assert NOTE in listed.stderr
    assert NOTE in validated.stderr
    assert "1 check, no problems" in validated.stdout
    assert (runs["test_front"]["outcome"], runs["test_front"]["reason"]) == ("passed", "")
