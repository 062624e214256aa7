"""Workers of locations: start lag, and `kill -9` of what takes part: `python -m benchmarks.locations [--broker]`.

A real `outrider up` and real `outrider worker` over sockets on loopback; probes of a site here. First the start lag of
runs in the locations, by the server's clock, beside those that the service makes itself, and how many of those that
were due are not there; other processes may keep the processors busy meanwhile. Then there are rounds of
`kill -9`. By HTTPS of a worker, and in every second round the service answers nothing for two seconds before. By a
broker (RabbitMQ, started here) of a worker, of the broker and of the whole service in turns; each is started again at
once. Counted: results that were finished, so that a spool held them, and that are not stored; runs that are stored or
judged twice; due runs of which nothing is stored; how long after a kill the next run of the locations was stored; what
is left running.

    python -m benchmarks.locations --broker --locations 3 --probes 300 --every 60 --lag-s 120 --rounds 0 [--postgresql]
    python -m benchmarks.locations --broker --locations 3 --rounds 60
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
from contextlib import ExitStack
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from benchmarks.scheduler_crash import Site
from tests.app.rabbitmq_node import RabbitmqNode, started
from tests.store.contract import postgresql_server

from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

LIFE_S = 4.0
CLOSED_S = 2.0
_WAIT_S = 120.0
_SETTLED_S = 40.0
"""A run that could not begin is missed after 30 s."""
_NAMES = ("fra", "ams", "nyc", "syd", "gru")


class Party:
    """A service, its workers and perhaps a broker, each of which is killed and started again."""

    def __init__(self, folder: Path, locations: Sequence[str], broker: RabbitmqNode | None, database: str = "") -> None:
        self.folder = folder
        self.root = folder / "ws"
        self.locations = locations
        self.broker = broker
        self.database = database
        self.port = free_port()
        self.stored: Counter[str] = Counter()
        self.count = 0
        self.tokens: dict[str, str] = {}
        self.workers: dict[str, subprocess.Popen[str]] = {}
        self.service: subprocess.Popen[str]

    def start(self) -> None:
        for name in self.locations:
            command = [sys.executable, "-m", "outrider", "location", "add", name]
            added = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True)
            self.tokens[name] = added.stdout.strip()
        self.start_service()
        for name in self.locations:
            self.start_worker(name)

    def start_service(self) -> None:
        self.service = self._started(["up", "--port", str(self.port)], {}, subprocess.PIPE)
        threading.Thread(target=self._read, args=[self.service], daemon=True).start()

    def start_worker(self, name: str) -> None:
        where = self.broker.url() if self.broker is not None else ""
        server = [] if where else ["--server", f"http://127.0.0.1:{self.port}"]
        words = ["worker", "--location", name, *server, "--folder", str(self.spool(name).parent)]
        environment = {"OUTRIDER_TOKEN": self.tokens[name], "OUTRIDER_BROKER": where}
        self.workers[name] = self._started(words, environment, subprocess.DEVNULL)

    def spool(self, name: str) -> Path:
        return self.folder / f"worker-{name}" / "spool"

    def finished(self) -> set[str]:
        """Return the runs whose results wait at workers."""
        folders = [self.spool(name) for name in self.locations if self.spool(name).exists()]
        return {path.name.rpartition(".")[0] for folder in folders for path in folder.iterdir() if path.name[0] != "."}

    def wait(self, count: int) -> None:
        """Wait until so many runs of the locations were stored."""
        until_s = time.monotonic() + _WAIT_S
        while self.count < count and time.monotonic() < until_s:
            time.sleep(0.02)

    def kill(self, victim: str) -> None:
        """End something as a crash does, and start it again."""
        if victim == "broker":
            assert self.broker is not None
            self.broker.kill()
            self.broker.start()
        elif victim == "service":
            os.killpg(self.service.pid, signal.SIGKILL)
            self.service.wait()
            self.start_service()
        else:
            self.workers[victim].kill()
            self.workers[victim].wait()
            self.start_worker(victim)

    def suspend_web(self) -> psutil.Process:
        """Have the service answer nothing over HTTP."""
        children = psutil.Process(self.service.pid).children()
        web = next(child for child in children if "outrider.app.processes.web_process" in " ".join(child.cmdline()))
        web.suspend()
        return web

    def end(self) -> None:
        for process in (*self.workers.values(), self.service):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(120)

    def _started(self, words: Sequence[str], environment: dict[str, str], stderr: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "outrider", *words]
        known = {**os.environ, **environment, "OUTRIDER_PARTY": str(self.folder)}
        return subprocess.Popen(command, cwd=self.root, env=known, stderr=stderr, text=True, start_new_session=True)

    def _read(self, service: subprocess.Popen[str]) -> None:
        assert service.stderr is not None
        for line in service.stderr:
            if '"run.stored"' not in line or '"missed"' in line or '"skipped"' in line:
                continue
            run = json.loads(line)
            if run["location"] in self.locations:
                self.stored[run["run"]] += 1
                self.count += 1


def make_workspace(party: Party, address: str, asked: argparse.Namespace) -> None:
    party.root.mkdir()
    broker = f'[locations]\nbroker = "{party.broker.url("guest")}"\n' if party.broker is not None else ""
    store = f'[store]\nurl = "{party.database}"\n' if party.database else ""
    (party.root / "outrider.toml").write_text(f'[probes]\nlate = "30s"\n{broker}{store}')
    (party.root / "probes").mkdir()
    for location in (*party.locations, "local"):
        tables = (
            f'[{location}{number}]\nkind = "http"\nurl = "{address}/"\nevery = "{asked.every:g}s"\ntimeout = "5s"\n'
            f'locations = ["{location}"]\n'
            for number in range(asked.probes)
        )
        (party.root / f"probes/{location}.toml").write_text("\n".join(tables))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def share(values: Sequence[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", action="store_true", help="by RabbitMQ in the place of HTTPS")
    parser.add_argument("--locations", type=int, default=1, choices=range(1, len(_NAMES) + 1))
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--probes", type=int, default=5, help="in each location, and as many here")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between runs of a probe")
    parser.add_argument("--lag-s", type=float, default=60.0, help="how long start lag is measured; a multiple of EVERY")
    parser.add_argument("--postgresql", action="store_true", help="in the place of SQLite")
    parser.add_argument("--busy", type=int, default=0, help="processes that want a processor for themselves")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Site))
        threading.Thread(target=site.serve_forever, daemon=True).start()
        stack.callback(site.shutdown)
        broker = stack.enter_context(started()) if asked.broker else None
        server = stack.enter_context(postgresql_server.started(durable=True)) if asked.postgresql else None
        database = stack.enter_context(server.empty_database()) if server is not None else ""
        party = Party(folder, _NAMES[: asked.locations], broker, database)
        make_workspace(party, f"http://127.0.0.1:{site.server_address[1]}", asked)
        party.start()
        stack.callback(party.end)
        with ExitStack() as beside:
            for _ in range(asked.busy):
                busy = beside.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
                beside.callback(busy.kill)
            measure_lag(party, asked)
        if asked.rounds:
            measure_kills(party, asked)
        party.end()
        left = [process.pid for process in psutil.process_iter() if is_of(process, party)]
        print(f"left running: {len(left)}; load average {os.getloadavg()[1]:.0f} over the last 5 minutes")
    return 0


def is_of(process: psutil.Process, party: Party) -> bool:
    try:
        return process.environ().get("OUTRIDER_PARTY") == str(party.folder)
    except psutil.Error:
        return False


def measure_lag(party: Party, asked: argparse.Namespace) -> None:
    party.wait(asked.locations)
    time.sleep(10)  # the workers have loaded the workspace
    since_us = time.time_ns() // 1000
    time.sleep(asked.lag_s)
    until_us = since_us + round(asked.lag_s * 1_000_000)
    time.sleep(_SETTLED_S)
    due = round(asked.probes * asked.lag_s / asked.every)
    with opened(party) as store:
        for location in (*party.locations, "local"):
            stored = store.runs.search(location=location, since_us=since_us, limit=None)
            runs = [run for run in stored if since_us <= run.due_us < until_us]
            lags = sorted((run.started_us - run.due_us) / 1000 for run in runs if run.outcome.value == "passed")
            times = Counter((run.check, run.due_us) for run in runs)
            twice = sum(count > 1 for count in times.values())
            others = Counter(run.outcome.value for run in runs if run.outcome.value != "passed")
            print(
                f"{location}: {len(lags)} runs, start lag p50 {share(lags, 0.5):.0f} ms, "
                f"p99 {share(lags, 0.99):.0f} ms, most {share(lags, 1.0):.0f} ms; "
                f"of {due} due not there {due - len(times)}, twice {twice}, not passed {dict(others)}"
            )


def measure_kills(party: Party, asked: argparse.Namespace) -> None:
    numbers = random.Random(asked.seed)
    victims = ("worker", "broker", "service") if party.broker is not None else ("worker",)
    finished: set[str] = set()
    waits: dict[str, list[float]] = {victim: [] for victim in victims}
    begun_us = time.time_ns() // 1000
    for number in range(asked.rounds):
        time.sleep(numbers.uniform(0.0, LIFE_S))
        web = party.suspend_web() if party.broker is None and number % 2 else None
        if web is not None:  # the way back is closed: what finishes now waits in the spool
            time.sleep(CLOSED_S)
        victim = victims[number % len(victims)]
        finished |= party.finished()
        count, killed_s = party.count, time.monotonic()
        party.kill(numbers.choice(party.locations) if victim == "worker" else victim)
        finished |= party.finished()
        if web is not None:
            web.resume()
        party.wait(count + 1)
        waits[victim].append(time.monotonic() - killed_s)
    party.wait(party.count + asked.probes * asked.locations)
    time.sleep(30)  # leases of the last round have ended
    with opened(party) as store:
        runs = [run for name in party.locations for run in store.runs.search(location=name, limit=None)]
    stored = Counter(run.id for run in runs if run.outcome.value != "missed")
    due = Counter((run.check, run.due_us) for run in runs)
    outcomes = Counter(run.outcome.value for run in runs if run.due_us >= begun_us)
    print(f"{asked.rounds} kills: {len(stored)} runs of the locations stored; in the rounds {dict(outcomes)}")
    print(f"finished and lost: {len(finished - set(stored))} of {len(finished)} that were in a spool at a kill")
    twice = sum(count > 1 for count in party.stored.values())
    print(f"stored twice: {sum(count > 1 for count in due.values())}, judged twice: {twice}")
    for victim, seconds in waits.items():
        seconds.sort()
        print(
            f"next run stored after a kill of {victim} ({len(seconds)}): p50 {share(seconds, 0.5):.1f} s, "
            f"most {share(seconds, 1.0):.1f} s"
        )


def opened(party: Party) -> Store:
    database = party.database or party.root / ".outrider/outrider.db"
    return Store.open(database, artifacts=party.root / ".outrider/artifacts")


if __name__ == "__main__":
    raise SystemExit(main())
