"""What a weekly report costs: `python -m benchmarks.reports [CHECKS] [DAYS] [MINUTES]`, 50 x 35 at 30 by default."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.history import History, fill

from outrider.reports import ReportSettings, gather, render_html, week_of
from outrider.store import Store


def main() -> None:
    """Fill a store with simulated history, then print time and size of its weekly report."""
    checks, days, minutes = (int(text) for text in (*sys.argv[1:4], *("50", "35", "30")[len(sys.argv) - 1 :]))
    now_us = time.time_ns() // 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store.open(folder / "runs.db", artifacts=folder / "artifacts") as store:
            fill(store, History(now_us, checks, days, minutes))
            size = (folder / "runs.db").stat().st_size
            began, cpu = time.perf_counter(), time.process_time()
            settings = ReportSettings()
            report = gather(store, settings, week_of(None, now_us, "UTC"), now_us, workspace="benchmark")
            page = render_html(report, settings)
            took, used = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{checks} checks x {days} days, every {minutes} min: {took:.1f} s, {used:.1f} s of CPU, "
        f"{len(page.encode()) / 1e6:.2f} MB; the store has {size / 1e6:.0f} MB"
    )


if __name__ == "__main__":
    main()
