"""Take the pictures of the documentation from the running product: `python -m demo.documentation_pictures`.

The demo shop is watched, with a simulated history, until it breaks and an incident opens; pages are opened in a real
browser.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from demo import tour
from demo.postbox import Postbox
from demo.shop_process import ROOT, opened
from demo.watched_shop import Shop, free_port
from outrider.journeys import BrowserSettings, find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

FOLDER = ROOT / "docs" / "pictures"
SIZE: ViewportSize = {"width": 1200, "height": 800}
PAGES = {
    "overview": "",
    "check": "checks/probe:probes/shop.toml::home",
}
"""Addresses of the dashboard by the name of the picture."""
WAIT_S = 180.0


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder, Postbox() as postbox:
        environment = {**os.environ, "OUTRIDER_SMTP": postbox.url}
        shop = Shop(tour.WORKSPACE, "", environment, free_port(8710), "", free_port(4319))
        shop.make_workspace([check.removeprefix("probe:") for check in tour.CHECKS], "10s")
        with opened(folder, "", shop.project("front", "--origin", "*")) as address:
            shop = replace(shop, address=address["SHOP_URL"], environment={**environment, **address})
            for check in tour.CHECKS:
                shop.outrider("run", check)
            shop.simulate_history()
            shop.judge()
            for check in tour.CHECKS * 2:
                shop.outrider("run", check)
            shop.outrider("release", "2.15.0")
            shop.fault("errors", "1")
            with shop.watched():
                _take(shop.dashboard, _first_incident(shop.dashboard))


def _first_incident(dashboard: str) -> str:
    """Return the address of the first incident, once the fault has been noticed."""
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s:
        with suppress(OSError), urllib.request.urlopen(f"{dashboard}api/v1/incidents?state=open", timeout=2) as answer:
            if items := json.load(answer)["items"]:
                return f"incidents/{items[0]['id']}"
        time.sleep(1)
    raise SystemExit("the fault was not noticed")


def _take(dashboard: str, incident: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(BrowserSettings()).executable)
        page = browser.new_page(viewport=SIZE)
        for name, path in {**PAGES, "incident": incident}.items():
            _shoot(page, dashboard + path, name)
        browser.close()


def _shoot(page: Page, address: str, name: str) -> None:
    while True:  # where a journey runs just now, the page says in which folder of this machine
        page.goto(address, wait_until="load")
        page.wait_for_timeout(1_000)  # charts are drawn when they come into view
        if str(ROOT) not in page.content():
            break
    page.screenshot(path=FOLDER / f"{name}.png")
    print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
