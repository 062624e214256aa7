"""Verdicts come from facts: what a page writes changes no outcome, and each failure is blamed on whoever caused it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

SETTINGS = """
[journeys]
starved_above = 1.0
[defaults]
timeout = "20s"
retries = 0
"""

PAGES = {
    "/": "<h1>Hello</h1><h2>One</h2><h2>Two</h2><button>Go</button>",
    "/closed": "<p id=status>Connection closed</p><p id=other>Browser has been closed</p>",
    "/offline": "<h1>ERR_INTERNET_DISCONNECTED</h1>",
    "/crashed": "<h1>Page crashed, sorry</h1><p>Target crashed</p>",
    "/strict": "<h1>None<br>Error: strict mode violation: h1 resolved to 2 elements</h1>",
    "/popup": "<a href=/closes target=_blank>Open</a>",
    "/closes": "<h1>Soon gone</h1><script>setTimeout(() => window.close(), 400)</script>",
    "/dialogs": "<button onclick=\"for (;;) alert('again')\">Go</button>",
    "/windows": "<button onclick=\"setInterval(() => window.open('/'), 30); this.remove()\">Go</button>",
    "/login": "<h1>Sorry</h1>",
    "/pay": "<button onclick=\"fetch('/api/pay', {method: 'POST'})\">Pay</button>",
    "/throws": '<button onclick="total.toFixed(2)">Pay</button>',
    "/asks": "<button onclick=\"if (confirm('Really pay?')) document.title = 'Paid'\">Pay</button>",
    "/api/text": "not JSON",
}
FAILING = {"/login": 500, "/api/pay": 503}


class _Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        body = PAGES.get(path, "").encode()
        self.send_response(FAILING.get(path, 200 if body else 404))
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is killed hangs up; that is no news."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


JOURNEYS = """
import asyncio, json, os
import psutil, pytest
from playwright.async_api import async_playwright
from playwright.sync_api import Error, expect, sync_playwright

SITE = os.environ["SITE"]
QUICK = dict(timeout=700)

@pytest.fixture
def page(page):
    page.set_default_timeout(1_500)
    return page

def _kill(chosen):
    for process in psutil.Process().children(recursive=True):
        try:
            if chosen(" ".join(process.cmdline())):
                process.kill()
        except psutil.Error:  # ended with the one before it
            pass

def _kill_everywhere(chosen):
    mine = os.environ["TMPDIR"].partition("/outrider-")[0]
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR", "").startswith(mine):
                for one in [process, *process.children(recursive=True)]:
                    if chosen(" ".join(one.cmdline())):
                        one.kill()
        except psutil.Error:
            pass

# -- text that a page has written

def test_text_connection_closed(page):
    page.goto(SITE + "/closed"); expect(page.locator("#status")).to_have_text("Connected", **QUICK)

def test_text_browser_closed(page): page.goto(SITE + "/closed"); assert page.inner_text("#other") == "Open"
def test_text_offline(page): page.goto(SITE + "/offline"); expect(page.locator("h1")).to_have_text("Hi", **QUICK)
def test_text_crashed(page): page.goto(SITE + "/crashed"); expect(page.locator("h1")).to_have_text("Hi", **QUICK)
def test_text_crashed_in_locator(page): page.goto(SITE); page.get_by_text("Target crashed").click(timeout=500)
def test_text_crashed_in_exception(page): page.goto(SITE); raise RuntimeError("Page crashed")
def test_text_strict(page): page.goto(SITE + "/strict"); expect(page.locator("h1")).to_have_text("Hi", **QUICK)

def test_text_unknown_engine(page):
    page.goto(SITE); expect(page.get_by_text("Unknown engine, Invalid URL")).to_be_visible(**QUICK)

def test_text_in_title(page):
    page.set_content("<title>browser has disconnected</title>"); expect(page).to_have_title("Shop", **QUICK)

# -- pages that close themselves, crash, or never come to rest

def test_popup_closes_itself(page):
    page.goto(SITE + "/popup")
    with page.expect_popup() as caught: page.get_by_text("Open").click()
    caught.value.get_by_text("No such thing").click()

def test_popup_closes_itself_while_expected(page):
    page.goto(SITE + "/popup")
    with page.expect_popup() as caught: page.get_by_text("Open").click()
    expect(caught.value.get_by_text("No such thing")).to_be_visible()

def test_popup_closes_itself_async():
    async def walk():
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch()
            page = await browser.new_page()
            await page.goto(SITE + "/popup")
            async with page.expect_popup() as caught: await page.get_by_text("Open").click()
            await (await caught.value).get_by_text("No such thing").click()
    asyncio.run(walk())

def test_closed_by_test(page): page.goto(SITE); page.close(); page.title()
def test_context_closed_by_test(page): page.goto(SITE); page.context.close(); page.get_by_text("Hello").click()

def test_crashed_while_clicking(page):
    page.goto(SITE); _kill_everywhere(lambda line: "--type=renderer" in line); page.get_by_text("No such").click()

def test_crashed_while_expecting(page):
    page.goto(SITE)
    _kill_everywhere(lambda line: "--type=renderer" in line)
    expect(page.get_by_text("No such")).to_be_visible()

def test_crashed_in_a_frame(page):
    page.goto(SITE)
    _kill_everywhere(lambda line: "--type=renderer" in line)
    page.main_frame.evaluate("1")
    page.frames[0].wait_for_selector("nothing")

def test_crashed_and_asserted(page):
    page.goto(SITE)
    _kill_everywhere(lambda line: "--type=renderer" in line)
    try: page.get_by_text("No such").click()
    except Error: pass
    assert False, "nothing came"

def test_own_browser_killed():
    with sync_playwright() as playwright:
        page = playwright.chromium.launch().new_page()
        page.goto(SITE)
        _kill(lambda line: "--remote-debugging" in line and "--type=" not in line)
        page.get_by_text("Hello").click()

def test_driver_killed(page):
    page.goto(SITE); _kill(lambda line: "run-driver" in line); page.get_by_text("Hello").click()

def test_driver_killed_while_expecting(page):
    page.goto(SITE); _kill(lambda line: "run-driver" in line); expect(page.get_by_text("No such")).to_be_visible()

def test_own_driver_killed():
    with sync_playwright() as playwright:
        page = playwright.chromium.launch().new_page()
        page.goto(SITE)
        _kill(lambda line: "run-driver" in line)
        page.title()

def test_endless_dialogs(page): page.goto(SITE + "/dialogs"); page.get_by_role("button").click()
def test_endless_windows(page):
    page.goto(SITE + "/windows"); page.get_by_role("button").click(); page.get_by_text("No such thing").click()

# -- whose fault

def test_fault_variable(page): page.goto(SITE); os.environ["NOPE"]
def test_fault_variable_first(page): os.environ["NOPE"]; page.goto(SITE)
def test_fault_type(page): page.goto(SITE); len(None)
def test_fault_library(page): page.goto(SITE); json.loads(page.request.get(SITE + "/api/text").text())
def test_fault_attribute(page): page.goto(SITE); page.query_selector("#none").click()
def test_fault_base_url(page): page.goto("/")
def test_fault_strict(page): page.goto(SITE); page.get_by_role("heading", level=2).click()
def test_fault_strict_expectation(page): page.goto(SITE); expect(page.locator("h2")).to_be_visible(**QUICK)
def test_fault_argument(page): page.goto(SITE); page.wait_for_load_state("nope")
def test_fault_selector(page): page.goto(SITE); page.click("txt=3")
def test_fault_evaluate(page): page.goto(SITE); page.evaluate("nope.total")
def test_fault_own_error(page): page.goto(SITE); raise ValueError("bad fixture data")
def test_fault_request_url(page): page.goto(SITE); page.request.get("/relative")
def test_fault_group(page): page.goto(SITE); raise ExceptionGroup("two", [AssertionError("a"), KeyError("b")])

def test_target_refused(page): page.goto("http://127.0.0.1:9/")
def test_target_request_refused(page): page.request.get("http://127.0.0.1:9/")
def test_target_status(page): assert page.goto(SITE + "/login").ok
def test_target_fail(page): page.goto(SITE); pytest.fail("the basket is empty")
def test_target_connection(page): page.goto(SITE); raise ConnectionResetError("by the shop")
def test_target_offline_by_test(page): page.goto(SITE); page.context.set_offline(True); page.goto(SITE + "/closed")
def test_target_aborted_by_test(page):
    page.route("**/closed", lambda route: route.abort("internetdisconnected")); page.goto(SITE + "/closed")

# -- what led to it

def test_cause_document(page): page.goto(SITE + "/login"); page.get_by_label("User").fill("ann")
def test_cause_request(page):
    page.goto(SITE + "/pay"); page.get_by_role("button").click()
    expect(page.get_by_text("Thanks")).to_be_visible(**QUICK)
def test_cause_page_error(page):
    page.goto(SITE + "/throws"); page.get_by_role("button").click(); page.get_by_text("Thanks").wait_for()
def test_cause_dialog(page):
    page.goto(SITE + "/asks"); page.get_by_role("button").click(); expect(page).to_have_title("Paid", **QUICK)
def test_cause_wait(page):
    page.goto(SITE + "/pay"); page.get_by_role("button").click(); page.wait_for_url("**/thanks")
def test_cause_none_of_an_earlier_step(page):
    page.goto(SITE + "/pay"); page.get_by_role("button").click(); page.wait_for_timeout(300)
    page.goto(SITE); page.get_by_text("No such thing").click()
"""

FAILED = {
    "test_text_connection_closed": "Locator expected to have text 'Connected' (actual value: Connection closed)",
    "test_text_browser_closed": "",
    "test_text_offline": "",
    "test_text_crashed": "",
    "test_text_crashed_in_locator": 'time-out waiting for get_by_text("Target crashed")',
    "test_text_strict": "",
    "test_text_unknown_engine": "",
    "test_text_in_title": "",
    "test_popup_closes_itself": "the page closed itself: ",
    "test_popup_closes_itself_while_expected": "",
    "test_popup_closes_itself_async": "the page closed itself: ",
    "test_endless_dialogs": "",
    "test_endless_windows": "",
    "test_target_refused": "Page.goto: net::ERR_",
    "test_target_request_refused": "APIRequestContext.get: ",
    "test_target_status": "",
    "test_target_fail": "the basket is empty",
    "test_target_connection": "by the shop",
    "test_target_offline_by_test": "Page.goto: net::ERR_INTERNET_DISCONNECTED",
    "test_target_aborted_by_test": "",
    "test_cause_document": '/login answered 500; then: time-out waiting for get_by_label("User")',
    "test_cause_request": "POST /api/pay answered 503; then: Locator expected to be visible",
    "test_cause_page_error": 'page error "ReferenceError: total is not defined"; then: time-out waiting for get',
    "test_cause_dialog": 'confirm dialog "Really pay?" was not answered; then: Page title expected to be',
    "test_cause_wait": "POST /api/pay answered 503; then: time-out waiting for navigation to **/thanks",
    "test_cause_none_of_an_earlier_step": 'time-out waiting for get_by_text("No such thing")',
}
SETUP_ERRORS = {
    "test_text_crashed_in_exception": "RuntimeError: Page crashed (journeys/test_verdicts.py:",
    "test_closed_by_test": "TargetClosedError: the test uses what it has closed",
    "test_context_closed_by_test": "TargetClosedError: the test uses what it has closed",
    "test_fault_variable": "KeyError: 'NOPE' (journeys/test_verdicts.py:",
    "test_fault_variable_first": "KeyError: 'NOPE' (journeys/test_verdicts.py:",
    "test_fault_type": "TypeError: object of type 'NoneType' has no len() (journeys/test_verdicts.py:",
    "test_fault_library": "JSONDecodeError: Expecting value",
    "test_fault_attribute": "AttributeError: 'NoneType' object has no attribute 'click' (journeys/test_",
    "test_fault_base_url": 'Error: Page.goto: cannot open "/": it is relative, and no base URL is set (',
    "test_fault_strict": "Error: Locator.click: Error: strict mode violation",
    "test_fault_strict_expectation": 'AssertionError: strict mode violation: locator("h2") resolved to 2 elements',
    "test_fault_argument": "Error: Page.wait_for_load_state: state: expected one of",
    "test_fault_selector": 'Error: Page.click: Unknown engine "txt"',
    "test_fault_evaluate": "Error: Page.evaluate: ReferenceError: nope is not defined",
    "test_fault_own_error": "ValueError: bad fixture data (journeys/test_verdicts.py:",
    "test_fault_request_url": "Error: APIRequestContext.get: Invalid URL",
    "test_fault_group": "ExceptionGroup: two (2 sub-exceptions)",
}
INCONCLUSIVE = {
    "test_crashed_while_clicking": "the page's process crashed",
    "test_crashed_while_expecting": "the page's process crashed",
    "test_crashed_in_a_frame": "the page's process crashed",
    "test_crashed_and_asserted": "the page's process crashed",
    "test_own_browser_killed": "the browser went away",
    "test_driver_killed": "the connection to the browser was lost",
    "test_driver_killed_while_expecting": "the connection to the browser was lost",
    "test_own_driver_killed": "the connection to the browser was lost",
}
GROUPS = (("text", "popup", "closed", "context", "fault"), ("crashed", "own", "driver", "endless", "target", "cause"))
TABLE = [
    *((name, "failed", reason) for name, reason in FAILED.items()),
    *((name, "setup error", reason) for name, reason in SETUP_ERRORS.items()),
    *((name, "inconclusive", reason) for name, reason in INCONCLUSIVE.items()),
]


@pytest.fixture(scope="module")
def runs(desk: Desk, shop: str) -> dict[str, Any]:
    desk.write("outrider.toml", SETTINGS)
    desk.write("journeys/test_verdicts.py", JOURNEYS)
    every: dict[str, Any] = {}
    for names in GROUPS:  # one after the other: each within the time that a program is given on a busy machine
        every |= desk.run(*(f"*::test_{name}_*" for name in names), SITE=shop)
    return {name.removesuffix("[chromium]"): run for name, run in every.items()}


@pytest.mark.parametrize(("name", "outcome", "reason"), TABLE, ids=[name for name, _, _ in TABLE])
def test_a_verdict_comes_from_facts(runs: dict[str, Any], name: str, outcome: str, reason: str) -> None:
    """Outcome and beginning of the reason are as the table says."""
    run = runs[name]

    assert (run["outcome"], run["reason"][: len(reason)]) == (outcome, reason), run["reason"]


def test_every_journey_is_in_the_table(runs: dict[str, Any]) -> None:
    """None is forgotten."""
    assert set(runs) == {name for name, _, _ in TABLE}
