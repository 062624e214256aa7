"""A user of the shop: walks from page to page in a browser that no program seems to steer."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import sync_playwright

from outrider.journeys import BrowserSettings, find_browser

_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
_NOT_STEERED: Final = "Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false})"
_ERRORS_SENT_MS: Final = 1_500


def visit(address: str) -> None:
    """Look at the shop, its catalogue and a product, and leave."""
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
        page.goto(address)
        page.get_by_role("link", name="Catalogue", exact=True).click()
        page.locator("main a[href^='/products/']").first.click()
        page.wait_for_timeout(_ERRORS_SENT_MS)
        page.close(run_before_unload=True)
