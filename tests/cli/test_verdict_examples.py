"""More examples of every kind of verdict: what pages write, what code raises, and how a process can end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

AT_ONCE = 30
SETTINGS = """
[journeys]
starved_above = 1.0
[defaults]
timeout = "20s"
retries = 0
"""

HELPERS = """
def check_total(total):
    assert total == 3

def check_name(name): assert name == "Ada", "wrong name"
"""

# Names and texts that Playwright and the browser use, written by a page.
TEXTS = """
import os
import pytest
from playwright.sync_api import Error, TimeoutError, expect

SITE = os.environ["SITE"]
QUICK = dict(timeout=500)

def shows(page, text):
    page.goto(SITE)
    page.evaluate("text => document.querySelector('h1').textContent = text", text)
    expect(page.locator("h1")).to_have_text("Welcome", **QUICK)

def throws(page, name, text):
    page.goto(SITE)
    page.evaluate("([name, text]) => { throw Object.assign(new Error(text), {name}) }", [name, text])

def test_shows_target_closed(page): shows(page, "Target page, context or browser has been closed")
def test_shows_refused(page): shows(page, "net::ERR_CONNECTION_REFUSED at http://shop")
def test_shows_timeout(page): shows(page, "Timeout 30000ms exceeded.")
def test_shows_destroyed(page): shows(page, "Execution context was destroyed, most likely because of a navigation")
def test_shows_detached(page): shows(page, "Frame was detached")
def test_shows_protocol_error(page): shows(page, "Protocol error (Page.navigate): Cannot navigate to invalid URL")
def test_shows_network_changed(page): shows(page, "net::ERR_NETWORK_CHANGED")
def test_shows_strict(page): shows(page, "strict mode violation: resolved to 2 elements")
def test_shows_a_call(page): shows(page, "Page.goto: net::ERR_INTERNET_DISCONNECTED")

def test_title_of_a_crash(page):
    page.goto(SITE)
    page.evaluate("document.title = 'Target crashed'")
    expect(page).to_have_title("Shop", **QUICK)

def test_address_of_a_crash(page):
    page.goto(SITE + "/tiny?Target-crashed-net::ERR_INTERNET_DISCONNECTED")
    expect(page).to_have_url(SITE + "/thanks", **QUICK)

def test_console_of_a_dead_network(page):
    page.goto(SITE)
    page.evaluate("console.error('Failed to load resource: net::ERR_INTERNET_DISCONNECTED')")
    expect(page.locator("h1")).to_have_text("Welcome", **QUICK)

def test_page_error_of_a_crash(page):
    page.goto(SITE)
    page.evaluate("setTimeout(() => { throw new Error('Page crashed! Target closed') })")
    expect(page.locator("h1")).to_have_text("Welcome", **QUICK)

def test_dialog_of_a_lost_connection(page):
    page.goto(SITE)
    page.on("dialog", lambda dialog: dialog.accept())
    answer = page.evaluate("() => prompt('Connection closed while reading from the driver') ?? 'none'")
    assert answer == "Browser closed."

def test_thrown_name_of_a_closed_target(page): throws(page, "TargetClosedError", "Target page has been closed")
def test_thrown_name_of_a_timeout(page): throws(page, "TimeoutError", "Timeout 500ms exceeded.")
def test_thrown_text_of_a_call(page): throws(page, "Error", "Page.goto: net::ERR_CONNECTION_REFUSED")
def test_thrown_text_of_a_crash(page): throws(page, "Error", "Target crashed")

def test_asserted_text_of_playwright(page):
    page.goto(SITE)
    text = page.evaluate("'Locator.click: Target page, context or browser has been closed'")
    assert text == "Paid"
"""

# What test code, fixtures and libraries raise.
RAISED = """
import os, subprocess, unittest, warnings
import helpers, pytest
from playwright.sync_api import Error, expect

SITE = os.environ["SITE"]
QUICK = dict(timeout=500)

class WrongTotal(AssertionError): pass
class Broken(Exception): pass

@pytest.fixture
def basket(page):
    page.goto(SITE)
    raise KeyError("basket")

@pytest.fixture
def checked(page):
    page.goto(SITE)
    expect(page.get_by_text("Signed in")).to_be_visible(**QUICK)

@pytest.fixture
def asserting(page):
    yield
    assert page.locator("h1").inner_text() == "Bye"

@pytest.fixture
def raising(page):
    yield
    {}["left over"]

def test_helper_without_message(page): page.goto(SITE); helpers.check_total(2)
def test_helper_with_message(page): page.goto(SITE); helpers.check_name("Bob")
def test_subclass(page): page.goto(SITE); raise WrongTotal("2 for 3")
def test_failed_by_call(page): page.goto(SITE); pytest.fail("no lamp found")
def test_failed_without_trace(page): page.goto(SITE); pytest.fail("no lamp found", pytrace=False)
def test_soft(page):
    page.goto(SITE)
    raise ExceptionGroup("2 soft failures", [AssertionError("no lamp"), AssertionError("no total")])
def test_soft_and_broken(page):
    page.goto(SITE)
    raise ExceptionGroup("2 failures", [AssertionError("no lamp"), KeyError("total")])
def test_subtests(page, subtests):
    page.goto(SITE)
    for number in (1, 2):
        with subtests.test(number=number): assert number == 1
def test_handler_that_asserts(page):
    def answer(route): assert route.request.method == "POST", "not posted"
    page.route("**/tiny", answer)
    page.goto(SITE)
    page.evaluate("fetch('/tiny').catch(() => 0), 1")
    page.wait_for_timeout(300)
    page.title()
def test_fixture_that_raises(basket): pass
def test_fixture_that_expects(checked): pass
def test_tear_down_that_asserts(page, asserting): page.goto(SITE)
def test_tear_down_that_raises(page, raising): page.goto(SITE)
def test_library(page): page.goto(SITE); int(page.locator("h1").inner_text())
def test_program(page): page.goto(SITE); subprocess.run(["false"], check=True)
def test_warning(page):
    page.goto(SITE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.warn("old call", DeprecationWarning)
def test_own_exception(page): page.goto(SITE); raise Broken("no basket")
def test_not_done(page): page.goto(SITE); raise NotImplementedError
def test_recursion(page):
    page.goto(SITE)
    def again(): again()
    again()
def test_again(page): page.goto(SITE); pytest.fail("no second try")
def test_noted(page, note): page.goto(SITE); note("no lamp"); note("no total")
def test_forgiven(page): page.goto(SITE); assert page.title() == "Shop"
def test_skipped(page): page.goto(SITE); pytest.skip("no lamps today")
def test_expected(page): page.goto(SITE); pytest.xfail("known")
@pytest.mark.xfail(strict=True)
def test_unexpected(page): page.goto(SITE)

class TestUnit(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def opened(self, page): self.page = page; page.goto(SITE)
    def test_equal(self): self.assertEqual(self.page.title(), "Shop")
"""

# Hooks of a conftest that have their own say about a report, as those of plug-ins for soft assertions.
CONFTEST = """
import pytest

@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    notes = getattr(item, "notes", [])
    if report.when == "call" and notes:
        report.outcome, report.longrepr = "failed", "; ".join(notes)
    if item.name.startswith("test_forgiven") and report.failed:
        report.outcome, report.longrepr = "skipped", ("test_raised.py", 1, "Skipped: forgiven")

class Again:  # as pytest-retry does
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        if item.name.startswith("test_again"):
            report.outcome, report.longrepr = "passed", None

def pytest_configure(config):
    config.pluginmanager.register(Again(), "pytest-retry")

@pytest.fixture
def note(request):
    request.node.notes = []
    return request.node.notes.append
"""

# How a test can end more than itself.
ENDS = """
import ctypes, os, signal, sys, threading
import pytest

SITE = os.environ["SITE"]

def test_sys_exit(page): page.goto(SITE); sys.exit(3)
def test_sys_exit_well(page): page.goto(SITE); sys.exit(0)
def test_pytest_exit(page): page.goto(SITE); pytest.exit("enough")
def test_keyboard(page): page.goto(SITE); raise KeyboardInterrupt
def test_os_exit(page): page.goto(SITE); os._exit(3)
def test_os_exit_well(page): page.goto(SITE); os._exit(0)
def test_abort(page): page.goto(SITE); os.abort()
def test_segfault(page): page.goto(SITE); ctypes.string_at(0)
def test_terminated(page): page.goto(SITE); os.kill(os.getpid(), signal.SIGTERM); signal.pause()
def test_parent_killed(page):
    page.goto(SITE)
    os.kill(os.getppid(), signal.SIGKILL)
    assert page.title() == "never"
def test_closed_output(page): page.goto(SITE); os.close(1); os.close(2); assert page.title() == "never"
def test_after_all(page): page.goto(SITE)
"""

FAILED = {
    "shows_target_closed": "Locator expected to have text 'Welcome' (actual value: Target page, context",
    "shows_refused": "Locator expected to have text 'Welcome' (actual value: net::ERR_CONNECTION_REFUSED",
    "shows_timeout": "Locator expected to have text 'Welcome' (actual value: Timeout 30000ms",
    "shows_destroyed": "Locator expected to have text",
    "shows_detached": "Locator expected to have text",
    "shows_protocol_error": "Locator expected to have text",
    "shows_network_changed": "Locator expected to have text",
    "shows_strict": "Locator expected to have text",
    "shows_a_call": "Locator expected to have text",
    "title_of_a_crash": "Page title expected to be 'Shop' (actual value: Target crashed)",
    "address_of_a_crash": "Page URL expected to be",
    "console_of_a_dead_network": "Locator expected to have text",
    "page_error_of_a_crash": 'page error "Error: Page crashed! Target closed"; then: Locator expected to have text',
    "dialog_of_a_lost_connection": "",
    "asserted_text_of_playwright": "",
    "helper_without_message": "assert total == 3",
    "helper_with_message": "wrong name",
    "subclass": "2 for 3",
    "failed_by_call": "no lamp found",
    "failed_without_trace": "no lamp found",
    "soft": "2 soft failures (2 sub-exceptions): no lamp; no total",
    "subtests": "assert 2 == 1",
    "noted": "no lamp; no total",
    "again": "no second try",
    "handler_that_asserts": "not posted",
    "fixture_that_expects": "Locator expected to be visible",
    "tear_down_that_asserts": "assert 'Hello' == 'Bye'",
    "unexpected": "[XPASS(strict)]",
    "equal": "'' != 'Shop'",
    "parent_killed": "assert '' == 'never'",
    "closed_output": "assert '' == 'never'",
}
SETUP_ERRORS = {
    "thrown_name_of_a_closed_target": "Error: Page.evaluate: TargetClosedError: Target page has been closed",
    "thrown_name_of_a_timeout": "Error: Page.evaluate: TimeoutError: Timeout 500ms exceeded.",
    "thrown_text_of_a_call": "Error: Page.evaluate: Error: Page.goto: net::ERR_CONNECTION_REFUSED",
    "thrown_text_of_a_crash": "Error: Page.evaluate: Error: Target crashed",
    "soft_and_broken": "ExceptionGroup: 2 failures (2 sub-exceptions): no lamp; KeyError: 'total'",
    "fixture_that_raises": "KeyError in a fixture's set-up: 'basket'",
    "tear_down_that_raises": "KeyError in a fixture's tear-down: 'left over'",
    "library": "ValueError: invalid literal for int() with base 10: 'Hello'",
    "program": "CalledProcessError: Command '['false']' returned non-zero exit status 1.",
    "warning": "DeprecationWarning: old call",
    "own_exception": "Broken: no basket",
    "not_done": "NotImplementedError: def test_not_done(page): page.goto(SITE); raise NotImplementedError",
    "recursion": "RecursionError: maximum recursion depth exceeded",
    "sys_exit": "SystemExit: 3",
    "sys_exit_well": "SystemExit: 0",
    "pytest_exit": "Exit: enough",
    "keyboard": "KeyboardInterrupt (journeys/test_ends.py:10)",
    "os_exit": "the journey worker ended unexpectedly with exit code 3",
    "os_exit_well": "the journey worker ended unexpectedly with exit code 0",
    "abort": "the journey worker ended unexpectedly by SIGABRT",
    "segfault": "the journey worker ended unexpectedly by SIGSEGV",
    "terminated": "the journey worker ended unexpectedly by SIGTERM",
}
OTHERS = {
    "skipped": ("skipped", "no lamps today"),
    "forgiven": ("skipped", "forgiven"),
    "expected": ("passed", ""),
    "after_all": ("passed", ""),
}
TABLE = {
    **{name: ("failed", reason) for name, reason in FAILED.items()},
    **{name: ("setup error", reason) for name, reason in SETUP_ERRORS.items()},
    **OTHERS,
}


@pytest.fixture(scope="module")
def runs(desk: Desk, site: str) -> dict[str, Any]:
    desk.write("outrider.toml", SETTINGS)
    desk.write("journeys/helpers.py", HELPERS)
    desk.write("journeys/conftest.py", CONFTEST)
    for name, text in {"texts": TEXTS, "raised": RAISED, "ends": ENDS}.items():
        desk.write(f"journeys/test_{name}.py", text)
    checks = [check["id"] for check in desk.json("ls", "--json") if check["kind"] == "journey"]
    every: dict[str, Any] = {}
    for first in range(0, len(checks), AT_ONCE):  # each within the time that a program is given on a busy machine
        every |= desk.run(*checks[first : first + AT_ONCE], SITE=site)
    return {name.removeprefix("test_"): run for name, run in every.items()}


@pytest.mark.parametrize("name", TABLE)
def test_a_verdict_comes_from_facts(runs: dict[str, Any], name: str) -> None:
    """Outcome and beginning of the reason are as the table says."""
    outcome, reason = TABLE[name]

    run = runs[name]

    assert (run["outcome"], run["reason"][: len(reason)]) == (outcome, reason), run["reason"]


def test_every_journey_is_in_the_table(runs: dict[str, Any]) -> None:
    """None is forgotten."""
    assert set(runs) == set(TABLE)
