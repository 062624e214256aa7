"""How long a large SQLite store takes to be brought up to date: `python -m benchmarks.upgrade [--mb 1000]`.

A history of some weeks is recorded as it is in use, and its rows are repeated for the weeks before until the file is
as large as asked. It is then taken back to a former revision, as its program left it, and opened: that copies the file,
and upgrades it in one transaction. The revisions are the one before the present, and 0017, from which an upgrade
writes something for every attempt: it moves the id of its trace. The last line says what opening takes without.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.history import DAY_US, History, fill
from tests.store.conftest import REVISION_0018, REVISION_0031, Place, take_back

from outrider.store import Store

NOW_US = 1_800_000_000_000_000
WEEKS_US = 21 * DAY_US
_REPEATED = {
    "runs": {"key": "key + :keys", "id": "randomblob(16)"},
    "attempts": {"run_key": "run_key + :keys"},
    "attempt_steps": {"run_key": "run_key + :keys"},
    "samples": {"run_key": "run_key + :keys"},
}
"""Tables that grow with every run, and what tells a repeated row from its original."""
_TIMES = {"due_us", "started_us", "finished_us", "at_us"}
_TRACED_0017 = (*REVISION_0018, "UPDATE attempts SET trace_ids = randomblob(16)")


def make_store(path: Path, size_bytes: int) -> None:
    """Record a history, and repeat it for earlier times until the file is so large."""
    with Store.open(path, artifacts=path.parent / "artifacts") as store:
        fill(store, History(NOW_US, checks=50, days=21, minutes=60))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        repeats = 1
        while path.stat().st_size < size_bytes:
            repeat(connection, repeats)
            repeats *= 2
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def repeat(connection: sqlite3.Connection, spans: int) -> None:
    """Double what is there, which reaches over so many spans of three weeks."""
    (keys,) = connection.execute("SELECT max(key) FROM runs").fetchone()
    with connection:
        for table, changed in _REPEATED.items():
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            values = (changed.get(name) or (f"{name} - :back" if name in _TIMES else f'"{name}"') for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            statement = f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)} FROM {table}"
            connection.execute(statement, {"keys": keys, "back": spans * WEEKS_US})


def opened_s(place: Place) -> tuple[float, float]:
    """Return how long it takes to open a store, and how long a processor worked for it, in seconds."""
    began_s, worked_s = time.perf_counter(), time.process_time()
    place.open().close()
    return time.perf_counter() - began_s, time.process_time() - worked_s


def main() -> None:
    """Make a store, take it back and open it, a few times each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.db")
        place = Place(f"sqlite:///{path}", Path(folder, "artifacts"))
        make_store(path, asked.mb * 1_000_000)
        with closing(sqlite3.connect(path)) as connection:
            rows = sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _REPEATED)
        print(f"{path.stat().st_size / 1e6:,.0f} MB, {rows:,} rows of runs; load {os.getloadavg()[0]:.1f}", flush=True)
        for _ in range(asked.rounds):
            for revision, statements in (("0030", REVISION_0031), ("0017", _TRACED_0017)):
                take_back(place, *statements)
                taken_s, worked_s = opened_s(place)
                print(f"from {revision}: {taken_s:.1f} s, {worked_s:.1f} s of a processor", flush=True)
        began_s = time.perf_counter()
        with place.open() as store:
            store.copy_to(Path(folder, "copy.db"))
        copied_s = time.perf_counter() - began_s
        print(f"the copy alone: {copied_s:.1f} s; opened again: {opened_s(place)[0] * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
