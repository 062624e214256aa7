"""Cost of watching services: `python -m benchmarks.service_judge [--services 200]`.

Rollups are filled directly: by minute for some hours, by the hour for thirty days. Told are the processor's time of
storing what is judged of an hour and of judging it, both without the engine's, as a share of a core, and how long the
table of services takes to be asked.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from outrider.app.service_watch import SETTLED_S, ServiceWatch
from outrider.app.subject_watch import SubjectWatch
from outrider.baselines import Settings
from outrider.dashboard.services_view import ServicesSpan, services_lines
from outrider.runs import LiveJudge
from outrider.store import Store
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.service_search import ServiceSearch

HOURS = 60
"""Of history by the minute: the judge has left its learning then."""

_HISTOGRAM = (
    "CAST((arrayMap(i -> toInt16(180 + i), range(40)), arrayMap(i -> toUInt64(1 + i % 5), range(40))),"
    " 'Map(Int16, UInt64)')"
)


def fill(client: ClickHouseClient, services: int, now_s: int) -> None:
    """Fill the rollups of services: by minute, and by the hour for thirty days."""
    name = "concat('service-', toString(number % {n}))".replace("{n}", str(services))
    for table, step_s, count in (("services_1m", 60, HOURS * 60), ("services_1h", 3600, 30 * 24)):
        period = f"toDateTime({now_s - step_s * count} + intDiv(number, {services}) * {step_s})"
        client.command(
            f"INSERT INTO {client.database}.outrider_{table} SELECT {period}, {name}, '', 120, 1, 1, {_HISTOGRAM}"
            f" FROM numbers({services * count})"
        )


def measure(search: ServiceSearch, store: Store, folder: Path, now_s: int) -> None:
    """Print what an hour costs."""
    judge = SubjectWatch(store.aggregates, lambda *_: None, judge_s=3600)
    judge.judge = LiveJudge(store, Settings())
    clock_s = float(now_s - 3600 + SETTLED_S)
    watch = ServiceWatch(search, store.aggregates, "production", folder / "mark.json", clock=lambda: clock_s)
    while watch.look():
        pass
    judge.ticked(now_s * 1_000_000)
    clock_s = float(now_s + SETTLED_S)
    stored_s = judged_s = 0.0
    for minute in range(12):
        clock_s = float(now_s - 3600 + (minute + 1) * 300 + SETTLED_S)
        begun = time.process_time()
        watch.look()
        between = time.process_time()
        judge.ticked(now_s * 1_000_000)
        stored_s, judged_s = stored_s + between - begun, judged_s + time.process_time() - between
    print(f"storing an hour: {stored_s:.1f} s, {stored_s / 36:.1f} % of a core")
    print(f"judging it: {judged_s:.1f} s, {judged_s / 36:.1f} % of a core")
    for span_name in ("1h", "7d", "30d"):
        span = ServicesSpan.of(span_name, now_s * 1_000_000)
        times = []
        for _ in range(4):
            begun = time.perf_counter()
            lines = services_lines(search, store.incidents, span, 500.0)
            times.append(time.perf_counter() - begun)
        print(f"table of {len(lines)} services, {span_name}: {min(times) * 1000:.0f} ms")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=200)
    services = parser.parse_args().services
    now_s = int(time.time()) // 3600 * 3600
    with tempfile.TemporaryDirectory() as text, EngineProcess(EngineOptions(Path(text) / "engine")) as engine:
        folder = Path(text)
        client = ClickHouseClient(ServerAddress.of_engine(engine.record))
        upgrade_schema(client)
        fill(client, services, now_s)
        with Store.open(folder / "outrider.db", artifacts=folder / "artifacts") as store:
            measure(ServiceSearch(client), store, folder, now_s)
        client.close()


if __name__ == "__main__":
    main()
