"""Every page that there is, and what is asked of each in a real browser.

A page that is added belongs into `PAGES`, under the layout tests that open it: one test compares them with the routes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route
from tests.accessibility import violations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Browser, Page

    from outrider.server import Application

PAGES = {
    "dashboard": {
        "/", "/checks/{check:path}", "/runs/{run}", "/incidents", "/incidents/{incident}", "/releases", "/service",
        "/runbooks/{runbook:path}", "/silences", "/annotations", "/status-page", "/on-call", "/what-would-happen",
        "/reports", "/reports/{kind}", "/without-data", "/gates", "/gates/{gate}", "/search", "/acknowledge/{token}",
    },
    "errors": {"/errors", "/errors/{issue}"},
    "telemetry": {"/logs", "/logs/around", "/traces", "/traces/{trace}"},
    "services": {"/services", "/services/map", "/services/{name:path}", "/hosts", "/hosts/{name:path}", "/vitals",
                 "/sessions", "/sessions/{session}", "/replays/{session}", "/related/{kind}/{name}"},
    "dashboards": {"/dashboards", "/dashboards/{dashboard}"},
    "settings": {"/settings"},
    "access": {"/sign-in", "/sign-in/oidc/callback", "/account", "/tokens", "/audit"},
    "status": {"/status/{name:path}"},
}  # fmt: skip
"""Routes of pages by the layout tests that open them."""
WIDTHS = (320, 390, 1280)
LONG = "Straßenbahnhaltestellenübersichtsseitenüberwachung" * 4


def page_routes(application: Application) -> list[Route]:
    """Return the routes that browsers open, in the order in which they are tried."""
    return [route for route in application.routes if isinstance(route, Route) and "GET" in (route.methods or ())]


def routes_of(application: Application, paths: Iterable[str]) -> set[str]:
    """Return the routes that answer addresses."""
    routes = page_routes(application)
    asked = [path.partition("?")[0] for path in paths]
    return {next((route.path for route in routes if route.path_regex.match(path)), path) for path in asked}


def opened(browser: Browser, address: str, complaints: list[str], **options: Any) -> Page:
    """Open a page; what its console and its policy of content complain of is added to `complaints`."""
    page = browser.new_page(**options)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    return page


def expanded(browser: Browser, address: str, complaints: list[str], **options: Any) -> Page:
    """Open a page with all its details."""
    page = opened(browser, address, complaints, **options)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    return page


def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than its window, once charts have taken on its width."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def misfits(browser: Browser, address: str, paths: Iterable[str], *, expected: str = "\0") -> list[object]:
    """Return where pages scroll sideways, expanded, and what their consoles say beside what is `expected`."""
    wider: list[object] = []
    complaints: list[str] = []
    for path in paths:
        page = expanded(browser, address + path, complaints)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if pixels := overflow(page):
                wider.append((path, width, pixels))
        page.close()
    return [*wider, *(text for text in complaints if expected not in text)]


def unreadable(browser: Browser, address: str, paths: Iterable[str]) -> list[object]:
    """Return violations of axe's rules, expanded, in light, and of those about colours in dark.

    The schemes differ by the values of their colours alone.
    """
    problems: list[object] = []
    for path in paths:
        page = expanded(browser, address + path, [], color_scheme="light", bypass_csp=True)
        problems += violations(page)
        page.emulate_media(color_scheme="dark")
        problems += violations(page, "cat.color")
        page.close()
    return problems
