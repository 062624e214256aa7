"""How fast a weekly report opens: `python -m benchmarks.report_page [CHECKS] [ROUNDS]`, 500 x 7 by default.

The page with its script and the same page without are opened in turns, in one headless Chromium. Told are milliseconds
from navigation to the load event, and to the first chart that can be pointed at after it was unfolded; and the height
of the page before anything is unfolded, 1,280 and 390 pixels wide.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.history import History, fill
from playwright.sync_api import sync_playwright

from outrider.journeys.browser import BrowserSettings, find_browser
from outrider.reports import ReportSettings, gather, render_html, week_of
from outrider.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_LOADED_MS = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"


def main() -> None:
    """Print medians and the ratio."""
    checks, rounds = (int(text) for text in (*sys.argv[1:3], *("500", "7")[len(sys.argv) - 1 :]))
    now_us = time.time_ns() // 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store.open(folder / "runs.db", artifacts=folder / "artifacts") as store:
            fill(store, History(now_us, checks, 14, 60))
            settings = ReportSettings()
            report = gather(store, settings, week_of(None, now_us, "UTC"), now_us, workspace="benchmark")
        for kind in ("live", "still"):
            page = render_html(report, settings, interactive=kind == "live")
            (folder / f"{kind}.html").write_text(page, encoding="utf-8")
        times_ms, heights = _opened(folder, rounds)
        size = (folder / "live.html").stat().st_size
    live, still, chart = (statistics.median(times_ms[kind]) for kind in ("live", "still", "chart"))
    print(
        f"{checks} checks, {size / 1e6:.2f} MB: loaded in {live:.0f} ms with its script, {still:.0f} ms without "
        f"(ratio {live / still:.2f}); the first chart answers {chart:.0f} ms after it is unfolded; "
        f"{heights[0]:,} pixels high at 1,280, {heights[1]:,} at 390"
    )


def _opened(folder: Path, rounds: int) -> tuple[dict[str, list[float]], list[int]]:
    times_ms: dict[str, list[float]] = {"live": [], "still": [], "chart": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(BrowserSettings()).executable)
        _open(browser, folder / "still.html", {"still": []}, "still")  # the first page of a browser is slow
        for _ in range(rounds):
            for kind in ("live", "still"):
                _open(browser, folder / f"{kind}.html", times_ms, kind)
        heights = [_height(browser, folder / "live.html", width) for width in (1280, 390)]
        browser.close()
    return times_ms, heights


def _height(browser: Browser, file: Path, width: int) -> int:
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto(file.as_uri())
    height: int = tab.evaluate("document.documentElement.scrollHeight")
    tab.close()
    return height


def _open(browser: Browser, file: Path, times_ms: dict[str, list[float]], kind: str) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(file.as_uri())
    times_ms[kind].append(tab.evaluate(_LOADED_MS))
    if kind == "live":
        began = time.perf_counter()
        tab.locator(".check summary").first.click()
        tab.locator(".chart").first.scroll_into_view_if_needed()
        tab.locator(".plot canvas").first.wait_for()
        times_ms["chart"].append((time.perf_counter() - began) * 1000)
    tab.close()


if __name__ == "__main__":
    main()
