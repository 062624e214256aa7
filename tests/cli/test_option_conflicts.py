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
PLAIN = """
def test_plain(page):
    page.goto("data:text/html,<h1>Hello</h1>")
"""
BASED = """
from playwright.sync_api import expect

def test_based(page, base_url):
    page.goto(base_url)
    expect(page.get_by_role("heading")).to_have_text("Based")
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


def test_what_one_folder_needs_costs_no_other_folder_anything(desk: Desk) -> None:
    """Conftests with options of plug-ins, and configurations below the root, hold for their own folders only."""
    desk.write("outrider.toml", '[journeys]\npaths = ["web"]\nstarved_above = 1.0\n[defaults]\nretries = 0\n')
    (desk.root / "pytest.ini").unlink(missing_ok=True)
    desk.write("web/own/conftest.py", CONFTEST)
    desk.write("web/own/test_front.py", TESTS)
    desk.write("web/deep/er/conftest.py", CONFTEST.replace("--base-url", "--shop"))
    desk.write("web/deep/er/test_deep.py", TESTS.replace("front", "deep"))
    desk.write("web/plain/test_plain.py", PLAIN)
    desk.write("web/based/pytest.ini", "[pytest]\nbase_url = data:text/html,<h1>Based</h1>\n")
    desk.write("web/based/test_based.py", BASED)
    desk.write("web/wrong/pytest.ini", "[pytest]\naddopts = --no-such-option\n")
    desk.write("web/wrong/test_wrong.py", PLAIN.replace("plain", "wrong"))

    runs = desk.run()

    outcomes = {name: (run["outcome"], run["reason"]) for name, run in runs.items()}
    wrong, reason = outcomes.pop("test_wrong")
    assert outcomes == dict.fromkeys(["test_front", "test_deep", "test_plain", "test_based"], ("passed", ""))
    assert wrong == "setup error"
    assert "unrecognized arguments: --no-such-option" in reason
