"""What artifacts take at default retention: `python -m benchmarks.artifacts [RUNS]`, 5 by default.

The demo shop's five-step checkout is run by Outrider with its defaults, RUNS times while the shop is well and as often
under each of two faults: a button that does nothing, and errors from the first page on. Housekeeping then leaves what a
run keeps. Told is what 20 such journeys every five minutes come to, one run in a hundred not passing: those that passed
keep trace and HAR for a day, the others keep all for thirty days, each as much as the largest here. Probes that fail
keep bodies and headers, taken as 40 kB a run.
"""

from __future__ import annotations

import os
import sys
import tempfile
import urllib.request
from pathlib import Path

from benchmarks.journey_cost import ROOT, shop

from outrider.app import browser_settings, open_runtime
from outrider.journeys import find_browser
from outrider.model import Kind
from outrider.runs import Runner
from outrider.store import Store
from outrider.workspace import load

JOURNEYS, PROBES, RUNS_A_DAY, FAILING, EVIDENCE_DAYS, PROBE_BYTES = 20, 80, 288, 0.01, 30, 40_000
FAULTS = ("broken-button", "errors?size=1")


def switch(address: str, method: str, fault: str = "") -> None:
    """Switch a fault on or all of them off."""
    name, _, size = fault.partition("?size=")
    body = f'{{"size": {size}}}'.encode() if size else None
    request = urllib.request.Request(f"{address}/admin/faults/{name}".rstrip("/"), data=body, method=method)
    with urllib.request.urlopen(request) as answer:
        answer.read()


def kept(store: Store, run_ids: list[str]) -> dict[str, int]:
    """Return the bytes by kind that the run with the most keeps."""
    sizes: list[dict[str, int]] = []
    for name in run_ids:
        kinds: dict[str, int] = {}
        for artifact in store.runs.get(name).artifacts:
            kinds[artifact.kind] = kinds.get(artifact.kind, 0) + artifact.bytes
        sizes.append(kinds)
    return max(sizes, key=lambda kinds: sum(kinds.values()))


def main(count: int) -> None:
    """Run, keep house, and tell what it comes to."""
    most: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as name, shop(Path(name)) as address:
        os.environ["SHOP_URL"] = address
        workspace = load(ROOT)
        with (
            Store.open(f"sqlite:///{name}/runs.db", artifacts=f"{name}/artifacts") as store,
            open_runtime(workspace, browser=find_browser(browser_settings(workspace))) as ready,
        ):
            check = next(
                candidate for candidate in ready.discover().checks if candidate.path.endswith("test_checkout.py")
            )
            runner = Runner({Kind.JOURNEY: ready.measure}, store.runs, ready.scratch, ready.circumstances)

            def several() -> list[str]:
                return [runner.run(check).id for _ in range(count)]

            runs = {"passed": several()}
            for fault in FAULTS:
                switch(address, "PUT", fault)
                runs[fault.partition("?")[0]] = several()
                switch(address, "DELETE")
            store.prune(max(run.finished_us for run in store.runs.search()))
            for title, ids in runs.items():
                kinds = kept(store, ids)
                most[title] = sum(kinds.values())
                outcomes = {str(store.runs.get(identity).run.outcome) for identity in ids}
                by_kind = ", ".join(f"{kind} {size / 1e3:.0f}" for kind, size in sorted(kinds.items()))
                print(f"{title} ({', '.join(outcomes)}): at most {most[title] / 1e3:.0f} kB a run ({by_kind})")
    passed = most.pop("passed") * JOURNEYS * RUNS_A_DAY * (1 - FAILING)
    probes = PROBE_BYTES * PROBES * RUNS_A_DAY * FAILING * EVIDENCE_DAYS
    print(f"a day of journeys that passed {passed / 1e9:.2f} GB, thirty of probes that failed {probes / 1e9:.2f} GB")
    for title, size in (("half of each", sum(most.values()) / len(most)), *most.items()):
        failed = size * JOURNEYS * RUNS_A_DAY * FAILING * EVIDENCE_DAYS
        print(f"all, if journeys fail by {title}: {(passed + failed + probes) / 1e9:.2f} GB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
