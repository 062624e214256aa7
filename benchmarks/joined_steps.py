"""Which share of journeys' steps is joined to spans on the demo shop: `python -m benchmarks.joined_steps [RUNS]`.

`outrider up` runs the shop's five journeys of pages, 4 times each, with nothing set but `[telemetry]`. Counted are
steps during which a page or a script of it asked the shop; one that fills in a field, or waits, asks nobody. A step
is joined if a trace that it or an action inside of it names has spans, twenty seconds after the last run. Runs that
began before telemetry was taken are left out: what clients could not send then is lost after seconds. Printed are the
share, the steps that are not joined, and how many preflights (`OPTIONS`) reached the shop's services.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.demo_causes import Scene, free_port
from demo.shop_process import opened

from outrider.app.lookup.telemetry_access import reach_telemetry
from outrider.causes import wire_requests
from outrider.model import ArtifactKind, Outcome
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.model import Span, StoredRun

JOURNEYS: Final = tuple(f"journeys/test_{name}.py" for name in ("account", "browse", "checkout", "search", "totp"))
WAIT_S, ARRIVED_S = 300.0, 20.0
ASKING = frozenset({"document", "fetch", "xhr"})
AT_ONCE = 500


def traces_of_steps(stored: StoredRun, shop: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each step on the first level of a run that asked the shop by a page or script, and the traces it names."""
    for attempt in stored.run.attempts:
        measured = attempt.measurement
        steps = [own for own in measured.steps if own.parent is None and own.duration_ms is not None]
        hars = [own for own in stored.artifacts if own.kind is ArtifactKind.HAR and own.attempt == attempt.number]
        asked = set()
        for request in (own for har in hars for own in wire_requests(har.read())[0]):
            offset_ms = request.began_ms - measured.started_us / 1000
            begun = [own.key for own in steps if own.offset_ms <= offset_ms]
            if begun and request.url.startswith(shop) and request.resource_type in ASKING:
                asked.add(begun[-1])
        for step in steps:
            own = {step.key, *(inner.key for inner in measured.steps if inner.parent == step.key)}
            named = frozenset(trace.trace_id for trace in measured.traces if trace.step in own)
            if step.key in asked:
                yield f"{stored.run.check.name}: {step.title}", named


def wait_for_listener(address: str) -> int:
    """Wait until telemetry is taken there; return when, microseconds UTC."""
    host, _, port = address.partition(":")
    while True:
        try:
            socket.create_connection((host, int(port)), 1.0).close()
        except OSError:
            time.sleep(0.1)
        else:
            return time.time_ns() // 1000


def main(count: int = 4) -> None:
    """Run the journeys, and print what is joined."""
    telemetry = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder, opened(folder, f"http://{telemetry}") as address:
        scene = Scene(Path(folder) / "workspace", {**os.environ, **address}, "10s", JOURNEYS)
        scene.folder.mkdir()
        scene.write(telemetry)
        with scene.watched():
            listening_us = wait_for_listener(telemetry)
            until_s, done = time.monotonic() + WAIT_S, Counter[str]()
            while time.monotonic() < until_s and (len(done) < len(JOURNEYS) or min(done.values()) < count):
                time.sleep(1)
                with scene.store() as store:
                    done = Counter(run.check for run in store.runs.search(outcome=Outcome.PASSED, limit=None))
            ended_us = time.time_ns() // 1000
            time.sleep(ARRIVED_S)
            with scene.store() as store, reach_telemetry(load(scene.folder)) as reader:
                passed = store.runs.search(outcome=Outcome.PASSED, limit=None)
                known_runs = [store.runs.get(own.id) for own in passed]
                whole = (own for own in reversed(known_runs) if own.run.finished_us <= ended_us)
                runs = [own for own in whole if own.run.started_us >= listening_us]
                steps = [
                    (f"run {number}, {title}", named)
                    for number, own in enumerate(runs, 1)
                    for title, named in traces_of_steps(own, address["SHOP_URL"])
                ]
                ids = sorted({trace for _, named in steps for trace in named})
                known: dict[str, Sequence[Span]] = {}
                for start in range(0, len(ids), AT_ONCE):
                    known |= reader.traces(ids[start : start + AT_ONCE])
    joined = [title for title, named in steps if any(known.get(trace) for trace in named)]
    preflights = sum(span.name.startswith("OPTIONS") for spans in known.values() for span in spans)
    print(
        f"{len(joined)} of {len(steps)} asking steps of {len(runs)} runs are joined ({len(joined) / len(steps):.1%});",
        end=" ",
    )
    print(f"preflights: {preflights}")
    for title, named in steps:
        if not any(known.get(trace) for trace in named):
            print(f"  not joined: {title}: {'its traces have no spans' if named else 'it names no trace'}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
