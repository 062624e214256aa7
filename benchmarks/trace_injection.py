"""What harvesting and naming its trace cost a journey: `python -m benchmarks.trace_injection [ROUNDS] [WAY…]`.

The demo shop's five-step checkout is walked in turns `bare`, without noting what kept main threads; as by `default`,
which harvests the traces that pages and answers name, and notes that; with `propagate_by = "script"`; and with
`"route"`, by a warm worker and a browser each. Printed are medians of the sum of its steps' durations, bytes, and the
median of the ratios of neighbours to the first way with its 95 % interval by bootstrap.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.journey_cost import ROOT, shop

from outrider.app import browser_settings, open_runtime
from outrider.journeys import find_browser
from outrider.model import Kind, Outcome
from outrider.runs import Runner
from outrider.store import Store
from outrider.workspace import Propagation, TelemetrySettings, Workspace, load

if TYPE_CHECKING:
    from collections.abc import Sequence

WARM_UP = 3
WAYS = ("bare", "default", "script", "route")


def with_way(workspace: Workspace, way: str, origin: str) -> Workspace:
    """Return the workspace with what a way adds."""
    if way == "bare":
        return replace(workspace, journeys=replace(workspace.journeys, main_thread=False))
    if way == "default":
        return workspace
    settings = TelemetrySettings(propagate_to=(origin,), propagate_by=Propagation(way))
    return replace(workspace, telemetry=settings)


def main(rounds: int, ways: Sequence[str] = WAYS) -> None:
    """Take turns, and print medians and ratios."""
    took: dict[str, list[float]] = {way: [] for way in ways}
    sent: dict[str, list[float]] = {way: [] for way in ways}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        address = stack.enter_context(shop(Path(folder)))
        os.environ["SHOP_URL"] = address
        workspace = load(ROOT)
        workspace = replace(workspace, journeys=replace(workspace.journeys, starved_above=1.0))
        browser = find_browser(browser_settings(workspace))
        store = stack.enter_context(Store.open(f"sqlite:///{folder}/runs.db", artifacts=f"{folder}/artifacts"))
        runners = {}
        for way in ways:
            ready = stack.enter_context(open_runtime(with_way(workspace, way, address.rstrip("/")), browser=browser))
            check = next(known for known in ready.discover().checks if known.path.endswith("test_checkout.py"))
            runners[way] = Runner({Kind.JOURNEY: ready.measure}, store.runs, ready.scratch, ready.circumstances)
            ready.workers.ready()
        for number in range(WARM_UP + rounds):
            for way, runner in runners.items():
                run = runner.run(check)
                assert run.outcome in {Outcome.PASSED, Outcome.PASSED_ON_RETRY}, run.reason
                measured = run.attempts[0].measurement
                if number >= WARM_UP:
                    took[way].append(sum(step.duration_ms or 0.0 for step in measured.steps if step.parent is None))
                    bytes_ = [sample.value for sample in measured.samples if sample.metric == "transfer_bytes"]
                    sent[way].append(bytes_[0] if bytes_ else 0.0)
    generator = np.random.default_rng(19)
    for way in ways:
        line = f"{way:8} {statistics.median(took[way]):6.0f} ms, {statistics.median(sent[way]) / 1000:5.0f} kB"
        if way != ways[0]:
            ratios = np.array(took[way]) / np.array(took[ways[0]])
            drawn = np.median(generator.choice(ratios, (2_000, len(ratios))), axis=1)
            low, high = np.quantile(drawn, [0.025, 0.975])
            line += f"; {np.median(ratios):.3f} times ({low:.3f} to {high:.3f})"
        print(line)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40, sys.argv[2:] or WAYS)
