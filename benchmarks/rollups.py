"""What rollups cost and how exact they are: `python -m benchmarks.rollups [DAYS] [SHARE] [FOLDER]`, 90 1.0 by default.

The store gets DAYS of 80 http probes and 20 five-step journeys every five minutes, one run in a hundred not passing,
through `record_many`, or a SHARE of the checks, whose size is multiplied. Housekeeping runs after every simulated week,
without its pauses. The last days it is another process, a day at a time, beside which this one writes and notes how
long it waits; in turns it writes as often alone. With a FOLDER the store stays there.

Probes get eight numbers, journeys seven a step: a duration and its vitals. Sizes are whole numbers, statuses and counts
of requests always the same, all else is drawn.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from benchmarks.store import make_run

from outrider.model import (
    Attempt,
    CheckId,
    Circumstances,
    HostLoad,
    Measurement,
    Outcome,
    Retention,
    Run,
    Sample,
    Step,
    StepKind,
    new_run_id,
)
from outrider.store import Store
from outrider.store.artifact_folder import open_folder
from outrider.store.database import open_database
from outrider.store.pruner import prune

MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
NOW_US = 20_000 * DAY_US
PROBES, JOURNEYS, STEPS, BATCH, TURNS = 80, 20, 5, 500, 4
PROBE_METRICS = ("duration_ms", "dns_ms", "connect_ms", "tls_ms", "wait_ms", "receive_ms", "body_bytes", "status")
JOURNEY_METRICS = ("duration_ms", "ttfb_ms", "fcp_ms", "lcp_ms", "cls", "requests", "bytes")
SIZES, FIXED = {"body_bytes", "bytes"}, {"status": 200.0, "requests": 12.0}
PRUNE = (
    "import sys; from outrider.store import Store\n"
    "Store.open(sys.argv[1], artifacts=sys.argv[2]).prune(int(sys.argv[3]))"
)


def simulated(number: int, at_us: int, random: np.random.Generator) -> Run:
    """Return a run of one check."""
    journey = number >= PROBES
    names = [f"step {step}" for step in range(STEPS)] if journey else [""]
    metrics = JOURNEY_METRICS if journey else PROBE_METRICS
    values = 50.0 * random.lognormal(0, 0.2, (len(names), len(metrics)))
    for place, metric in enumerate(metrics):
        if metric in SIZES:
            values[:, place] = np.round(values[:, place] * 1000)
        if metric in FIXED:
            values[:, place] = FIXED[metric]
    passed = random.random() > 0.01
    outcome = Outcome.PASSED if passed else Outcome.FAILED
    measurement = Measurement(
        outcome=outcome,
        reason="" if passed else "the server answered 503",
        started_us=at_us,
        duration_ms=float(values[:, 0].sum()),
        steps=tuple(Step(name or "get", name, StepKind.NAMED, 50.0 * n, 50.0) for n, name in enumerate(names)),
        samples=tuple(
            Sample(name, metric, float(value))
            for name, row in zip(names, values, strict=True)
            for metric, value in zip(metrics, row, strict=True)
        ),
        host=HostLoad(2, 0.7, 0.3, 0.1, 3_000_000_000),
    )
    kind = "journey" if journey else "probe"
    return Run(
        id=new_run_id(at_us), check=CheckId(f"{kind}:shop::{number}"), environment="production", location="local",
        due_us=at_us, started_us=at_us, finished_us=at_us + 500_000, outcome=outcome, reason=measurement.reason,
        attempts=(Attempt(1, True, False, measurement),),
        circumstances=Circumstances("1.0", "", "0.1.0", "ada", "5eed"),
    )  # fmt: skip


def keep_house(folder: Path, now_us: int) -> None:
    """Make rollups and delete what is past its age, without a pause between transactions."""
    database = open_database(folder / "runs.db")
    prune(database, open_folder(folder / "artifacts"), now_us, Retention(), pause=lambda _seconds: None)
    database.close()


def fill(store: Store, folder: Path, days: int, share: float) -> None:
    """Fill a store week by week, housekeeping after each, up to the last days."""
    random = np.random.default_rng(7)
    wanted = [number for number in range(PROBES + JOURNEYS) if number % round(1 / share) == 0]
    made: list[Run] = []
    for day in range(days):
        begins_us = NOW_US - (days - day) * DAY_US
        for at_us in range(begins_us, begins_us + DAY_US, 5 * MINUTE_US):
            made += [simulated(number, at_us, random) for number in wanted]
            if len(made) >= BATCH:
                store.runs.record_many(made)
                made = []
        left = days - 1 - day
        if left == TURNS or (left > TURNS and day % 7 == 6):
            keep_house(folder, begins_us + DAY_US)
    store.runs.record_many(made)


def beside(store: Store, path: Path, now_us: int) -> tuple[float, int]:
    """Let another process keep house while this one writes; return the longest wait [s] and the count."""
    longest, count = 0.0, 0
    command = [sys.executable, "-c", PRUNE, str(path), str(path.parent / "artifacts"), str(now_us)]
    with subprocess.Popen(command) as keeper:
        while keeper.poll() is None:
            run = replace(make_run(count), due_us=now_us)
            began = time.perf_counter()
            store.runs.record(run)
            longest, count = max(longest, time.perf_counter() - began), count + 1
            time.sleep(0.01)
    return longest, count


def alone(store: Store, count: int) -> float:
    """Return the longest wait [s] of as many writes with nobody beside them."""
    longest = 0.0
    for number in range(count):
        run = replace(make_run(number), due_us=NOW_US + DAY_US)
        began = time.perf_counter()
        store.runs.record(run)
        longest = max(longest, time.perf_counter() - began)
        time.sleep(0.01)
    return longest


def quantile_errors(store: Store) -> dict[float, float]:
    """Return by how much quantiles of days, hours merged, differ from those of raw values at most, as a share."""
    worst: dict[float, float] = {}
    for series in store.series.of():
        for day in store.rollups.days(series, NOW_US - 30 * DAY_US, NOW_US):
            values = store.series.samples(series, day.at_us, day.at_us + DAY_US).value
            if len(values) == day.count:
                for share in (0.5, 0.75, 0.95, 0.99):
                    exact = float(np.quantile(values, share, method="inverted_cdf"))
                    worst[share] = max(worst.get(share, 0.0), abs(day.quantile(share) / exact - 1))
    return worst


def free_bytes(path: Path) -> int:
    """Return what empty pages take, which fill again."""
    with closing(sqlite3.connect(path)) as connection:
        (pages,), (size,) = (
            connection.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_size")
        )
    return int(pages * size)


def parts_of(path: Path) -> list[tuple[str, int]]:
    """Return what tables and indexes take [bytes], the largest ten first; nothing where SQLite cannot tell."""
    with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.OperationalError):
        rows = connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 10")
        return [(str(name), int(size)) for name, size in rows]
    return []


def main() -> None:
    """Print sizes, errors and the longest pause."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 90
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(sys.argv[3] if len(sys.argv) > 3 else name)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "runs.db"
        with Store.open(path, artifacts=folder / "artifacts") as store:
            began = time.perf_counter()
            fill(store, folder, days, share)
            waits: list[tuple[float, float]] = []
            for left in reversed(range(TURNS)):
                longest, wrote = beside(store, path, NOW_US - left * DAY_US)
                waits.append((longest, alone(store, wrote)))
            size, free = path.stat().st_size, free_bytes(path)
            took_s = time.perf_counter() - began
            for table, part in parts_of(path):
                print(f"{table} {part / share / 1e6:.0f} MB, ", end="")
            print()
            errors = quantile_errors(store)
    whole = size / share / 1e6
    empty = free / share / 1e6
    print(f"{days} days, {share:.0%} of 100 checks, in {took_s:.0f} s: {size / 1e6:.0f} MB")
    print(f"all checks: {whole:.0f} MB, of which {empty:.0f} MB are empty pages")
    print("quantiles of days against raw values: " + ", ".join(f"p{q * 100:.0f} {e:.2%}" for q, e in errors.items()))
    for title, some in zip(("beside housekeeping", "alone"), zip(*waits, strict=True), strict=True):
        print(f"longest record() of a writer {title}, turn by turn [ms]: {[round(wait_s * 1e3) for wait_s in some]}")


if __name__ == "__main__":
    main()
