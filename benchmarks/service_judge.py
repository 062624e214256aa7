"""Cost of watching services: `python -m benchmarks.service_judge [--services 200] [--only operations|table]`.

Rollups are filled directly: by minute for some hours, by the hour for thirty days. Told are the processor's time of
storing what is judged of an hour and of judging it, both without the engine's, as a share of a core, and how long the
table of services takes to be asked. Then all operations of the services are judged for an hour of forty buckets a
minute; the two days before it are filled by five minutes.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from outrider.app.service.subject_watch import SubjectWatch
from outrider.app.telemetry.operation_watch import OperationWatch
from outrider.app.telemetry.progress_mark import ProgressMark
from outrider.app.telemetry.service_watch import SETTLED_S, ServiceWatch
from outrider.baselines import Settings
from outrider.dashboard.services_view import ServicesSpan, services_lines
from outrider.runs import LiveJudge
from outrider.store import Store
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.service_search import ServiceSearch

HISTORY_S = 26 * 3600
"""Of operations, before the hour that is judged."""

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


def fill_operations(client: ClickHouseClient, services: int, operations: int, now_s: int) -> None:
    """Fill rollups of operations: two days by five minutes, and the last hour by the minute."""
    count = services * operations
    few = "map(toInt16(190), toUInt64(30), toInt16(210), toUInt64(70), toInt16(230), toUInt64(20))"
    names = f"concat('service-', toString(number % {services})), concat('GET /', toString(intDiv(number, {services})))"
    for begin_s, periods, step_s, buckets in (
        (now_s - HISTORY_S - 3600, HISTORY_S // 300, 300, few),
        (now_s - 3600, 60, 60, _HISTOGRAM),
    ):
        for period in range(periods):
            client.command(
                f"INSERT INTO {client.database}.outrider_operations_1m SELECT toDateTime({begin_s + period * step_s}),"
                f" {names}, 'Server', '', 120, 1, 1, {buckets} FROM numbers({count})"
            )


def measure_operations(search: ServiceSearch, client: ClickHouseClient, now_s: int) -> None:
    """Print what an hour of all operations costs, and what a start does."""
    watch, begun = OperationWatch(search, "production"), time.process_time()
    while watch.look(now_s - 3600)[1]:
        pass
    print(f"reading two days after a start: {time.process_time() - begun:.1f} s")
    begun, engine_s = time.process_time(), engine_seconds(client)
    for period in range(12):
        watch.look(now_s - 3600 + (period + 1) * 300)
    used_s, engine_s = time.process_time() - begun, engine_seconds(client) - engine_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"judging an hour of operations: {used_s:.1f} s, {used_s / 36:.2f} % of a core; peak of memory {peak_mb} MB")
    print(f"the engine meanwhile: {engine_s:.1f} s, {engine_s / 36:.2f} %")


def engine_seconds(client: ClickHouseClient) -> float:
    """Return how long the engine used processors since it began."""
    sql = "SELECT sum(value) FROM system.events WHERE event IN ('UserTimeMicroseconds', 'SystemTimeMicroseconds')"
    return float(client.command(sql)) / 1e6


def measure(search: ServiceSearch, store: Store, folder: Path, now_s: int) -> None:
    """Print what an hour costs."""
    judge = SubjectWatch(store.aggregates, lambda *_: None, judge_s=3600)
    judge.judge = LiveJudge(store, Settings())
    clock_s = float(now_s - 3600 + SETTLED_S)
    watch = ServiceWatch(
        search, store.aggregates, "production", ProgressMark(folder / "mark.json"), clock=lambda: clock_s
    )
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


def measure_table(search: ServiceSearch, client: ClickHouseClient, store: Store, now_s: int) -> None:
    """Print how long the values of the table of services take, and the processor's time of both processes."""
    for span_name in ("1h", "7d", "30d"):
        span = ServicesSpan.of(span_name, now_s * 1_000_000)
        times = []
        for _ in range(8):
            engine_s, own_s, begun = engine_seconds(client), time.process_time(), time.perf_counter()
            lines = services_lines(search, store.incidents, span, 500.0)
            wall_s, own_s = time.perf_counter() - begun, time.process_time() - own_s
            times.append((wall_s, own_s, engine_seconds(client) - engine_s))
        wall_ms, own_ms, engine_ms = (1000 * min(column) for column in zip(*times, strict=True))
        print(f"table of {len(lines)} services, {span_name}: {wall_ms:.0f} ms,", end=" ")
        print(f"of the processor {own_ms:.0f} ms here and {engine_ms:.0f} ms of the engine")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--operations", type=int, default=50, help="of each service; 0 leaves them out")
    parser.add_argument("--only", choices=("operations", "table"), help="measure that alone")
    given = parser.parse_args()
    services = given.services
    now_s = int(time.time()) // 3600 * 3600
    with tempfile.TemporaryDirectory() as text, EngineProcess(EngineOptions(Path(text) / "engine")) as engine:
        folder = Path(text)
        client = ClickHouseClient(ServerAddress.of_engine(engine.record))
        upgrade_schema(client)
        if given.only != "operations":
            fill(client, services, now_s)
        search = ServiceSearch(client)
        if given.operations and given.only != "table":
            fill_operations(client, services, given.operations, now_s)
            measure_operations(search, client, now_s)
        if given.only == "operations":
            return
        with Store.open(folder / "outrider.db", artifacts=folder / "artifacts") as store:
            if given.only is None:
                measure(search, store, folder, now_s)
            measure_table(search, client, store, now_s)
        client.close()


if __name__ == "__main__":
    main()
