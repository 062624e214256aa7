"""What a dashboard of twelve panels costs: `python -m benchmarks.dashboards [--rows 200000] [--checks 100]`.

Six panels over checks of ninety days, as `benchmarks.dashboard_store` makes them, and six over log records of a day, as
`benchmarks.telemetry_queries` makes them, in the embedded engine. The page of each time is asked for twenty times from
the real server, never the same address twice; median and p95 of the wall clock.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from benchmarks.dashboard_store import NOW_US, checks_of, fill
from benchmarks.telemetry_queries import BATCH, records

from outrider.dashboard import DashboardShelf, Sources, TelemetrySource
from outrider.model import ServiceView
from outrider.server import Background, application, listen
from outrider.store import Store
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.telemetry_inserts import TelemetryTables
from outrider.telemetry_store.telemetry_search import TelemetrySearch

REQUESTS = 20
_OVER_CHECKS = (
    'kind = "trend"\nchecks = ["*"]',
    'kind = "number"\nchecks = ["*"]\nshow = "availability"',
    'kind = "bar"\nchecks = ["*"]\nshow = "outcomes"',
    'kind = "trend"\nchecks = ["*"]\nshow = "availability"',
    'kind = "table"\nchecks = ["*"]\nshow = "availability"',
    'kind = "trend"\nchecks = ["*"]\nshow = "outcomes"',
)
_OVER_LOGS = (
    'kind = "trend"\nlogs = ""\nby = ["level"]',
    'kind = "trend"\nlogs = "level>=error"\nby = ["service"]',
    'kind = "bar"\nlogs = "level>=error"\nby = ["service"]',
    'kind = "number"\nlogs = "level>=error"\nmeasure = "errors"',
    'kind = "table"\nlogs = "tenant:t7"\nby = ["region", "status"]',
    'kind = "trend"\nlogs = "status:500"\nmeasure = "p95(duration)"',
)


def board() -> str:
    """Return the file of the dashboard."""
    panels = (f'[[panel]]\ntitle = "{number}"\n{text}\n' for number, text in enumerate((*_OVER_CHECKS, *_OVER_LOGS)))
    return f'title = "Twelve panels"\n{"".join(panels)}'


def measure(address: str) -> None:
    """Print what the page of each time takes."""
    print(f"{'time':<8}{'median ms':>11}{'p95 ms':>9}{'kB':>7}")
    for since in ("1h", "6h", "1d"):
        wall, size = [], 0
        for number in range(REQUESTS):
            began = time.perf_counter()
            with urlopen(f"{address}/dashboards/twelve?since={since}&n={number}") as answer:
                page = answer.read()
            wall.append(time.perf_counter() - began)
            size = len(page)
            if b"Not asked" in page:
                print("a panel could not be asked")
        median, p95 = np.quantile(wall, [0.5, 0.95]) * 1e3
        print(f"{since:<8}{median:>11.0f}{p95:>9.0f}{size / 1e3:>7.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--checks", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, rows = Path(temporary), asked.rows // BATCH * BATCH
        fill(folder, asked.checks, 90)
        (folder / "reports/dashboards").mkdir(parents=True)
        (folder / "reports/dashboards/twelve.toml").write_text(board())
        with (
            EngineProcess(EngineOptions(folder / "engine", nice=0)) as engine,
            closing(Store.open(folder / "outrider.db", artifacts=folder / "artifacts")) as store,
        ):
            client, draw = ClickHouseClient(ServerAddress.of_engine(engine.record)), random.Random(7)
            upgrade_schema(client)
            for start in range(0, rows, BATCH):
                TelemetryTables(client).insert_logs(records(start, rows, NOW_US * 1000, draw), token=str(start))
            search = TelemetrySearch(client, clock=lambda: NOW_US * 1000)
            checks, view = checks_of(asked.checks), ServiceView(True, True, (), {}, 0.0, 0, 0, 0)
            sources = Sources(
                store, lambda: checks, lambda: view, lambda: NOW_US, "benchmark", dashboards=DashboardShelf(folder),
                telemetry=TelemetrySource(is_on=True, reader=lambda: search),
            )  # fmt: skip
            listener = listen("127.0.0.1", 0)
            background = Background(application(store.heartbeats, None, sources.now_us, sources), listener)
            print(f"{rows:,} records, {asked.checks} checks; load average {os.getloadavg()[0]:.1f}")
            measure(f"http://127.0.0.1:{listener.getsockname()[1]}")
            background.close()


if __name__ == "__main__":
    main()
