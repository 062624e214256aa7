"""What pages cost: `python -m benchmarks.dashboard [CHECKS] [FOLDER]`, 100 checks of ninety days if absent.

A store as `benchmarks.dashboard_store` makes it, kept in FOLDER, is shown by the real server. Each page is asked for
forty times, in turns with the others, each time after the next check has run; p95 of the wall clock, and of the
processor time of this process, which a busy host changes less. Then a browser opens the overview with an empty cache.
Wanted for 1,000 checks: overview 100 ms, a check 150 ms, lists 100 ms; a first load within 1 s and 300 kB.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import numpy as np
from benchmarks.dashboard_store import NOW_US, checks_of, fill, run_of
from playwright.sync_api import sync_playwright

from outrider.dashboard import Sources, check_path
from outrider.journeys.browser import BrowserSettings, find_browser
from outrider.model import Outcome, ServiceView
from outrider.server import Background, application, listen
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REQUESTS = 40
DAYS = 90


def measure(address: str, paths: Mapping[str, str], run_next: Callable[[], None]) -> None:
    """Print p95 of each page."""
    wall: dict[str, list[float]] = {name: [] for name in paths}
    spent: dict[str, list[float]] = {name: [] for name in paths}
    sizes: dict[str, tuple[int, int]] = {}
    for number in range(REQUESTS):
        for name, path in paths.items():
            asked = f"{address}{path}{'&' if '?' in path else '?'}n={number}"  # else one rendering serves several
            run_next()
            began, busy = time.perf_counter(), time.process_time()
            with urlopen(Request(asked)) as answer:
                size = len(answer.read())
            wall[name].append(time.perf_counter() - began)
            spent[name].append(time.process_time() - busy)
            sizes[name] = (size, 0)
    print(f"{'page':<22}{'p95 ms':>9}{'median ms':>11}{'cpu p95 ms':>12}{'cpu median':>12}{'kB':>7}")
    for name in paths:
        p95, median = np.quantile(wall[name], [0.95, 0.5]) * 1e3
        cpu95, cpu = np.quantile(spent[name], [0.95, 0.5]) * 1e3
        print(f"{name:<22}{p95:>9.0f}{median:>11.0f}{cpu95:>12.0f}{cpu:>12.0f}{sizes[name][0] / 1e3:>7.0f}")


def first_load(address: str) -> None:
    """Print what a browser with an empty cache takes to load the overview."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(BrowserSettings()).executable)
        page = browser.new_page()
        requests: list[Any] = []
        page.on("requestfinished", lambda request: requests.append(request))  # noqa: PLW0108 - it is marked
        page.goto(address, wait_until="load")
        took_ms = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        sizes = [_bytes(request.sizes()) for request in requests]
        browser.close()
    print(f"first load in a browser: {took_ms:.0f} ms, {sum(sizes) / 1e3:.0f} kB in {len(sizes)} answers")


def _bytes(sizes: Any) -> int:
    return int(sizes["responseBodySize"] + sizes["responseHeadersSize"])


def main(count: int, folder: Path) -> None:
    """Fill the store if it is new, and measure on a copy."""
    if not (folder / "outrider.db").exists():
        folder.mkdir(parents=True, exist_ok=True)
        fill(folder, count, DAYS)
    with tempfile.TemporaryDirectory() as copy:  # its clock goes on from where the store ends
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        _measured(count, Path(copy))


def _measured(count: int, folder: Path) -> None:
    checks = checks_of(count)
    offset_us = NOW_US - time.time_ns() // 1000
    following = cycle(checks)
    view = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)
    with closing(Store.open(folder / "outrider.db", artifacts=folder / "artifacts")) as store:
        sources = Sources(store, lambda: checks, lambda: view, lambda: time.time_ns() // 1000 + offset_us, "benchmark")
        last = store.history.last_runs([checks[0].id], NOW_US, depth=1)[0]
        listener = listen("127.0.0.1", 0)
        background = Background(application(store.heartbeats, None, sources.now_us, sources), listener)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        paths = {
            "overview": "/",
            "overview, last page": "/?page=9999",
            "overview, filtered": "/?tag=team-3",
            "wall": "/?wall=1",
            "check": check_path(checks[0].id),
            "check, 90 days": f"{check_path(checks[0].id)}?days=90",
            "run": f"/runs/{last.id}",
            "incidents": "/incidents",
            "releases": "/releases",
            "checks without data": "/without-data",
            "search": "/search?q=endpoint-7",
        }
        measure(
            address, paths,
            lambda: store.runs.record(run_of(next(following).id, sources.now_us(), Outcome.PASSED)),
        )  # fmt: skip
        first_load(address)
        background.close()


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    if len(sys.argv) > 2:
        main(number, Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(number, Path(temporary))
