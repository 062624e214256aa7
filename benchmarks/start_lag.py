"""Whether readers delay checks: `python -m benchmarks.start_lag [CHECKS] [READERS] [TURNS]`, 1,000, 100, 4.

A real `outrider up` runs CHECKS http probes of a target on this machine, each every five minutes (`--every`), with its
store in SQLite, or in PostgreSQL with `--postgresql`: Debian's server, which commits to disk. Minutes with READERS
of the overview, as those of `benchmarks.live_pages`, alternate with minutes without, TURNS of each. Readers are on this
machine and give way to the service. Printed is how late the runs of either began; what else the machine does meets
both. Wanted: no difference.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
from benchmarks.live_pages import Readers, read
from tests.store.contract.postgresql_server import started

from outrider.app import find_workspace, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from outrider.store import Store

TURN_S = 60.0
SETTLE_S = 10.0
START_S = 30.0


class Target(BaseHTTPRequestHandler):
    """Answers every request at once."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def write_workspace(root: Path, count: int, target: str, every: str = "5m", store: str = "") -> None:
    """Write probes of a target, in files of fifty."""
    (root / "probes").mkdir()
    (root / "outrider.toml").write_text(f'[store]\nurl = "{store}"\n' if store else "")
    for first in range(0, count, 50):
        probes = (
            f'[endpoint-{number}]\nkind = "http"\nurl = "{target}/{number}"\nevery = "{every}"\n'
            for number in range(first, min(first + 50, count))
        )
        (root / "probes" / f"team_{first // 50}.toml").write_text("\n".join(probes))


@contextmanager
def service(root: Path, checks: int) -> Iterator[str]:
    """Run the service, and yield the address of its pages once it has loaded its checks for a while."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "outrider", "up", "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    with (root / "log").open("w") as log, subprocess.Popen(command, cwd=root, stdout=log, stderr=log) as up:
        try:
            while f'"checks": {checks},' not in (root / "log").read_text() or not _is_answering(address):
                time.sleep(1)
            time.sleep(START_S)
            yield address
        finally:
            up.terminate()


def _is_answering(address: str) -> bool:
    try:
        with urlopen(address):
            return True
    except URLError:
        return False


def watch(address: str, count: int, pipe: Connection) -> None:
    """Read the overview until told to end; say how many events and pages came."""
    os.nice(19)  # readers are elsewhere: the service goes first
    readers = Readers(address)
    threading.Thread(target=read, args=(readers, count), daemon=True).start()
    pipe.recv()
    pipe.send((readers.events, readers.fetched))
    os._exit(0)


def turn(store: Store, address: str, dashboards: int) -> tuple[list[float], int]:
    """Return how late the runs of a minute began, in seconds, and how many pages were fetched."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=watch, args=(address, dashboards, theirs))
    process.start()
    time.sleep(SETTLE_S)
    since_us = time.time_ns() // 1000
    time.sleep(TURN_S)
    until_us = time.time_ns() // 1000
    ours.send("end")
    _, fetched = ours.recv()
    process.join()
    time.sleep(SETTLE_S / 2)  # what began in time is stored
    runs = store.runs.search("*", since_us=since_us, until_us=until_us, limit=None)
    return [(run.started_us - run.due_us) / 1e6 for run in runs], fetched


@contextmanager
def database(*, is_postgresql: bool) -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL; empty for the usual file."""
    if not is_postgresql:
        yield ""
        return
    with started(durable=True) as server, server.empty_database() as url:
        yield url


def main() -> None:
    """Measure turns without and with readers."""
    parser = argparse.ArgumentParser()
    for name, usual in (("checks", 1000), ("readers", 100), ("turns", 4)):
        parser.add_argument(name, type=int, nargs="?", default=usual)
    parser.add_argument("--every", default="5m")
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    dashboards = asked.readers
    lags: dict[int, list[float]] = {0: [], dashboards: []}
    target = ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    print("dashboards  runs  fetched  load  start lag: median     p95     p99    most")
    with tempfile.TemporaryDirectory() as folder, database(is_postgresql=asked.postgresql) as url:
        root = Path(folder)
        address = f"http://127.0.0.1:{target.server_address[1]}"
        write_workspace(root, asked.checks, address, asked.every, url)
        with service(root, asked.checks) as address, open_store(find_workspace(root)) as store:
            for _ in range(asked.turns):
                for readers in lags:
                    measured, fetched = turn(store, address, readers)
                    lags[readers] += measured
                    print(_line(readers, measured, fetched), flush=True)
    for readers, seconds in lags.items():
        print(_line(readers, seconds, 0), "of all turns")


def _line(readers: int, seconds: list[float], fetched: int) -> str:
    median, p95, p99, most = np.quantile(seconds, [0.5, 0.95, 0.99, 1.0]) if seconds else [np.nan] * 4
    counts = f"{readers:>10}{len(seconds):>6}{fetched:>9}{os.getloadavg()[0]:>6.1f}"
    return f"{counts}{median:>17.3f} s{p95:>6.3f} s{p99:>6.3f} s{most:>6.3f} s"


if __name__ == "__main__":
    main()
