"""A repository with a suite of its own becomes a workspace by `init`, and its tests run as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

# The configuration stands in a folder of its own, picks tests by what failed last, and turns the desk's comforts on.
INI = """
[pytest]
addopts = --headed --video on --tracing on --screenshot on --lf --stepwise -x --capture=no --strict-markers
asyncio_default_fixture_loop_scope = session
asyncio_default_test_loop_scope = session
log_cli = true
"""

CONFTEST = """
import os, pytest, pytest_asyncio
from playwright.async_api import async_playwright
from playwright.sync_api import sync_playwright
from pages.front import FrontPage

SITE = os.environ["SITE"]

class Again:
    def pytest_runtest_protocol(self, item, nextitem):
        raise AssertionError("whether a test is tried again is for the check's policy to say")

def pytest_configure(config):
    config.option.reruns = 3
    config.pluginmanager.register(Again(), "rerunfailures")

@pytest.fixture(scope="session")
def base_url(): return os.environ["SITE_FROM_FILE"]

@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "viewport": {"width": 1920, "height": 1080}, "locale": "de-DE"}

@pytest.fixture
def front(page): return FrontPage(page)

@pytest.fixture
def needs_option(): assert os.environ.get("NO_SUCH"), "NO_SUCH is not set"

@pytest.fixture(scope="class")
def own(request):
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(headless=False, slow_mo=1, args=["--start-maximized"])
    request.cls.page = browser.new_page(base_url=SITE)
    yield
    browser.close()
    playwright.stop()

@pytest_asyncio.fixture(scope="session")
async def tab():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch()
        context = await browser.new_context(base_url=SITE, record_video_dir="videos/")
        await context.tracing.start(screenshots=True, snapshots=True)
        yield await context.new_page()
        await context.tracing.stop(path="trace.zip")
        await browser.close()

@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed and "page" in item.funcargs:
        item.funcargs["page"].screenshot(path="shot.png")
"""

TESTS = """
import unittest
import pytest
from playwright.sync_api import expect
from pages.front import Journey, generated

class TestInherited(Journey): pass

test_generated = generated()

def test_page_object(front): front.open().greets()
def test_options(page): page.goto("/"); assert page.evaluate("[innerWidth, navigator.language]") == [1920, "de-DE"]
def test_request(context): assert context.request.get("/tiny").text() == "x"
def test_needs_option(needs_option, page): page.goto("/")
def test_hook(page): page.goto("/"); expect(page).to_have_title("No", timeout=200)

@pytest.mark.usefixtures("own")
class TestOwn:
    def test_own(self): self.page.goto("/")

@pytest.mark.asyncio
async def test_async(tab): await tab.goto("/"); await tab.get_by_role("button").click()

@pytest.mark.asyncio
async def test_async_request(tab): assert await (await tab.request.get("/tiny")).text() == "x"

class UnitTest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def hand_over(self, page): self.page = page
    def test_unit(self):
        self.page.goto("/")
        self.assertEqual(self.page.inner_text("h1"), "Hello")
"""

PAGES = """
from playwright.sync_api import Page, expect

class FrontPage:
    def __init__(self, page: Page): self.page = page
    def open(self): self.page.goto("/"); return self
    def greets(self): expect(self.page.get_by_role("heading")).to_have_text("Hello")

class Journey:
    def test_inherited(self, front): front.open().greets()

def generated():
    def test(page): page.goto("/")
    return test
"""

OUTCOMES = {
    "web/tests/test_front.py::TestInherited::test_inherited": "passed",
    "web/tests/test_front.py::test_generated": "passed",
    "web/tests/test_front.py::test_page_object": "passed",
    "web/tests/test_front.py::test_options": "passed",
    "web/tests/test_front.py::test_request": "passed",
    "web/tests/test_front.py::test_needs_option": "setup error",
    "web/tests/test_front.py::test_hook": "failed",
    "web/tests/test_front.py::TestOwn::test_own": "passed",
    "web/tests/test_front.py::test_async": "passed",
    "web/tests/test_front.py::test_async_request": "passed",
    "web/tests/test_front.py::UnitTest::test_unit": "passed",
}


@pytest.fixture(scope="module")
def runs(desk: Desk, site: str) -> dict[str, Any]:
    (desk.root / "outrider.toml").unlink()
    desk.write("web/pytest.ini", INI)
    desk.write("web/conftest.py", f"from dotenv_of_ours import load; load()\n{CONFTEST}")
    desk.write(
        "web/dotenv_of_ours.py",
        "def load():\n    import os, pathlib\n"
        "    os.environ['SITE_FROM_FILE'] = pathlib.Path('.env').read_text().strip()\n",
    )
    desk.write("web/pages/front.py", PAGES)
    desk.write("web/tests/test_front.py", TESTS)
    desk.write(".gitignore", ".env\n")
    desk.write(".env", site)
    done = desk.outrider("init", ".")
    assert "your tests in web/tests are its journeys" in done.stdout
    settings = (desk.root / "outrider.toml").read_text().replace("retries = 1", "retries = 0")
    desk.write("outrider.toml", settings.replace("[journeys]\n", "[journeys]\nstarved_above = 1.0\n"))
    reported = desk.json("run", "--json", SITE=site)["runs"]
    return {row["check"].removeprefix("journey:"): row for row in reported}


def test_every_test_runs_as_it_is(runs: dict[str, Any]) -> None:
    """Each is a check under the path from the workspace's root, and ends as it would at its author's desk."""
    assert {name: row["outcome"] for name, row in runs.items()} == OUTCOMES, {n: o["reason"] for n, o in runs.items()}


def test_what_fails_before_any_page_is_told(runs: dict[str, Any]) -> None:
    """The reason is the fixture's own, not that nothing was measured."""
    assert "NO_SUCH is not set" in runs["web/tests/test_front.py::test_needs_option"]["reason"]


def test_requests_of_a_context_are_steps(runs: dict[str, Any]) -> None:
    """A request that the test sends itself is one, whichever object sends it, in both APIs."""
    for name in ("test_request", "test_async_request"):
        (attempt,) = runs[f"web/tests/test_front.py::{name}"]["attempts"]
        assert [step["title"] for step in attempt["steps"]] == ["GET /tiny"]
