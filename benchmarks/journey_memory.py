"""What runs leave in memory: `python -m benchmarks.journey_memory [RUNS]`.

One journey runs again and again. After every fifth run, at the same age of the worker, the memory of worker, driver and
browser is taken as PSS: what is shared with other processes counts by its share. Growth compares the median of the last
fifth of all readings with the median of the second fifth.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

import psutil

from outrider.app import browser_settings, open_runtime
from outrider.journeys import find_browser
from outrider.model import Kind, Outcome
from outrider.runs import Runner
from outrider.store import Store
from outrider.workspace import load

EVERY = 5  # runs
MIB = 1 << 20
JOURNEY = """
from playwright.sync_api import Page, expect

PAGE = "<h1>Guest book</h1><form><label>Name <input></label><button>Sign</button></form><p></p><script>" \\
    "document.forms[0].onsubmit = (e) => { e.preventDefault(); " \\
    "document.querySelector('p').textContent = 'Welcome, ' + document.querySelector('input').value }</script>"

def test_guest_book(page: Page) -> None:
    page.set_content(PAGE)
    page.get_by_label("Name").fill("Ada")
    page.get_by_role("button").click()
    expect(page.locator("p")).to_have_text("Welcome, Ada")
"""


def memory_mib(process: psutil.Process) -> float:
    """Return the PSS of a process and all below it."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:
            continue
    return total / MIB


def _worker(keeper: psutil.Process) -> psutil.Process:
    server = next(child for child in keeper.children() if "outrider.journeys.fork_server" in " ".join(child.cmdline()))
    return server.children()[0]


def main(runs: int) -> None:
    """Run, and print idle memory, growth, and what is left."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name
        root = Path(name, "ws")
        (root / "journeys").mkdir(parents=True)
        (root / "outrider.toml").write_text("[journeys]\nstarved_above = 1.0\n")
        (root / "journeys" / "test_guest_book.py").write_text(JOURNEY)
        workspace = load(root)
        me = psutil.Process()
        readings: list[float] = []
        descriptors: list[int] = []
        with (
            Store.open(workspace.store_url, artifacts=workspace.artifacts_url) as store,
            open_runtime(workspace, browser=find_browser(browser_settings(workspace))) as ready,
        ):
            check = ready.discover().checks[0]
            runner = Runner({Kind.JOURNEY: ready.measure}, store.runs, ready.scratch, ready.circumstances)
            ready.workers.ready()
            worker = _worker(me)
            idle, driver = memory_mib(worker), sum(memory_mib(child) for child in worker.children())
            for number in range(1, runs + 1):
                run = runner.run(check)
                assert run.outcome == Outcome.PASSED, run.reason
                if number % EVERY == 0:
                    ready.workers.ready()
                    readings.append(sum(memory_mib(child) for child in me.children()))
                    descriptors.append(me.num_fds())
                if number % 100 == 0:
                    print(f"{number} of {runs} runs", file=sys.stderr)
        left = [path.name for home in Path(name).glob("outrider-*") for path in home.iterdir() if path.name != "turns"]
        processes = me.children(recursive=True)
    fifth = len(readings) // 5
    early, late = statistics.median(readings[fifth : 2 * fifth]), statistics.median(readings[-fifth:])
    print(f"idle worker:                                {idle - driver:5.0f} MiB PSS  (at most 120)")
    print(f"its Playwright driver, a Node process:      {driver:5.0f} MiB PSS")
    print(f"worker, driver and browser, early and late: {early:5.0f} and {late:.0f} MiB PSS")
    print(f"growth over {runs} runs:                      {late / early - 1:+6.1%}  (below +5 %)")
    print(f"file descriptors of the keeper, early and late: {descriptors[fifth]} and {descriptors[-1]}")
    print(f"temporary folders left: {len(left)}, processes left: {len(processes)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
