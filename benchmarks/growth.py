"""What a check costs as its number grows, for the plan on paper: `python -m benchmarks.growth [DAYS [KIND]]`.

Stores of SQLite and PostgreSQL get DAYS (4 by default) of probes and five-step journeys every five minutes, those of
`benchmarks.rollups`. Measured are rows and bytes a run, the processor time of storing and of judging a run (PostgreSQL:
with that of its server), the bytes of a check in rollups, and how fast a file is copied before an upgrade. From these
slopes follows the disk that a check takes in a year, with and without retention.
Processor times hold on a busy machine, too, but for what sharing caches costs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
from benchmarks.rollups import DAY_US, JOURNEY_METRICS, MINUTE_US, NOW_US, PROBE_METRICS, simulated
from benchmarks.telemetry_ingest import BATCH, log_batch
from sqlalchemy import inspect, text
from tests.store.contract.postgresql_server import started

from outrider.baselines import Settings
from outrider.model import Retention
from outrider.runs import LiveJudge
from outrider.store import Store
from outrider.store.artifact_folder import open_folder
from outrider.store.database import Database, open_database
from outrider.store.pruner import prune

if TYPE_CHECKING:
    from outrider.model import Run

CHECKS = {"probe": range(12), "journey": range(80, 86)}
WRITTEN, JUDGED = 20, 300
YEAR = 365
FOREVER_S = 1e9
PERIODS = {"hour": 24 * 365, "day": 365}


@dataclass
class Slopes:
    """What one run of a kind costs in one database; bytes with their indexes.

    Attributes:
        run_bytes: Without samples.
        line_bytes: Of its row in `runs` alone, which outlives attempts and steps.
        period_bytes: Of an hour or a day of one check, in rollups.
    """

    rows: float = 0.0
    run_bytes: float = 0.0
    line_bytes: float = 0.0
    sample_bytes: float = 0.0
    stored_ms: float = 0.0
    judged_ms: float = 0.0
    period_bytes: dict[str, float] = field(default_factory=dict)


def made(kind: str, days: int) -> list[Run]:
    """Return the runs of all checks of a kind, in the order of time."""
    random = np.random.default_rng(7)
    begins_us = NOW_US - days * DAY_US
    times = range(begins_us, NOW_US, 5 * MINUTE_US)
    return [simulated(number, at_us, random) for at_us in times for number in CHECKS[kind]]


def sizes(database: Database) -> dict[str, tuple[int, int]]:
    """Return rows and bytes of each table, its indexes included."""
    with database.reading() as connection:
        tables = inspect(connection).get_table_names()
        rows = {table: connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one() for table in tables}
        if database.engine.dialect.name == "sqlite":
            statement = (
                "SELECT m.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_master m ON m.name = d.name GROUP BY 1"
            )
        else:
            statement = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
        taken = {name: int(size) for name, size in connection.execute(text(statement))}
    return {table: (int(rows[table]), taken.get(table, 0)) for table in tables}


def grown(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Return by how many rows and bytes tables grew."""
    return {name: (rows - before[name][0], size - before[name][1]) for name, (rows, size) in after.items()}


def busy_s(database: Database) -> float:
    """Return the processor seconds of this process, and of the database's server where there is one."""
    ours = time.process_time()
    if database.engine.dialect.name == "sqlite":
        return ours
    with database.reading() as connection:
        backend = psutil.Process(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()).parent()
    assert backend is not None
    times = [own.cpu_times() for own in (backend, *backend.children())]
    return ours + sum(own.user + own.system for own in times)


def keep_house(database: Database, folder: Path, now_us: int) -> None:
    """Make rollups, and remove nothing."""
    forever = replace(
        Retention(), others_s=FOREVER_S, details_s=FOREVER_S, hours_s=FOREVER_S, days_s=FOREVER_S, runs_s=FOREVER_S
    )  # fmt: skip
    prune(database, open_folder(folder / "artifacts"), now_us, forever, pause=lambda _seconds: None)


def measured(url: str, folder: Path, kind: str, days: int) -> Slopes:
    """Return what runs of a kind cost in a store that is new."""
    runs = made(kind, days)
    slopes = Slopes()
    with Store.open(url, artifacts=folder / "artifacts") as store:
        database = open_database(url)
        store.runs.record_many(runs[: len(CHECKS[kind])])  # what each check has once: subjects, series, steps
        rest = runs[len(CHECKS[kind]) :]
        empty, began_s = sizes(database), busy_s(database)
        for start in range(0, len(rest), WRITTEN):
            store.runs.record_many(rest[start : start + WRITTEN])
        slopes.stored_ms = (busy_s(database) - began_s) / len(rest) * 1000
        full = sizes(database)
        parts = grown(empty, full)
        slopes.rows = sum(rows for rows, _ in parts.values()) / len(rest)
        slopes.line_bytes = parts["runs"][1] / len(rest)
        slopes.sample_bytes = parts["samples"][1] / len(rest)
        slopes.run_bytes = sum(size for _, size in parts.values()) / len(rest) - slopes.sample_bytes
        judge = LiveJudge(store, Settings())
        for run in rest[-JUDGED - len(CHECKS[kind]) : -JUDGED]:
            judge.judge(run)  # catches up with all before
        began_s = busy_s(database)
        for run in rest[-JUDGED:]:
            judge.judge(run)
        judge.flush()
        slopes.judged_ms = (busy_s(database) - began_s) / JUDGED * 1000
        before = sizes(database)
        keep_house(database, folder, NOW_US + 2 * DAY_US)
        rolled = grown(before, sizes(database))
        for period, a_year in PERIODS.items():
            size = sum(size for name, (_, size) in rolled.items() if name.endswith(f"{period}s"))
            slopes.period_bytes[period] = size / (days * a_year / YEAR) / len(CHECKS[kind])
        database.close()
    return slopes


def year_mb(kind: str, slopes: Slopes, every_min: float) -> tuple[float, float]:
    """Return the disk of a check after a year [MB]: with the usual retention, and with none."""
    runs_a_day, usual = 1440 / every_min, Retention()
    judged = 1 / len(PROBE_METRICS if kind == "probe" else JOURNEY_METRICS)
    details, others = usual.details_s / 86_400, usual.others_s / 86_400
    rollups = slopes.period_bytes["hour"] * 24 * YEAR + slopes.period_bytes["day"] * YEAR
    samples = slopes.sample_bytes * (judged * details + (1 - judged) * others)
    kept = slopes.line_bytes * YEAR + (slopes.run_bytes - slopes.line_bytes) * details + samples
    whole = (slopes.run_bytes + slopes.sample_bytes) * YEAR
    return (kept * runs_a_day + rollups) / 1e6, (whole * runs_a_day + rollups) / 1e6


def copied_mb_a_s(path: Path) -> tuple[float, float]:
    """Return the size of a file [MB], and at which rate it is copied as before an upgrade [MB/s]."""
    database = open_database(path)
    target = path.with_name("copy.db")
    began_s = time.perf_counter()
    database.copy_to(target)
    took_s = time.perf_counter() - began_s
    database.close()
    size = target.stat().st_size / 1e6
    target.unlink()
    return size, size / took_s


def main() -> None:
    """Print slopes and what follows from them."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    kinds = sys.argv[2:] or list(CHECKS)
    with started(durable=True) as server, tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            folder = Path(name, kind)
            folder.mkdir()
            file = folder / "outrider.db"
            with server.empty_database() as postgresql:
                for title, url in (("SQLite", f"sqlite:///{file}"), ("PostgreSQL", postgresql)):
                    slopes = measured(url, folder, kind, days)
                    hour, day = slopes.period_bytes.values()
                    print(
                        f"{kind}, {title}: {slopes.rows:.0f} rows, {slopes.run_bytes:.0f} bytes and "
                        f"{slopes.sample_bytes:.0f} of samples, {slopes.line_bytes:.0f} of its line alone; stored "
                        f"{slopes.stored_ms:.2f} ms, judged {slopes.judged_ms:.2f} ms; a check's hour {hour:.0f}, "
                        f"day {day:.0f} bytes",
                        flush=True,
                    )
                    for every_min in (1, 5, 60):
                        kept, whole = year_mb(kind, slopes, every_min)
                        print(f"  every {every_min} min: {kept:.0f} MB a check and year, {whole:.0f} without retention")
            size, rate = copied_mb_a_s(file)
            print(f"{kind}: {size:.0f} MB copied at {rate:.0f} MB/s", flush=True)
    print(f"a log record as it is sent: {len(log_batch(0)) / BATCH:.0f} bytes")


if __name__ == "__main__":
    main()
