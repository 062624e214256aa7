"""What steady telemetry costs, and what it does to journeys beside it: `python -m benchmarks.telemetry_beside`.

`outrider ingest` takes log records in batches of 1,000 at a steady rate from a process that made them beforehand.
Printed is the share of a core that it and the engine use, once it has caught up with what is judged (`--rate 1000`,
wanted: at most 8 %). With `--rounds N` a journey runs in the same workspace, in turns with and without that telemetry
(`--rate 5000`): printed are the ratios of its steps' times (wanted: within 2 %), and those of the turns without it
among themselves, which say what the machine alone does.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import psutil
from benchmarks.step_times import JOURNEY, Sleeper
from benchmarks.telemetry_idle import caught_up
from benchmarks.telemetry_ingest import BATCH, busy_s, log_batch

from outrider.app import browser_settings, open_runtime
from outrider.app.lookup.telemetry_access import ENGINE_FOLDER
from outrider.journeys import find_browser
from outrider.model import Kind, Outcome
from outrider.runs import Runner
from outrider.store import Store
from outrider.telemetry_store import running_engine
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_S = 300.0
WARM_UP_S = 10.0
PREPARED = 40
BLOCK = 4
LISTENING = '[telemetry]\nlisten = "127.0.0.1:{}"\n[journeys]\nstarved_above = 1.0\n'


class RunningIngest(NamedTuple):
    """`outrider ingest` that answers, and its engine."""

    address: str
    ingest: psutil.Process
    engine: psutil.Process
    client: ClickHouseClient

    def busy_s(self) -> tuple[float, float]:
        """Return the processor seconds of each."""
        return busy_s(self.ingest), busy_s(self.engine)

    def count(self, table: str) -> int:
        """Return the rows of a table."""
        return int(self.client.query(f"SELECT count() FROM outrider.{table}").rows[0][0])


@contextmanager
def ingest(root: Path) -> Iterator[RunningIngest]:
    """Run `outrider ingest` in a workspace until the context ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (root / "outrider.toml").write_text(LISTENING.format(port), encoding="utf-8")
    command = [sys.executable, "-m", "outrider", "ingest"]
    path = root / "ingest.log"
    with path.open("wb") as log, subprocess.Popen(command, cwd=root, stdout=log, stderr=log) as process:
        try:
            address, ends_s = f"http://127.0.0.1:{port}", time.monotonic() + WAIT_S
            while not _answers(address):
                if process.poll() is not None or time.monotonic() > ends_s:
                    sys.exit(f"`outrider ingest` does not answer: {path.read_text('utf-8')[-500:]}")
                time.sleep(0.1)
            record = running_engine(load(root).state / ENGINE_FOLDER)
            assert record is not None
            client = ClickHouseClient(ServerAddress.of_engine(record))
            yield RunningIngest(address, psutil.Process(process.pid), psutil.Process(record.pid), client)
            client.close()
        finally:
            process.send_signal(signal.SIGTERM)


def _answers(address: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{address}/healthz").is_success
    return False


@contextmanager
def sending(address: str, rate: int) -> Iterator[Callable[[], int]]:
    """Send records at a rate, from a process of its own; give how many were acknowledged so far."""
    context = multiprocessing.get_context("spawn")
    acknowledged, ready, ended = context.Value("Q", 0), context.Event(), context.Event()
    sender = context.Process(target=_send, args=(address, rate, acknowledged, ready, ended))
    sender.start()
    try:
        ready.wait()
        yield lambda: int(acknowledged.value)
    finally:
        ended.set()
        sender.join()


def _send(address: str, rate: int, acknowledged: object, ready: threading.Event, ended: threading.Event) -> None:
    batches = [log_batch(number) for number in range(PREPARED)]
    headers = {"content-type": "application/x-protobuf"}
    with httpx.Client(base_url=address, timeout=60) as client:
        ready.set()
        due_s, number = time.monotonic(), 0
        while not ended.wait(max(0.0, due_s - time.monotonic())):
            client.post("/v1/logs", content=batches[number % PREPARED], headers=headers).raise_for_status()
            acknowledged.value += BATCH  # type: ignore[attr-defined]
            number += 1
            due_s += BATCH / rate


def cost(running: RunningIngest, rate: int, seconds: float) -> None:
    """Print the share of a core at a rate, until all of it is stored."""
    before_s, before = running.busy_s(), running.count("otel_logs")
    with sending(running.address, rate) as acknowledged:
        time.sleep(WARM_UP_S)
        begin, began_s, first = running.busy_s(), time.monotonic(), acknowledged()
        time.sleep(seconds)
        end, sent, took_s = running.busy_s(), acknowledged() - first, time.monotonic() - began_s
    ends_s = time.monotonic() + WAIT_S
    while running.count("otel_logs") - before < acknowledged() and time.monotonic() < ends_s:
        time.sleep(0.2)
    memory = sum(process.memory_full_info().pss for process in (running.ingest, running.engine)) / 1e6
    ingest, engine = (100 * (after - former) / took_s for former, after in zip(begin, end, strict=True))
    print(f"{sent / took_s:,.0f} records a second for {took_s:.0f} s: {ingest + engine:.1f} % of a core", end=" ")
    print(f"(ingest {ingest:.1f}, engine {engine:.1f}),", end=" ")
    print(f"{acknowledged():,} acknowledged, {running.count('otel_logs') - before:,} stored, {memory:.0f} MB (PSS)")
    print(f"until the last was stored {sum(running.busy_s()) - sum(before_s):.1f} s of the processor in all")


def journeys(running: RunningIngest, root: Path, rate: int, rounds: int) -> None:
    """Print how the times of steps differ with and without telemetry."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sleeper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["SITE"] = f"http://127.0.0.1:{server.server_port}"
    (root / "journeys").mkdir()
    (root / "journeys" / "test_sleeps.py").write_text(JOURNEY)
    workspace = load(root)
    blocks: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    with (
        Store.open(workspace.store_url, artifacts=workspace.artifacts_url) as store,
        open_runtime(workspace, browser=find_browser(browser_settings(workspace))) as ready,
    ):
        check = ready.discover().checks[0]
        runner = Runner({Kind.JOURNEY: ready.measure}, store.runs, ready.scratch, ready.circumstances)

        def block() -> dict[str, float]:
            durations_ms: dict[str, list[float]] = defaultdict(list)
            for _ in range(BLOCK):
                run = runner.run(check)
                assert run.outcome == Outcome.PASSED, run.reason
                for step in run.attempts[0].measurement.steps:
                    if step.parent is None and step.duration_ms is not None:
                        durations_ms[step.title].append(step.duration_ms)
            return {title: statistics.median(times) for title, times in durations_ms.items()}

        block()
        for number in range(rounds):
            for is_sent in (True, False) if number % 2 else (False, True):
                if not is_sent:
                    blocks[False].append(block())
                    continue
                with sending(running.address, rate) as acknowledged:
                    began_s = time.monotonic()
                    blocks[True].append(block())
                    reached = acknowledged() / (time.monotonic() - began_s)
                print(f"turn {number}: {reached:,.0f} records a second arrived, load {os.getloadavg()[0]:.1f}")
    server.shutdown()
    print(f"{'step':12} without      with   ratio")
    ratios = []
    for title in blocks[False][0]:
        without, beside = (statistics.median(times[title] for times in blocks[kind]) for kind in (False, True))
        ratios.append(beside / without)
        print(f"{title:12} {without:6.1f} ms {beside:6.1f} ms  {beside / without:.3f}")
    totals = {kind: [sum(times.values()) for times in turns] for kind, turns in blocks.items()}
    pairs = [beside / without for without, beside in zip(totals[False], totals[True], strict=True)]
    alone = [later / earlier for earlier, later in zip(totals[False], totals[False][1:], strict=False)]
    print(
        f"all steps: ratio {statistics.median(pairs):.3f} of {len(pairs)} pairs, {min(pairs):.3f} to {max(pairs):.3f}"
    )
    if alone:
        print(f"turns without it, one after the other: {min(alone):.3f} to {max(alone):.3f}")
    print(f"steps: median ratio {statistics.median(ratios):.3f}")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=0, help="turns of the journey, with and without telemetry")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ingest(Path(folder)) as running:
        if options.rounds:
            journeys(running, Path(folder), options.rate, options.rounds)
        else:
            while not caught_up(Path(folder) / ".outrider/telemetry/services.json"):
                time.sleep(0.5)
            cost(running, options.rate, options.seconds)
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
