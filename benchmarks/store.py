"""What storing a run costs: `python -m benchmarks.store [RUNS]`.

Our store and a bare `sqlite3` that inserts the very same rows into the same tables take turns, batch by batch, in one
process, so that a busy machine slows both. Ratios of processor time are what to compare between machines.
"""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    Attempt,
    AttemptTrace,
    CheckId,
    Circumstances,
    HostLoad,
    Measurement,
    Outcome,
    Run,
    Sample,
    Series,
    Step,
    StepKind,
    new_run_id,
)
from outrider.store import Store

CHECKS = 20
STEPS = 5
METRICS = 12
MINUTE_US = 60_000_000
START_US = 1_800_000_000_000_000
TABLES = {
    "runs": "key",
    "attempts": "run_key",
    "attempt_steps": "run_key",
    "samples": "run_key",
    "attempt_artifacts": "run_key",
    "trace_link": "run_key",
}
PRUNE = "import sys; from outrider.store import Store; Store.open(sys.argv[1], artifacts=sys.argv[2]).prune(10**17)"


def make_run(number: int, files: tuple[ArtifactFile, ...] = ()) -> Run:
    """Return a run of one of the checks with five steps and sixty samples."""
    due_us = START_US + number // CHECKS * 5 * MINUTE_US
    names = [f"step {step}" for step in range(STEPS)]
    measurement = Measurement(
        outcome=Outcome.PASSED,
        reason="",
        started_us=due_us + 3,
        duration_ms=650.123,
        steps=tuple(
            Step(name, name.title(), StepKind.NAMED, 130.517 * place, 128.25) for place, name in enumerate(names)
        ),
        samples=tuple(
            Sample(name, f"metric_{metric}", 100.1 + number * 0.37 + metric)
            for name in names
            for metric in range(METRICS)
        ),
        artifacts=files,
        host=HostLoad(2, 0.72, 0.31, 0.12, 3_000_000_000),
        attributes={"browser": "chromium 140", "viewport": "1280x720"},
        traces=tuple(AttemptTrace(f"{number:032x}", str(step)) for step in range(5)),
    )
    return Run(
        id=new_run_id(due_us),
        check=CheckId(f"journey:journeys/test_{number % CHECKS}.py::test_pay"),
        environment="production",
        location="local",
        due_us=due_us,
        started_us=due_us + 3,
        finished_us=due_us + 700_000,
        outcome=Outcome.PASSED,
        reason="",
        attempts=(Attempt(1, True, False, measurement),),
        circumstances=Circumstances("1.0", "chromium 140", "0.1.0", "ada", "5eed"),
    )


class Bare:
    """A plain connection to a database with the store's tables and pragmas."""

    def __init__(self, path: Path, like: Path) -> None:
        Store.open(path, artifacts=path.parent / "none").close()
        self.rows = sqlite3.connect(f"{like.as_uri()}?mode=ro", uri=True)
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("synchronous = NORMAL", "cache_size = -16384"):
            self.connection.execute(f"PRAGMA {pragma}")

    def copy(self, table: str) -> None:
        rows = self.rows.execute(f"SELECT * FROM {table}").fetchall()
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self.connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)

    def load(self, first: int, last: int) -> dict[str, list[tuple[object, ...]]]:
        return {
            table: self.rows.execute(f"SELECT * FROM {table} WHERE {key} BETWEEN ? AND ?", (first, last)).fetchall()
            for table, key in TABLES.items()
        }

    def insert(self, rows: dict[str, list[tuple[object, ...]]]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        for table, lines in rows.items():
            if lines:
                self.connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(lines[0]))})", lines)
        self.connection.execute("COMMIT")


def compare_recording(folder: Path, runs: int, batch: int) -> None:
    """Print what our store costs beside a bare insertion of its rows, `batch` runs in a transaction."""
    path = folder / f"ours-{batch}.db"
    ours, bare_s, ours_cpu, bare_cpu = [], [], 0.0, 0.0
    with Store.open(path, artifacts=folder / "artifacts") as store:
        store.runs.record_many([make_run(number) for number in range(CHECKS)])
        bare = Bare(folder / f"bare-{batch}.db", path)
        for table in ("subjects", "circumstances", "attribute_sets", "steps", "series", *TABLES):
            bare.copy(table)
        for start in range(CHECKS, runs, batch):
            made = [make_run(number) for number in range(start, start + batch)]
            cpu, began = time.process_time(), time.perf_counter()
            store.runs.record_many(made)
            ours.append(time.perf_counter() - began)
            ours_cpu += time.process_time() - cpu
            rows = bare.load(start + 1, start + batch)
            cpu, began = time.process_time(), time.perf_counter()
            bare.insert(rows)
            bare_s.append(time.perf_counter() - began)
            bare_cpu += time.process_time() - cpu
    count = len(ours) * batch
    size = path.stat().st_size / (count + CHECKS)
    print(
        f"{batch:3d} runs a transaction: {count / sum(ours):6.0f} runs/s, bare {count / sum(bare_s):6.0f}; "
        f"CPU a run {ours_cpu / count * 1e3:.2f} ms, bare {bare_cpu / count * 1e3:.2f} ms, "
        f"ratio {ours_cpu / bare_cpu:.2f}; "
        f"median wall {statistics.median(ours) / batch * 1e3:.2f} ms; {size:.0f} bytes a run"
    )


def compare_artifacts(folder: Path) -> None:
    """Print what a trace of 300 kB and a HAR of 60 kB add to recording a run."""
    plain, with_files = [], []
    with Store.open(folder / "files.db", artifacts=folder / "artifacts") as store:
        for number in range(200):
            files = []
            for kind, size in ((ArtifactKind.TRACE, 300_000), (ArtifactKind.HAR, 60_000)):
                source = folder / kind
                source.write_bytes(number.to_bytes(8) * (size // 8))
                files.append(ArtifactFile(kind, kind, "application/octet-stream", source))
            began = time.perf_counter()
            store.runs.record(make_run(number, tuple(files)))
            with_files.append(time.perf_counter() - began)
            began = time.perf_counter()
            store.runs.record(make_run(number))
            plain.append(time.perf_counter() - began)
    print(
        f"two artifacts of 360 kB: {statistics.median(with_files) * 1e3:.2f} ms a run, "
        f"none: {statistics.median(plain) * 1e3:.2f} ms"
    )


def compare_reading(folder: Path) -> None:
    """Print how fast the points of a long series are read, beside a bare fetch of them."""
    points, ours, bare = 200_000, [], []
    path = folder / "points.db"
    with Store.open(path, artifacts=folder / "artifacts") as store:
        run = make_run(0)
        store.runs.record(run)
        series: Series = store.series.of(run.check)[0]
        with closing(sqlite3.connect(path)) as connection, connection:
            rows = (
                (series.keys[0], START_US + number * MINUTE_US, number, 1, 1, number * 0.37) for number in range(points)
            )
            connection.executemany("INSERT OR IGNORE INTO samples VALUES (?, ?, ?, ?, ?, ?)", rows)
        with closing(sqlite3.connect(path)) as connection:
            for _ in range(7):
                began = time.perf_counter()
                store.series.samples(series)
                ours.append(time.perf_counter() - began)
                began = time.perf_counter()
                connection.execute(
                    "SELECT at_us, value FROM samples WHERE series_key = ? AND judged ORDER BY at_us", series.keys
                ).fetchall()
                bare.append(time.perf_counter() - began)
    print(
        f"reading: {points / min(ours) / 1e6:.2f} M points/s into arrays, "
        f"bare {points / min(bare) / 1e6:.2f} M rows/s into tuples, ratio {min(ours) / min(bare):.2f}"
    )


def measure_pruning(folder: Path, runs: int) -> None:
    """Print how long a writer waits while another process forgets everything that is stored."""
    path, artifacts = folder / "pruned.db", folder / "artifacts"
    waits = []
    with Store.open(path, artifacts=artifacts) as store:
        for start in range(0, runs, 200):
            store.runs.record_many([make_run(number) for number in range(start, start + 200)])
        late = [replace(make_run(number), due_us=10**17) for number in range(5_000)]
        with subprocess.Popen([sys.executable, "-c", PRUNE, str(path), str(artifacts)]) as pruner:
            began_all = time.perf_counter()
            while pruner.poll() is None and late:
                began = time.perf_counter()
                store.runs.record(late.pop())
                waits.append(time.perf_counter() - began)
                time.sleep(0.005)
            print(
                f"pruning {runs} runs beside a writer: {time.perf_counter() - began_all:.1f} s, writer's record() "
                f"median {statistics.median(waits) * 1e3:.1f} ms, longest {max(waits) * 1e3:.1f} ms of {len(waits)}"
            )
            pruner.kill() if not late else None


def main() -> None:
    """Print all figures."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for batch in (1, 20):
            compare_recording(folder, runs, batch)
        compare_artifacts(folder)
        compare_reading(folder)
        measure_pruning(folder, runs)


if __name__ == "__main__":
    main()
