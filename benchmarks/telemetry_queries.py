"""Cost of storing log records, bytes a row, and times of queries: `python -m benchmarks.telemetry_queries [--rows N]`.

Records are synthetic: 12 services, 15 forms of messages with numbers in them, 6 attributes of which one is an
identifier, a trace on 70 %, spread over 24 hours. Queries are asked through the client and the engine's HTTP interface,
in rounds, each time with other values where there are some: their times by the clock hold all of it. The processor's
time is that of all threads of a process. `--folder` keeps the records, and asks again of those that are there.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from outrider.model import LogRecord, RecordKind, TelemetryUnavailable
from outrider.telemetry_store import EngineOptions, EngineProcess, TelemetryStore

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_NS = 86_400 * 10**9
BATCH = 20_000
TURNS = 20
SERVICES = tuple(f"service-{number}" for number in range(12))
LEVELS = (("INFO", 9), ("DEBUG", 5), ("WARN", 13), ("ERROR", 17))
FORMS = (
    "GET /api/orders/{} answered 200 in {} ms", "payment {} declined card_expired after {} tries",
    "connection to db-{} timed out after {} ms", "cache miss for key {} size {}", "user {} signed in from device {}",
    "order {} created with {} items", "retry {} of job {} scheduled", "slow query {} took {} ms",
    "message {} consumed from queue {}", "health check {} ok {}", "rate limit for tenant {} reached {}",
    "email {} sent via relay {}", "file {} uploaded {} bytes", "session {} expired after {} s",
    "feature flag {} evaluated to {}",
)  # fmt: skip
RARE = "needle in the haystack"
COMMON = ("declined", "timeout", "cache", "signed", "retry", "queue", "relay", "uploaded", "expired", "evaluated")
RARE_TRACE_EVERY = 100_003


def records(start: int, total: int, now_ns: int, draw: random.Random) -> list[LogRecord]:
    """Return a batch of records from number `start` on."""
    return [record(number, now_ns - DAY_NS + DAY_NS * number // total, draw) for number in range(start, start + BATCH)]


def record(number: int, at_ns: int, draw: random.Random) -> LogRecord:
    service = draw.choice(SERVICES)
    level, severity = draw.choices(LEVELS, (80, 10, 7, 3))[0]
    trace = f"{draw.getrandbits(128):032x}" if draw.random() < 0.7 else ""
    if number % RARE_TRACE_EVERY == 0:
        trace = known_trace(number)
    body = RARE if number % 200_003 == 7 else draw.choice(FORMS).format(draw.randrange(10**6), draw.randrange(1000))
    attributes = {
        "http.route": f"/r{draw.randrange(20)}", "order_id": str(draw.randrange(10**7)),
        "tenant": f"t{draw.randrange(50)}", "region": draw.choice(("eu", "us")),
        "status": draw.choice(("200", "200", "404", "500")), "duration": str(draw.randrange(10**6)),
    }  # fmt: skip
    resource = {
        "service.name": service,
        "host.name": f"host-{draw.randrange(4)}",
        "deployment.environment": "production",
    }
    return LogRecord(
        at_ns, trace, trace[:16], 1, level, severity, service, body, resource, "app", "1.0", attributes,
    )  # fmt: skip


def known_trace(number: int) -> str:
    return f"feed{number:028x}"


def processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def fill(store: TelemetryStore, total: int, engine: psutil.Process, now_ns: int) -> None:
    draw = random.Random(19)
    before, mine, wall_s = processor_s(engine), 0.0, 0.0
    for start in range(0, total, BATCH):
        batch = records(start, total, now_ns, draw)
        own, began = time.process_time(), time.perf_counter()
        store.insert_logs(batch, token=str(start))
        mine += time.process_time() - own
        wall_s += time.perf_counter() - began
    used = processor_s(engine) - before
    print(f"rows                    {total:,} in batches of {BATCH:,}")
    print(f"engine                  {used / total * 1e6:.1f} us of the processor a row, merges of that time included")
    print(f"client                  {mine / total * 1e6:.1f} us of the processor a row")
    print(f"rows a CPU-second       {total / (used + mine):,.0f}; by the wall {total / wall_s:,.0f} a second")
    print(f"bytes a row on disk     {store.bytes_on_disk() / total:.1f}, rollups and facets included")


def queries(store: TelemetryStore, now_ns: int, rows: int) -> dict[str, Callable[[], object]]:
    """Return what is asked, by what it is."""
    draw = random.Random(7)

    def logs(text: Callable[[], str]) -> Callable[[], object]:
        return lambda: store.search_logs(text())

    def count(text: Callable[[], str], *by: str, every_s: int = 0) -> Callable[[], object]:
        return lambda: store.measure(RecordKind.LOGS, text(), by=by, every_s=every_s)

    def service() -> str:
        return f"service:{draw.choice(SERVICES)}"

    def level() -> str:
        return f"level:{draw.choice(LEVELS)[0].lower()}"

    def trace() -> str:
        return known_trace(draw.randrange(-(-rows // RARE_TRACE_EVERY)) * RARE_TRACE_EVERY)

    return {
        "newest 50, 1 h": logs(lambda: ""),
        "newest 50, 24 h": logs(lambda: "since:24h"),
        "newest 50 by service and level, 24 h": logs(lambda: f"{service()} {level()} since:24h"),
        "rare words, 24 h": logs(lambda: "haystack needle since:24h"),
        "common word, newest 50, 24 h": logs(lambda: f"{draw.choice(COMMON)} since:24h"),
        "count of a common word, 24 h": count(lambda: f"{draw.choice(COMMON)} since:24h"),
        "attribute, 24 h": logs(lambda: f"order_id:{draw.randrange(10**7)} since:24h"),
        "trace id, 24 h": logs(lambda: f"trace:{trace()} since:24h"),
        "histogram by minute and level, 24 h, rollup": count(lambda: "since:24h", "level", every_s=60),
        "the same of one service, rollup": count(lambda: f"{service()} since:24h", "level", every_s=60),
        "facets, 1 h, rollup": lambda: store.facets(RecordKind.LOGS, now_ns - DAY_NS // 24, now_ns),
        "facets, 24 h, rollup": lambda: store.facets(RecordKind.LOGS, now_ns - DAY_NS, now_ns),
        "facets of a search, its newest 100,000, 1 h, raw": lambda: store.facet_counts(
            RecordKind.LOGS, f"{draw.choice(COMMON)} since:1h", ["service", "level", "tenant", "region", "status"]
        ),
        "histogram under a word, 24 h, raw": count(lambda: f"{draw.choice(COMMON)} since:24h", "level", every_s=60),
        "top values of an attribute, 24 h, raw": count(lambda: f"since:24h -tenant:t{draw.randrange(50)}", "tenant"),
        "substring, 24 h, raw": logs(lambda: f"*{draw.randrange(10**5)}\\ answered* since:24h"),
        "number of an attribute, 24 h, raw": count(lambda: f"duration>{draw.randrange(10**6)} since:24h"),
        "p95 of an attribute by service, 24 h, raw": lambda: store.measure(
            RecordKind.LOGS, f"since:24h -tenant:t{draw.randrange(50)}", measure="p95(duration)", by=["service"]
        ),
        "patterns of the newest 200,000, 24 h, raw": lambda: store.log_patterns(f"{level()} since:24h"),
    }


def measure(store: TelemetryStore, engine: psutil.Process, now_ns: int, rows: int) -> None:
    asked = queries(store, now_ns, rows)
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
    for _ in range(TURNS):
        for name, ask in asked.items():
            used, began = processor_s(engine), time.perf_counter()
            with suppress(TelemetryUnavailable):  # it took too long, which its time tells
                ask()
            figures[name].append((time.perf_counter() - began, processor_s(engine) - used))
    print(f"\n{f'ms of {TURNS} turns, load {os.getloadavg()[0]:.1f}':50} median |  p95 | longest | engine's processor")
    for name, taken in figures.items():
        by_clock = [1e3 * wall_s for wall_s, _ in taken]
        p95 = statistics.quantiles(by_clock, n=20)[-1]
        used_ms = 1e3 * statistics.mean(used_s for _, used_s in taken)
        print(f"{name:50} {statistics.median(by_clock):6.0f} | {p95:4.0f} | {max(by_clock):7.0f} | {used_ms:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, help="where the records stay; without it they are temporary")
    options = parser.parse_args()
    rows = options.rows // BATCH * BATCH
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with (
        nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory() as folder,
        EngineProcess(EngineOptions(Path(folder), nice=0)) as process,
        TelemetryStore.open_embedded(EngineOptions(Path(folder))) as store,
    ):
        engine = psutil.Process(process.record.pid)
        opened = engine.memory_info().rss
        now_ns = time.time_ns()
        if not store.search_logs("since:24h", limit=1).rows:
            fill(store, rows, engine, now_ns)
        measure(store, engine, now_ns, rows)
        now = engine.memory_info().rss
        print(f"\nengine's memory         {opened / 1e6:.0f} MB after opening, {now / 1e6:.0f} MB now")


if __name__ == "__main__":
    main()
