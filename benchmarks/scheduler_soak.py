"""The root workspace for an hour, every journey once a minute: `python -m benchmarks.scheduler_soak [--minutes 60]`.

Counted: coverage (runs that happened, of those due) and the memory of the service with all its processes, as the
proportional set size that Linux tells, so that shared pages count once. Memory is compared between the first and the
last fifth of what follows the warm-up, the first fifth of the whole.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from demo.shop_process import ROOT, opened

from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE_S = 7.0  # no part of the minute in which journeys begin, so that samples see each part of it
SCHEDULE = """
[[check]]
match = "journeys/*"
every = "1m"

[[check]]
match = "probes/shop.toml::restocking"
enabled = false  # waits for a beat from outside
"""


def make_workspace(root: Path) -> None:
    for name in ("journeys", "probes", "baselines", "reports", "scheduler"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "outrider.toml", root)
    (root / "scheduler/schedule.toml").write_text(SCHEDULE)
    (root / "scheduler/alerts.toml").unlink()


def memory_mb(service: psutil.Process) -> defaultdict[str, float]:
    """Return what the service and everything that it started holds, by kind of process."""
    by_kind: defaultdict[str, float] = defaultdict(float)
    for process in [service, *service.children(recursive=True)]:
        try:
            kind = "service" if process == service else kind_of(process.cmdline())
            by_kind[kind] += process.memory_full_info().pss / 1e6
        except psutil.Error:
            continue
    return by_kind


def kind_of(command: list[str]) -> str:
    """Return the kind of a process that a service starts: by its program, and a browser's by its part."""
    program = Path(command[0].partition(" ")[0]).name if command else ""
    if "chrom" in program or "headless" in program:
        part = next(
            (option.partition("=")[2] for word in command for option in word.split() if option.startswith("--type=")),
            "main",
        )
        return f"browser {part}"
    return "driver" if program == "node" else "worker" if program.startswith("python") else program or "ended"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, opened(folder) as addresses:
        root = Path(folder, "ws")
        make_workspace(root)
        with Path(folder, "up.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "outrider", "up", "--no-pages"], cwd=root, env={**os.environ, **addresses},
                stdout=log, stderr=log,
            )  # fmt: skip
            held = watch(psutil.Process(process.pid), asked.minutes)
            process.terminate()
            code = process.wait()
        with Store.open(root / ".outrider/outrider.db", artifacts=root / ".outrider/artifacts") as store:
            coverage = store.schedule.coverage(0)
            outcomes = Counter(run.outcome.value for run in store.runs.search(limit=None))
    fifth = len(held) // 5
    kinds = sorted({kind for sample in held for kind in sample})
    whole = [sum(sample.values()) for sample in held]
    early, late = medians(whole, fifth)
    due, happened = sum(interval.due for interval in coverage), sum(interval.happened for interval in coverage)
    print(f"{asked.minutes:g} minutes, exit code {code}, outcomes {dict(outcomes)}")
    print(f"coverage               {happened} of {due} runs: {happened / due:.2%} (wanted: 100 %)")
    print(f"memory                 {early:.0f} MB after the warm-up, {late:.0f} MB at the end: {late / early - 1:+.1%}")
    print(f"                       highest {max(whole):.0f} MB (wanted: < +5 %)")
    for kind in kinds:
        early, late = medians([sample[kind] for sample in held], fifth)
        print(f"  {kind:20} {early:.0f} MB, then {late:.0f} MB")


def medians(held: Sequence[float], fifth: int) -> tuple[float, float]:
    """Return what was held in the first fifth after the warm-up, and in the last."""
    return statistics.median(held[fifth : 2 * fifth]), statistics.median(held[-fifth:])


def watch(service: psutil.Process, minutes: float) -> list[defaultdict[str, float]]:
    """Return how much memory was held, sample by sample."""
    held: list[defaultdict[str, float]] = []
    end_s = time.monotonic() + minutes * 60
    while time.monotonic() < end_s:
        time.sleep(SAMPLE_S)
        held.append(memory_mb(service))
        if len(held) % 20 == 0:
            latest = ", ".join(
                f"{kind} {statistics.median(sample[kind] for sample in held[-20:]):.0f}" for kind in sorted(held[-1])
            )
            print(f"  {len(held) * SAMPLE_S / 60:.0f} min: {latest}", flush=True)
    return held


if __name__ == "__main__":
    main()
