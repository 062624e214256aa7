"""What measuring a load costs, and how true it is: `python -m benchmarks.load [rate|stall|quantiles]`.

rate       requests a second through Outrider and through plain `locust --headless`, same file and target, in turns, and
           processor time a request likewise, which other programs on the machine disturb less.
stall      a target that stalls for 2 s at 100 requests a second: p99 from the intended start, against the truth.
quantiles  p50 to p99.9 of the histograms against the raw response times, which the locustfile writes down itself.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from outrider.load import LoadMeasure, Profile, Surroundings
from outrider.load.shapes import Arrivals
from outrider.model import Check, CheckId, Kind, LoadResult, Order, altogether, merged, new_run_id
from outrider.workspace import LoadSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.sharedctypes import Synchronized

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
ROUNDS = 5
SECONDS = 8.0
STALL_S, RATE, LOAD_S, STALL_AT_S = 2.0, 100, 20.0, 8.0
CHECK = CheckId("load:benchmark")
UNJUDGED = LoadSettings(busy_above=1e9, late_s=1e9)
LOCUST = [sys.executable, "-m", "locust", "-f", "locustfile.py", "--headless", "--only-summary", "-r", "1000"]
FILE = """
from locust import {user}, task
class Visitor({user}):
    @task
    def look(self):
        self.client.get("/")
"""
PACED = """
import random, time
from locust import FastHttpUser, constant_throughput, task
class Visitor(FastHttpUser):
    wait_time = constant_throughput(1)
    def on_start(self):
        time.sleep(random.random())  # users do not all ask in the same moment; Locust's pace begins after that
        self._cp_last_run = time.perf_counter()
    @task
    def look(self):
        self.client.get("/")
"""
RAW = """
from locust import FastHttpUser, constant, events, task
import random
times = []
@events.request.add_listener
def note(response_time, **_):
    times.append(response_time)
@events.quitting.add_listener
def write(**_):
    open("raw.txt", "w").write("\\n".join(map(repr, times)))
class Visitor(FastHttpUser):
    wait_time = constant(0.005)
    @task
    def look(self):
        self.client.get("/?" + str(random.expovariate(100)), name="/")
"""


class Answering(asyncio.Protocol):
    """Answers each request at once, or after the seconds that its query names; to nobody while it stalls."""

    def __init__(self, count: Synchronized[int], first_s: Synchronized[float], stall: bool) -> None:
        self.count, self.first_s, self.stall = count, first_s, stall

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.first_s.value:
            self.first_s.value = time.time()
        self.count.value += 1
        query = data.split(b" ", 2)[1].partition(b"?")[2]
        delay_s = float(query) if query else self._stalled_s()
        if delay_s > 0:
            asyncio.get_running_loop().call_later(delay_s, self.transport.write, ANSWER)
        else:
            self.transport.write(ANSWER)

    def _stalled_s(self) -> float:
        at_s = time.time() - self.first_s.value - STALL_AT_S
        return STALL_S - at_s if self.stall and 0 <= at_s < STALL_S else 0.0


def serve(port: Any, count: Any, first_s: Any, stall: bool) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Answering(count, first_s, stall), "127.0.0.1", 0, backlog=1000)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def target(*, stall: bool = False) -> Iterator[tuple[str, Any]]:
    context = multiprocessing.get_context("spawn")
    port, count, first_s = context.Value("i", 0), context.Value("q", 0, lock=False), context.Value("d", 0.0, lock=False)
    process = context.Process(target=serve, args=(port, count, first_s, stall), daemon=True)
    process.start()
    while not port.value:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port.value}", count
    process.kill()
    process.join()


def outrider(root: Path, profile: Profile) -> tuple[LoadResult, str]:
    measure = LoadMeasure(
        {CHECK: profile}, Surroundings(root, dict(os.environ), LoadSettings(busy_above=1e9, late_s=1e9))
    )
    scratch = Path(tempfile.mkdtemp(dir=root))
    check = Check(CHECK, Kind.LOAD, profile.file, "benchmark", "benchmark")
    measured = measure.measure(Order(new_run_id(time.time_ns() // 1000), check, 1, 120.0, scratch))
    assert measured.load is not None
    return measured.load, f"{measured.outcome}: {measured.reason}"


def rate(root: Path) -> None:
    for user, users in (("HttpUser", 20), ("FastHttpUser", 50)):
        (root / "locustfile.py").write_text(FILE.format(user=user))
        pairs = [compare(root, users, swapped=number % 2 == 0) for number in range(ROUNDS)]
        ratios, costs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        print(f"rate of {user}, Outrider / plain: median {statistics.median(ratios):.3f} of {ratios} (wanted: >= 0.97)")
        print(f"  processor time a request, Outrider / plain: median {statistics.median(costs):.3f} of {costs}")


def compare(root: Path, users: int, *, swapped: bool) -> tuple[float, float]:
    """Return requests through Outrider / plain, and processor time a request likewise, one load each."""
    counts: dict[str, int] = {}
    cpu_s: dict[str, float] = {}
    with target() as (host, count):
        for side in ("outrider", "plain") if swapped else ("plain", "outrider"):
            before, before_s = count.value, spent_s()
            if side == "outrider":
                profile = Profile("locustfile.py", host=host, users=users, spawn_rate=1000, duration_s=SECONDS)
                outrider(root, profile)
            else:
                options = ["-H", host, "-u", str(users), "-t", f"{SECONDS:.0f}s"]
                subprocess.run([*LOCUST, *options], cwd=root, check=True, capture_output=True)
            counts[side] = count.value - before
            cpu_s[side] = (spent_s() - before_s) / counts[side]
    return round(counts["outrider"] / counts["plain"], 3), round(cpu_s["outrider"] / cpu_s["plain"], 3)


def spent_s() -> float:
    """Return processor time of children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def stall(root: Path) -> None:
    arrivals = np.arange(0, LOAD_S, 1 / RATE)
    waits = np.where((arrivals >= STALL_AT_S) & (arrivals < STALL_AT_S + STALL_S), STALL_AT_S + STALL_S - arrivals, 0.0)
    truth_ms = float(np.quantile(waits, 0.99, method="inverted_cdf")) * 1000
    paced = Profile("locustfile.py", users=RATE, spawn_rate=1000, duration_s=LOAD_S)
    cases = {
        "arrivals": (FILE.format(user="FastHttpUser"), replace(paced, users=None, shape=Arrivals(RATE, 300))),
        "constant_throughput": (PACED, paced),
    }
    for name, (text, profile) in cases.items():
        (root / "locustfile.py").write_text(text)
        with target(stall=True) as (host, _):
            result, summary = outrider(root, replace(profile, host=host))
        total = altogether(result.endpoints)
        seen, sent = (total.intended or total.times).quantile(0.99), total.times.quantile(0.99)
        assert seen is not None
        assert sent is not None
        off = f"{seen / truth_ms - 1:+.1%} (wanted: within 5 %)"
        print(f"stall, {name}: p99 from intended start {seen:,.0f} ms, truth {truth_ms:,.0f} ms: {off}")
        print(f"  from sending {sent:,.0f} ms; {summary}")


def quantiles(root: Path) -> None:
    (root / "locustfile.py").write_text(RAW)
    with target() as (host, _):
        result, _ = outrider(root, Profile("locustfile.py", host=host, users=30, spawn_rate=1000, duration_s=15.0))
    raw = np.array([float(line) for line in (root / "raw.txt").read_text().split()])
    whole = altogether(result.endpoints)
    total = merged((whole.succeeded, whole.failed))  # a request that is open at the end has no raw time
    worst = 0.0
    for share in (0.5, 0.75, 0.9, 0.95, 0.99, 0.999):
        truth, estimate = float(np.quantile(raw, share, method="inverted_cdf")), total.quantile(share)
        assert estimate is not None
        worst = max(worst, abs(estimate / truth - 1))
    counted = f"{len(raw):,} times ({total.total:,} counted, and {whole.unanswered.total} open at the end)"
    print(f"quantiles p50 to p99.9 of {counted}: off by at most {worst:.2%} (wanted: 1 %)")


def main() -> None:
    wanted = sys.argv[1:] or ["rate", "stall", "quantiles"]
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder:
            {"rate": rate, "stall": stall, "quantiles": quantiles}[name](Path(folder))


if __name__ == "__main__":
    main()
