"""A worker of a location is killed at random moments, and start lag: `python -m benchmarks.locations [--rounds 100]`.

A real `outrider up` and a real `outrider worker` over a socket on loopback; probes of a site here, each once a second.
First the start lag of runs in the location, by the server's clock, beside those that the service makes itself. Then the
worker is killed with -9 in rounds; in every second one the service answers nothing for two seconds before. Counted:
results that were finished, so that the spool held them, and that are not stored; runs of the location that are stored
or judged twice; how long after a kill the next run of the location was stored.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from benchmarks.scheduler_crash import Site

from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

LIFE_S = 4.0
CLOSED_S = 2.0
_WAIT_S = 120.0


class Log:
    """Follows the runs that a service says were stored."""

    def __init__(self, service: subprocess.Popen[str]) -> None:
        self._service = service
        self.stored: Counter[str] = Counter()
        self.count = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._service.stderr is not None
        for line in self._service.stderr:
            if (
                '"run.stored"' in line
                and '"location": "fra"' in line
                and '"missed"' not in line
                and '"skipped"' not in line
            ):
                self.stored[json.loads(line)["run"]] += 1
                self.count += 1

    def wait(self, count: int) -> None:
        """Wait until so many runs of the location were stored."""
        until_s = time.monotonic() + _WAIT_S
        while self.count < count and time.monotonic() < until_s:
            time.sleep(0.02)


def make_workspace(root: Path, address: str, probes: int) -> None:
    root.mkdir()
    (root / "outrider.toml").write_text('[probes]\nlate = "30s"\n')
    (root / "probes").mkdir()
    for location in ("fra", "local"):
        tables = (
            f'[{location}{number}]\nkind = "http"\nurl = "{address}/"\nevery = "1s"\ntimeout = "5s"\n'
            f'locations = ["{location}"]\n'
            for number in range(probes)
        )
        (root / f"probes/{location}.toml").write_text("\n".join(tables))


def web_process(service: subprocess.Popen[str]) -> psutil.Process:
    """Return the process of a service that answers over HTTP."""
    children = psutil.Process(service.pid).children()
    return next(child for child in children if "outrider.app.web_process" in " ".join(child.cmdline()))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(arguments: Sequence[str], root: Path, environment: dict[str, str], stderr: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "outrider", *arguments]
    return subprocess.Popen(command, cwd=root, env=environment, stderr=stderr, text=True, start_new_session=True)


def lags_ms(store: Store, location: str, since_us: int) -> list[float]:
    runs = store.runs.search(location=location, since_us=since_us, limit=None)
    return sorted((run.started_us - run.due_us) / 1000 for run in runs if run.outcome.value == "passed")


def share(values: Sequence[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--probes", type=int, default=5, help="in the location, and as many here")
    parser.add_argument("--lag-s", type=float, default=60.0, help="how long start lag is measured")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    numbers = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder, ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        root = Path(folder, "ws")
        make_workspace(root, f"http://127.0.0.1:{site.server_address[1]}", asked.probes)
        added = subprocess.run(
            [sys.executable, "-m", "outrider", "location", "add", "fra"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        environment = {**os.environ, "OUTRIDER_TOKEN": added.stdout.strip()}
        port = free_port()
        service = start(["up", "--port", str(port)], root, environment, subprocess.PIPE)
        words = ["worker", "--location", "fra", "--server", f"http://127.0.0.1:{port}", "--folder", f"{folder}/worker"]
        worker = start(words, root, environment, subprocess.DEVNULL)
        log = Log(service)
        try:
            measure(asked, numbers, Path(folder), log, (words, environment, worker), service=service)
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(60)
    return 0


def measure(
    asked: argparse.Namespace,
    numbers: random.Random,
    folder: Path,
    log: Log,
    working: tuple[list[str], dict[str, str], subprocess.Popen[str]],
    *,
    service: subprocess.Popen[str],
) -> None:
    words, environment, worker = working
    root = folder / "ws"
    log.wait(2 * asked.probes)
    time.sleep(5)  # the worker has loaded the workspace
    since_us = time.time_ns() // 1000
    time.sleep(asked.lag_s)
    with Store.open(root / ".outrider/outrider.db", artifacts=root / ".outrider/artifacts") as store:
        for location in ("fra", "local"):
            lags = lags_ms(store, location, since_us)
            print(
                f"{location}: {len(lags)} runs, start lag p50 {share(lags, 0.5):.0f} ms, "
                f"p99 {share(lags, 0.99):.0f} ms, most {share(lags, 1.0):.0f} ms"
            )
    finished: set[str] = set()
    waits = []
    for number in range(asked.rounds):
        time.sleep(numbers.uniform(0.0, LIFE_S))
        web = web_process(service) if number % 2 else None
        if web is not None:  # the way back is closed: what finishes now waits in the spool
            web.suspend()
            time.sleep(CLOSED_S)
        worker.kill()
        worker.wait()
        killed_s = time.monotonic()
        if web is not None:
            web.resume()
        finished |= {
            path.name.rpartition(".")[0] for path in (folder / "worker/spool").iterdir() if path.name[0] != "."
        }
        count = log.count
        worker = start(words, root, environment, subprocess.DEVNULL)
        log.wait(count + 1)
        waits.append(time.monotonic() - killed_s)
    log.wait(log.count + asked.probes)
    worker.send_signal(signal.SIGTERM)
    worker.wait(90)
    time.sleep(2)
    with Store.open(root / ".outrider/outrider.db", artifacts=root / ".outrider/artifacts") as store:
        stored = Counter(
            run.id for run in store.runs.search(location="fra", limit=None) if run.outcome.value != "missed"
        )
        due = Counter((run.check, run.due_us) for run in store.runs.search(location="fra", limit=None))
    waits.sort()
    print(f"{asked.rounds} kills of the worker: {len(stored)} runs of the location stored")
    print(f"finished and lost: {len(finished - set(stored))} of {len(finished)} that were in the spool at a kill")
    print(f"stored twice: {sum(n > 1 for n in due.values())}, judged twice: {sum(n > 1 for n in log.stored.values())}")
    print(f"next run stored after a kill: p50 {share(waits, 0.5):.1f} s, most {share(waits, 1.0):.1f} s")


if __name__ == "__main__":
    raise SystemExit(main())
