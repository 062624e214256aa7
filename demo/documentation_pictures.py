"""Take the pictures of the documentation from the running product: `python -m demo.documentation_pictures`.

The demo shop is watched, with a simulated history, until it breaks and an incident opens; then tutorials
are followed. Pages are opened in a real browser.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from demo import tour
from demo.held_port import HeldPort
from demo.postbox import Postbox
from demo.shop_process import ROOT, opened
from demo.tutorial import Reader
from demo.watched_shop import Shop
from outrider.journeys import BrowserSettings, find_browser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import Page, ViewportSize

FOLDER = ROOT / "docs" / "pictures"
TUTORIALS = ROOT / "docs" / "tutorials"
DASHBOARD = "http://127.0.0.1:8710/"
"""Where the service of a tutorial has its pages."""
SIZE: ViewportSize = {"width": 1200, "height": 800}
PAGES = {
    "overview": "",
    "check": "checks/probe:probes/shop.toml::home",
}
"""Addresses of the dashboard by the name of the picture."""
WAIT_S = 180.0


def main() -> None:
    """Take all pictures, or `--tutorials` alone."""
    FOLDER.mkdir(exist_ok=True)
    if sys.argv[1:] != ["--tutorials"]:
        _take_of_tour()
    _take_of_tutorials()


def _take_of_tour() -> None:
    with tempfile.TemporaryDirectory() as folder, Postbox() as postbox:
        environment = {**os.environ, "OUTRIDER_SMTP": postbox.url}
        shop = Shop(tour.WORKSPACE, "", environment, HeldPort(8710), None, HeldPort(4319))
        shop.make_workspace([check.removeprefix("probe:") for check in tour.CHECKS], "10s")
        with opened(folder, "", shop.project("front", "--origin", "*")) as address:
            shop = replace(shop, address=address["SHOP_URL"], environment={**environment, **address})
            for check in tour.CHECKS:
                shop.outrider("run", check)
            shop.simulate_history()
            for check in tour.CHECKS * 2:
                shop.outrider("run", check)
            shop.outrider("release", "2.15.0")
            shop.fault("errors", "1")
            with shop.watched():
                incident = _first_incident(shop.dashboard)
                _take({name: shop.dashboard + path for name, path in {**PAGES, "incident": incident}.items()})


def _take_of_tutorials() -> None:
    with tempfile.TemporaryDirectory() as folder, opened(folder) as address:
        begin = Path(folder)
        (begin / "outrider").symlink_to(ROOT)
        for name in ("qa", "sre"):
            with Reader(begin, {"http://127.0.0.1:8700": address["SHOP_URL"]}) as reader:
                reader.follow((TUTORIALS / f"{name}.md").read_text(encoding="utf-8"))
                if name == "qa":
                    [page] = (begin / "qa/.outrider/failures").glob("*.html")
                    _take({"failed-run": page.as_uri()})
                if name == "sre":
                    _take({"probe-incident": DASHBOARD + _first_incident(DASHBOARD, "all")})


def _first_incident(dashboard: str, state: str = "open") -> str:
    """Return the address of the first incident, once the fault has been noticed."""
    address = f"{dashboard}api/v1/incidents?state={state}"
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s:
        with suppress(OSError), urllib.request.urlopen(address, timeout=2) as answer:
            if items := json.load(answer)["items"]:
                return f"incidents/{items[0]['id']}"
        time.sleep(1)
    raise SystemExit("the fault was not noticed")


def _take(addresses: Mapping[str, str]) -> None:
    """Take pictures of pages by the name of the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(BrowserSettings()).executable)
        page = browser.new_page(viewport=SIZE)
        for name, address in addresses.items():
            _shoot(page, address, name)
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
