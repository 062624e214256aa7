"""A user of the shop: walks from page to page in a browser that no program seems to steer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

from demo.accounts import Accounts
from outrider.journeys import BrowserSettings, find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
_NOT_STEERED: Final = "Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false})"
_ERRORS_SENT_MS: Final = 1_500


def visit(address: str, *, buys: bool = False) -> None:
    """Look at the shop, its catalogue and a product, buy that if wanted, and leave."""
    executable = find_browser(BrowserSettings()).executable
    # a browser's own option: what a page sends while it is left names the true browser otherwise, which is a robot
    options = [f"--user-agent={_AGENT}"]
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=executable, args=options) as browser,
    ):
        context = browser.new_context()
        context.add_init_script(_NOT_STEERED)
        page = context.new_page()
        if buys:
            _sign_in(page, address)
        page.goto(address)
        page.get_by_role("link", name="Catalogue", exact=True).click()
        page.locator("main a[href^='/products/']").first.click()
        if buys:
            _buy(page)
        page.wait_for_timeout(_ERRORS_SENT_MS)
        page.close(run_before_unload=True)


def _sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill(Accounts.from_environment(os.environ).password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Hello, Ada").wait_for()


def _buy(page: Page) -> None:
    """Put the product into the cart, and pay; whether that goes well is for the shop to say."""
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Check out").click()
    page.get_by_label("Street").fill("1 Post Road")
    page.get_by_label("Town").fill("Milepost")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_load_state()
