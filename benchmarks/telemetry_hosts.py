"""Times of the answers behind the pages of hosts: `python -m benchmarks.telemetry_hosts [--hosts N] [--hours N]`.

The points are synthetic, written by the engine itself: a minute apart, for each host times of four processors in four
states, four states of memory, two file systems, and bytes of network and disk in both directions. Questions are
asked through the client and the engine's HTTP interface; the processor's time is that of the engine. Wanted: the page
of hosts, which asks the first two, in 300 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from benchmarks.telemetry_queries import processor_s

from outrider.telemetry_store import EngineOptions, EngineProcess, TelemetryStore
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

TURNS = 5
HOUR_NS = 3600 * 10**9
SERIES = {
    "system.cpu.time": (
        16, "map('cpu', toString(s % 4), 'state', ['idle', 'user', 'system', 'wait'][intDiv(s, 4) + 1])",
    ),
    "system.memory.usage": (4, "map('state', ['used', 'free', 'cached', 'buffered'][s + 1])"),
    "system.filesystem.usage": (
        4, "map('mountpoint', ['/', '/data'][s % 2 + 1], 'state', ['used', 'free'][intDiv(s, 2) + 1])",
    ),
    "system.network.io": (2, "map('device', 'eth0', 'direction', ['receive', 'transmit'][s + 1])"),
    "system.disk.io": (2, "map('device', 'sda', 'direction', ['read', 'write'][s + 1])"),
}  # fmt: skip


def fill(client: ClickHouseClient, hosts: int, hours: int) -> int:
    """Write points of the last hours; return how many."""
    written = 0
    for name, (series, attributes) in SERIES.items():
        grows = name in {"system.cpu.time", "system.network.io", "system.disk.io"}
        for hour in range(hours):
            rows = hosts * series * 60
            client.command(
                f"INSERT INTO {client.database}.otel_metrics_sum (ResourceAttributes, ServiceName, MetricName,"
                " Attributes, TimeUnix, Value, AggregationTemporality, IsMonotonic) SELECT"
                f" map('host.name', concat('node-', toString(number % {hosts}))), 'other', '{name}', {attributes},"
                f" now64(9) - toIntervalSecond(({hours} * 60 - m) * 60),"
                f" {'m * 10 + s' if grows else 's + 1'}, 2, {grows}"
                f" FROM (SELECT number, intDiv(number, {hosts}) % {series} AS s,"
                f" {hour * 60} + intDiv(number, {hosts * series}) AS m FROM numbers({rows}))"
            )
            written += rows
    return written


def print_times(name: str, ask: Callable[[], Sized], engine: psutil.Process) -> None:
    """Ask in turns, and print the first and the median time."""
    times, count, before_s = [], 0, processor_s(engine)
    for _ in range(TURNS):
        began = time.perf_counter()
        count = len(ask())
        times.append((time.perf_counter() - began) * 1000)
    used_ms = 1000 * (processor_s(engine) - before_s) / TURNS
    by_clock = f"first {times[0]:.0f} ms, median {statistics.median(times):.0f} ms"
    print(f"{name}: {by_clock}, processor {used_ms:.0f} ms, {count} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--hours", type=int, default=24)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options = EngineOptions(Path(folder))
        with EngineProcess(options) as engine, TelemetryStore.open_running(options) as store:
            process = psutil.Process(engine.record.pid)
            written = fill(ClickHouseClient(ServerAddress.of_engine(engine.record)), chosen.hosts, chosen.hours)
            print(f"{processor_s(process) / written * 1e6:.1f} us of the processor a point")
            until_ns = time.time_ns()
            print(f"{written:,} points, {store.bytes_on_disk() / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}")
            for hours in sorted({1, chosen.hours}):
                since_ns, every_s = until_ns - hours * HOUR_NS, 60 if hours == 1 else 1800
                print_times(f"hosts of {hours} h", partial(store.hosts, since_ns, until_ns), process)
                points = partial(store.host_points, since_ns, until_ns, every_s=every_s)
                print_times(f"processors of {hours} h", partial(points, figure="cpu"), process)
                print_times(f"one host of {hours} h", partial(points, host="node-1"), process)


if __name__ == "__main__":
    main()
