"""What a weekly report costs: `python -m benchmarks.reports [CHECKS] [DAYS] [MINUTES] [FOLDER]`, 50 x 90 at 30 else.

The history is simulated (`benchmarks.history`): one check in five is a journey of five steps, the others have one, and
every run goes through the product's own recorder. Housekeeping then makes the rollups and deletes what is past its age,
as it does at all times, without its pauses: samples and steps of the last 35 days stay, hours and days of all of them.
With a FOLDER the store stays there, and is used again if it is there already; each report has a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.history import History, fill

from outrider.model import Retention
from outrider.reports import ReportSettings, gather, render_html, week_of
from outrider.store import Store
from outrider.store.artifact_folder import open_folder
from outrider.store.database import open_database
from outrider.store.pruner import prune

NOW_US = 1_800_000_000_000_000
ROUNDS = 3


def prepare(folder: Path, checks: int, days: int, minutes: int) -> None:
    """Fill a store and keep house in it."""
    with Store.open(folder / "runs.db", artifacts=folder / "artifacts") as store:
        fill(store, History(NOW_US, checks, days, minutes))
    database = open_database(folder / "runs.db")
    prune(database, open_folder(folder / "artifacts"), NOW_US, Retention(), pause=lambda _seconds: None)
    database.close()


def report(folder: Path) -> None:
    """Print what gathering and rendering cost."""
    with Store.open(folder / "runs.db", artifacts=folder / "artifacts") as store:
        began, cpu = time.perf_counter(), time.process_time()
        settings = ReportSettings()
        facts = gather(store, settings, week_of(None, NOW_US, "UTC"), NOW_US, workspace="benchmark")
        gathered = time.perf_counter()
        page = render_html(facts, settings)
        ended, used = time.perf_counter(), time.process_time() - cpu
    print(
        f"{ended - began:.2f} s ({gathered - began:.2f} s to gather), {used:.2f} s of CPU, "
        f"{len(page.encode()) / 1e6:.2f} MB",
        flush=True,
    )


def main() -> None:
    """Fill a store with simulated history, then print time and size of its weekly report."""
    if sys.argv[1:2] == ["of"]:
        report(Path(sys.argv[2]))
        return
    checks, days, minutes = (int(text) for text in (*sys.argv[1:4], *("50", "90", "30")[len(sys.argv[1:4]) :]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(sys.argv[4]) if len(sys.argv) > 4 else Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "runs.db").exists():
            began = time.perf_counter()
            prepare(folder, checks, days, minutes)
            print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        size = (folder / "runs.db").stat().st_size
        print(f"{checks} checks x {days} days, every {minutes} min; the store has {size / 1e6:.0f} MB", flush=True)
        for _ in range(ROUNDS):
            subprocess.run([sys.executable, "-m", "benchmarks.reports", "of", str(folder)], check=True)


if __name__ == "__main__":
    main()
