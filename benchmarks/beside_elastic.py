"""Outrider and @elastic/synthetics run the same journey: `python -m benchmarks.beside_elastic [ROUNDS]`.

@elastic/synthetics is installed by npm into a temporary folder and started once a run, as its own scheduler does; its
browser is ours. Network throttling and the screenshots of passing steps are off, since we have neither. The two take
turns for processor time; peak memory (PSS of everything below, the browser included) is taken in runs of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from benchmarks.journey_cost import ROOT, Cost, shop
from benchmarks.journey_memory import memory_mib

from outrider.app import browser_settings, open_runtime
from outrider.journeys import find_browser
from outrider.model import Kind, Outcome
from outrider.runs import Runner
from outrider.store import Store
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 5
JOURNEY = """
import { journey, step, expect } from '@elastic/synthetics';

journey('checkout', ({ page, params }) => {
  step('sign in', async () => {
    await page.goto(params.url + '/sign-in');
    await page.getByLabel('Email').fill('ada@example.com');
    await page.getByLabel('Password').fill('outrider-demo');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Hello, Ada');
  });
  step('find product', async () => {
    await page.getByRole('link', { name: 'Catalogue' }).click();
    await page.getByRole('link', { name: 'Two Rider Tent' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Two Rider Tent');
  });
  step('add to cart', async () => {
    await page.getByRole('button', { name: 'One more' }).click();
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await expect(page.getByRole('row', { name: 'Total' })).toContainText('€498.00');
  });
  step('check out', async () => {
    await page.getByRole('link', { name: 'Check out' }).click();
    await page.getByLabel('Street').fill('1 Post Road');
    await page.getByLabel('Town').fill('Milepost');
  });
  step('pay', async () => {
    await page.getByRole('button', { name: 'Pay €498.00' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Thank you, Ada');
    await expect(page.getByRole('row', { name: 'Total' })).toContainText('€498.00');
  });
});
"""


def install(folder: Path) -> Path:
    """Install @elastic/synthetics and return its program."""
    (folder / "journeys").mkdir()
    (folder / "journeys" / "shop.journey.ts").write_text(JOURNEY)
    (folder / "synthetics.config.mjs").write_text("export default () => ({});\n")
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--silent", "@elastic/synthetics"],
        cwd=folder,
        env={**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"},
        check=True,
    )
    return folder / "node_modules" / ".bin" / "elastic-synthetics"


def peak_mib(once: Callable[[], float]) -> float:
    """Return the largest PSS below this process while something runs."""
    seen = [0.0]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen.append(sum(memory_mib(child) for child in psutil.Process().children()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(RUNS):
        once()
    over.set()
    watcher.join()
    return max(seen)


def main(rounds: int) -> None:
    """Take turns, and print what each took."""
    if shutil.which("npm") is None:
        sys.exit("beside_elastic needs Node and npm: apt-get install nodejs npm")
    with tempfile.TemporaryDirectory() as name, shop(Path(name)) as address:
        program = install(Path(name))
        os.environ["SHOP_URL"] = address
        workspace = load(ROOT)
        browser = find_browser(browser_settings(workspace))
        options = json.dumps({"executablePath": browser.executable, "chromiumSandbox": False})
        switches: tuple[str, ...] = ("--rich-events", "--no-throttling", "--screenshots", "only-on-failure")
        switches = (*switches, "--playwright-options", options)

        def run_elastic() -> float:
            begun = time.perf_counter()
            subprocess.run(
                [str(program), "journeys", "--params", json.dumps({"url": address}), *switches],
                cwd=name,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
            )
            return time.perf_counter() - begun

        ours, elastic = Cost(), Cost()
        elastic_peak = peak_mib(run_elastic)
        with (
            Store.open(f"sqlite:///{name}/runs.db", artifacts=f"{name}/artifacts") as store,
            open_runtime(workspace, browser=browser) as ready,
        ):
            check = next(
                candidate for candidate in ready.discover().checks if candidate.path.endswith("test_checkout.py")
            )
            runner = Runner({Kind.JOURNEY: ready.measure}, store.runs, ready.scratch, ready.circumstances)

            def run_ours() -> float:
                ready.workers.ready()
                begun = time.perf_counter()
                run = runner.run(check)
                assert run.outcome == Outcome.PASSED, run.reason
                return time.perf_counter() - begun

            our_peak = peak_mib(run_ours)
            for number in range(rounds):
                ours.block(run_ours, RUNS)
                elastic.block(run_elastic, RUNS)
                print(f"round {number + 1} of {rounds}", file=sys.stderr)
    for title, cost, peak in (("outrider", ours, our_peak), ("@elastic/synthetics", elastic, elastic_peak)):
        print(
            f"{title:20} {cost.wall * 1000:6.0f} ms wall, {cost.cpu * 1000:6.0f} ms CPU a run, {peak:4.0f} MiB at most"
        )
    print(f"CPU, outrider / @elastic/synthetics: {ours.cpu / elastic.cpu:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
