"""Which share of journeys' steps is joined to spans on the demo shop: `python -m benchmarks.joined_steps [RUNS]`.

`outrider up` runs the shop's five journeys of pages, 4 times each, with nothing set but `[telemetry]`. A step is joined
if a trace that it or an action inside of it names has spans. Printed are the share, the steps that are not joined, and
how many preflights (`OPTIONS`) reached the shop's services.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.demo_causes import Scene, free_port
from demo.shop_process import opened

from outrider.app.telemetry_access import reach_telemetry
from outrider.model import Outcome
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.model import Run, Span

JOURNEYS: Final = tuple(f"journeys/test_{name}.py" for name in ("account", "browse", "checkout", "search", "totp"))
WAIT_S, ARRIVED_S = 300.0, 6.0
AT_ONCE = 500


def traces_of_steps(run: Run) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each step on the first level of a run, and the traces that it names."""
    for attempt in run.attempts:
        measured = attempt.measurement
        for step in measured.steps:
            if step.parent is None and step.duration_ms is not None:
                own = {step.key, *(inner.key for inner in measured.steps if inner.parent == step.key)}
                named = frozenset(trace.trace_id for trace in measured.traces if trace.step in own)
                yield f"{run.check.name}: {step.title}", named


def main(count: int = 4) -> None:
    """Run the journeys, and print what is joined."""
    telemetry = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder, opened(folder, f"http://{telemetry}") as address:
        scene = Scene(Path(folder) / "workspace", {**os.environ, **address}, "10s", JOURNEYS)
        scene.folder.mkdir()
        scene.write(telemetry)
        with scene.watched():
            until_s, done = time.monotonic() + WAIT_S, Counter[str]()
            while time.monotonic() < until_s and (len(done) < len(JOURNEYS) or min(done.values()) < count):
                time.sleep(1)
                with scene.store() as store:
                    done = Counter(run.check for run in store.runs.search(outcome=Outcome.PASSED, limit=None))
            ended_us = time.time_ns() // 1000
            time.sleep(ARRIVED_S)
            with scene.store() as store, reach_telemetry(load(scene.folder)) as reader:
                passed = store.runs.search(outcome=Outcome.PASSED, limit=None)
                runs = [run for own in passed if (run := store.runs.get(own.id).run).finished_us <= ended_us]
                steps = [step for run in runs for step in traces_of_steps(run)]
                ids = sorted({trace for _, named in steps for trace in named})
                known: dict[str, Sequence[Span]] = {}
                for start in range(0, len(ids), AT_ONCE):
                    known |= reader.traces(ids[start : start + AT_ONCE])
    joined = [title for title, named in steps if any(known.get(trace) for trace in named)]
    missing = Counter(title for title, _ in steps) - Counter(joined)
    preflights = sum(span.name.startswith("OPTIONS") for spans in known.values() for span in spans)
    print(
        f"{len(joined)} of {len(steps)} steps of {len(runs)} runs are joined ({len(joined) / len(steps):.1%});", end=" "
    )
    print(f"preflights: {preflights}")
    for title, times in missing.most_common():
        print(f"  not joined, {times} times: {title}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
