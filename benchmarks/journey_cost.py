"""What a run costs beside the bare script that it measures: `python -m benchmarks.journey_cost [ROUNDS]`.

The demo shop's five-step checkout is walked in turns, block by block, in one shared browser: by Outrider, from lease to
stored result, a warm worker got ready before the lease; and by a bare Playwright script that is connected for good.
Each round also runs `python -m pytest` once a run, with a browser of its own, as people do without Outrider.

Processor time is that of all processes below this one, browser included; what workers take to get warm is counted in.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from outrider.app import browser_settings, open_runtime
from outrider.journeys import browser_environment, find_browser
from outrider.model import Kind, Outcome
from outrider.runs import Runner
from outrider.store import Store
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]
RUNS = 10  # a block
WARM_UP = 5
SETTLE_S = 1.0

BARE = """
import sys, time
from playwright.sync_api import expect, sync_playwright

endpoint, url = sys.argv[1:]
expect.set_options(timeout=3_000)
with sync_playwright() as playwright:
    browser = playwright.chromium.connect(endpoint)
    for line in sys.stdin:
        begun = time.perf_counter()
        context = browser.new_context(base_url=url)
        page = context.new_page()
        page.set_default_timeout(5_000)
        page.goto("/sign-in")
        page.get_by_label("Email").fill("ada@example.com")
        page.get_by_label("Password").fill("outrider-demo")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ada")
        page.get_by_role("link", name="Catalogue").click()
        page.get_by_role("link", name="Two Rider Tent").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Two Rider Tent")
        page.get_by_role("button", name="One more").click()
        page.get_by_role("button", name="Add to cart").click()
        expect(page.get_by_role("row", name="Total")).to_contain_text("€498.00")
        page.get_by_role("link", name="Check out").click()
        page.get_by_label("Street").fill("1 Post Road")
        page.get_by_label("Town").fill("Milepost")
        page.get_by_role("button", name="Pay €498.00").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Ada")
        expect(page.get_by_role("row", name="Total")).to_contain_text("€498.00")
        context.close()
        print(time.perf_counter() - begun, flush=True)
"""


@dataclass
class Cost:
    """What one way of running took, a figure a run in seconds."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def block(self, once: Callable[[], float], runs: int = RUNS) -> None:
        """Run a block; processor time is averaged over it."""
        before = cpu_below()
        self.wall_s += [once() for _ in range(runs)]
        time.sleep(SETTLE_S)
        self.cpu_s.append((cpu_below() - before) / runs)

    @property
    def wall(self) -> float:
        """Median seconds a run."""
        return statistics.median(self.wall_s)

    @property
    def cpu(self) -> float:
        """Median over blocks of processor seconds a run."""
        return statistics.median(self.cpu_s)


def cpu_below() -> float:
    """Return the processor seconds of this process and everything that it has started, ended or not."""
    me = psutil.Process()
    total = 0.0
    for process in [me, *me.children(recursive=True)]:
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return total


@contextmanager
def shop(folder: Path) -> Iterator[str]:
    """Start the demo shop outside the tree of processes that is measured, and yield its address."""
    data = str(folder / "shop.db")
    command = [sys.executable, "-m", "demo", "--port", "0", "--third-party-port", "0", "--data", data]
    script = f"import subprocess, sys; print(subprocess.Popen({command!r}, cwd={str(ROOT)!r}).pid, flush=True)"
    log = folder / "shop.log"
    with log.open("w") as out:
        done = subprocess.run([sys.executable, "-c", script], stdout=out, check=True, start_new_session=True)
    assert done.returncode == 0
    while len(lines := log.read_text().splitlines()) < 2:
        time.sleep(0.05)
    pid, addresses = int(lines[0]), lines[1]
    try:
        yield json.loads(addresses)["shop"]
    finally:
        psutil.Process(pid).terminate()


def main(rounds: int) -> None:
    """Take turns, and print medians and ratios."""
    with tempfile.TemporaryDirectory() as name, shop(Path(name)) as address:
        os.environ["SHOP_URL"] = address
        workspace = load(ROOT)
        browser = find_browser(browser_settings(workspace))
        ours, bare, plain = Cost(), Cost(), Cost()
        with (
            Store.open(f"sqlite:///{name}/runs.db", artifacts=f"{name}/artifacts") as store,
            open_runtime(workspace, browser=browser) as ready,
        ):
            check = next(
                candidate for candidate in ready.discover().checks if candidate.path.endswith("test_checkout.py")
            )
            runner = Runner({Kind.JOURNEY: ready.measure}, store.runs, ready.scratch, ready.circumstances)
            ready.workers.ready()
            script = subprocess.Popen(
                [sys.executable, "-c", BARE, ready.workers.endpoint, address],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )

            def run_ours() -> float:
                ready.workers.ready()
                begun = time.perf_counter()
                run = runner.run(check)
                took = time.perf_counter() - begun
                assert run.outcome == Outcome.PASSED, run.reason
                return took

            def run_bare() -> float:
                assert script.stdin is not None
                assert script.stdout is not None
                script.stdin.write("go\n")
                script.stdin.flush()
                return float(script.stdout.readline())

            def run_pytest() -> float:
                begun = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", check.path],
                    cwd=ROOT,
                    env={**os.environ, **browser_environment(browser)},
                    stdout=subprocess.DEVNULL,
                    check=True,
                )
                return time.perf_counter() - begun

            for _ in range(WARM_UP):
                run_ours(), run_bare()
            for number in range(rounds):
                ours.block(run_ours)
                bare.block(run_bare)
                plain.block(run_pytest, 3)
                print(f"round {number + 1} of {rounds}", file=sys.stderr)
            script.communicate()
    for title, cost in (("outrider", ours), ("bare script", bare), ("python -m pytest", plain)):
        print(f"{title:18} {cost.wall * 1000:6.0f} ms wall, {cost.cpu * 1000:6.0f} ms CPU a run")
    print(f"wall, outrider / bare script:                        {ours.wall / bare.wall:.2f}  (at most 1.25)")
    print(f"CPU, outrider / bare script:                         {ours.cpu / bare.cpu:.2f}  (at most 1.4)")
    added = (ours.cpu - bare.cpu) / (plain.cpu - bare.cpu)
    print(f"CPU added by outrider / added by python -m pytest:   {added:.2f}  (at most 0.33)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
