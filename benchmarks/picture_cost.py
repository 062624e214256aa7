"""What the picture of a passing run costs, and what is kept of one: `python -m benchmarks.picture_cost [ROUNDS]`.

The demo shop's five-step checkout runs in turns, block by block, with a picture in every run and with none. Processor
time is that of all processes below this one. Also printed: the bytes of trace, HAR and picture as they are stored,
which is what the last good run of a check, place and release keeps.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.journey_cost import Cost, shop

from outrider.app import browser_settings, open_runtime
from outrider.journeys import find_browser
from outrider.model import Kind, Outcome
from outrider.runs import Runner
from outrider.store import Store
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5  # a block
EVERY_S, NEVER = 0.0, 0.0


def main(rounds: int) -> None:
    """Take turns, and print medians, ratios and sizes."""
    with tempfile.TemporaryDirectory() as name, shop(Path(name)) as address, ExitStack() as stack:
        os.environ["SHOP_URL"] = address
        workspace = load(ROOT)  # a busy host makes runs slow, and what they cost no different
        workspace = replace(workspace, journeys=replace(workspace.journeys, starved_above=1.0))
        with_picture = replace(workspace, journeys=replace(workspace.journeys, picture_every_s=EVERY_S))
        without = replace(workspace, retention=replace(workspace.retention, last_good_s=NEVER))
        store = stack.enter_context(Store.open(f"sqlite:///{name}/runs.db", artifacts=f"{name}/artifacts"))
        ways = [(Cost(), _runner(way, store, stack)) for way in (with_picture, without)]
        for number in range(rounds + 1):
            for cost, once in ways if number % 2 else reversed(ways):
                (Cost() if number == 0 else cost).block(once, RUNS)
        _print(ways[0][0], ways[1][0], store)


def _runner(workspace: Workspace, store: Store, stack: ExitStack) -> Callable[[], float]:
    """Return what makes one run, and returns its seconds from lease to stored result."""
    ready = stack.enter_context(open_runtime(workspace, browser=find_browser(browser_settings(workspace))))
    check = next(check for check in ready.discover().checks if check.path.endswith("test_checkout.py"))
    runner = Runner({Kind.JOURNEY: ready.measure}, store.runs, ready.scratch, ready.circumstances)

    def once() -> float:
        ready.measure.prepare()
        begun = time.perf_counter()
        run = runner.run(check)
        assert run.outcome is Outcome.PASSED, run.reason
        return time.perf_counter() - begun

    return once


def _print(pictured: Cost, plain: Cost, store: Store) -> None:
    print(f"with a picture:  {pictured.wall * 1000:6.0f} ms wall, {pictured.cpu * 1000:6.0f} ms CPU a run")
    print(f"without one:     {plain.wall * 1000:6.0f} ms wall, {plain.cpu * 1000:6.0f} ms CPU a run")
    print(
        f"the picture:     {(pictured.wall - plain.wall) * 1000:+6.0f} ms wall, "
        f"{(pictured.cpu - plain.cpu) * 1000:+6.0f} ms CPU; ratio of CPU {pictured.cpu / plain.cpu:.3f}"
    )
    sizes: dict[str, list[int]] = defaultdict(list)
    for summary in store.runs.search(limit=None):
        for artifact in store.runs.get(summary.id).artifacts:
            sizes[artifact.kind].append(artifact.bytes)
    for kind, kind_bytes in sorted(sizes.items()):
        print(f"{kind:10} {statistics.median(kind_bytes):9,.0f} bytes as stored, median of {len(kind_bytes)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
