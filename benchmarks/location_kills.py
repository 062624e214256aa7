"""`kill -9` of worker, broker, leader and database in turns: `python -m benchmarks.location_kills [--rounds 32]`.

Two real `outrider up` in workspaces of their own on one PostgreSQL, and two real `outrider worker` in each of two
locations through RabbitMQ; probes of a slow site, and a journey in each location. The leader is killed as a whole (its
supervisor) and its scheduler alone, in turns; a worker is started again at once, or only when its orders have run
again elsewhere, in turns; all else is started again at once. Counted: runs that a spool held or a service said were
stored, and that are not in the store; due runs of which the store has nothing; runs that are stored or judged twice;
processes of a victim that live 30 s later; how long after a kill the next run was stored, and the orders began again
that a killed worker had under way. Rounds of several calls, each with a seed of its own, add up.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from uuid import UUID

import psutil
from benchmarks.locations import free_port, share
from benchmarks.scheduler_crash import Site
from sqlalchemy import create_engine, text
from tests.app.rabbitmq_node import RabbitmqNode
from tests.app.rabbitmq_node import started as broker_started
from tests.store.contract.postgresql_server import LocalServer, started_here

from outrider.model import Outcome, RunId
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from outrider.model import RunSummary

LOCATIONS = ("fra", "ams")
WORKERS = ("one", "two")
PERIOD_S = 60.0
PROBES = 40
ANSWER_S = 2.0
REST_S = 4.0
WITHIN_S = 30.0
LIMIT_S = 120.0
VICTIMS = ("worker", "broker", "leader", "database")
JOURNEY = 'def test_look(page):\n    page.goto("{site}")\n    page.wait_for_timeout(2000)\n'
_UNDER_WAY = "SELECT run_id FROM queue WHERE worker = :worker AND run_id NOT IN (SELECT run_id FROM location_results)"


class SlowSite(Site):
    """Takes so long that runs are under way at a kill."""

    def do_GET(self) -> None:  # noqa: N802 - its name
        time.sleep(ANSWER_S)
        with suppress(OSError):  # whoever asked was killed
            super().do_GET()


class Service:
    """An `outrider up` in a workspace of its own, and what it said."""

    def __init__(self, root: Path, party: Party) -> None:
        self.root = root
        self._party = party
        self.scheduler = 0
        self.process: subprocess.Popen[str]

    def start(self) -> None:
        self.process = self._party.outrider(self.root, ["up", "--port", str(free_port())], stderr=subprocess.PIPE)
        threading.Thread(target=self._listen, args=[self.process], daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            with suppress(ValueError):  # cut off by the kill, or no line of the log
                self._take(json.loads(line))
            self._party.log.write(f"{self.root.name} {line}")

    def _take(self, line_fields: dict[str, object]) -> None:
        party = self._party
        match line_fields:
            case {"event": "process.started", "process": "scheduler", "pid": int(pid)}:
                self.scheduler = pid
            case {"event": "leader.began"}:
                party.leader = self
                party.terms += 1
            case {"event": "run.stored", "run": str(run), "location": location}:
                party.judged[RunId(run)] += 1
                party.count += location in LOCATIONS


@dataclass
class Party:
    """All that takes part."""

    folder: Path
    broker: RabbitmqNode
    database: LocalServer
    url: str
    log: TextIO
    judged: Counter[RunId] = field(default_factory=Counter)
    count: int = 0
    terms: int = 0
    workers: dict[tuple[str, str], subprocess.Popen[str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = [Service(self.folder / name, self) for name in ("first", "second")]
        self.leader = self.services[0]

    def start(self, site: str) -> None:
        for service in self.services:
            write_workspace(service.root, self, site)
        for location in LOCATIONS:
            command = [sys.executable, "-m", "outrider", "location", "add", location]
            added = subprocess.run(command, cwd=self.leader.root, capture_output=True, text=True, check=True)
            self.tokens[location] = added.stdout.strip()
        for service in self.services:
            service.start()
        for location in LOCATIONS:
            for name in WORKERS:
                self.start_worker(location, name)
        wait_until(lambda: self.count > len(LOCATIONS) * len(WORKERS))

    def start_worker(self, location: str, name: str) -> None:
        words = ["worker", "--location", location, "--name", name, "--folder", str(self.worker(location, name))]
        known = {"OUTRIDER_TOKEN": self.tokens[location], "OUTRIDER_BROKER": self.broker.url()}
        self.workers[location, name] = self.outrider(self.folder, words, stderr=self.log, **known)

    def outrider(
        self, root: Path, words: Sequence[str], *, stderr: TextIO | int, **known: str
    ) -> subprocess.Popen[str]:
        environment = {**os.environ, **known, "OUTRIDER_PARTY": str(self.folder)}
        command = [sys.executable, "-m", "outrider", *words]
        return subprocess.Popen(command, cwd=root, env=environment, stderr=stderr, text=True, start_new_session=True)

    def worker(self, location: str, name: str) -> Path:
        return self.folder / f"worker-{location}-{name}"

    def finished(self) -> set[RunId]:
        """Return the runs whose results wait at workers."""
        spools = [self.worker(*key) / "spool" for key in self.workers]
        files = [path for spool in spools if spool.exists() for path in spool.iterdir()]
        return {RunId(path.name.rpartition(".")[0]) for path in files if not path.name.startswith(".")}

    def under_way(self, location: str, name: str) -> set[RunId]:
        """Return the runs that a worker has, and that are not finished."""
        engine = create_engine(self.url)
        with opened(self) as store, engine.connect() as connection:
            workers = {(own.location, own.name): own.instance for own in store.locations.workers()}
            rows = connection.execute(text(_UNDER_WAY), {"worker": workers[location, name]}).scalars()
            runs = {RunId(str(UUID(bytes=bytes(row)))) for row in rows}
        engine.dispose()
        return runs - self.finished()

    def end(self) -> None:
        for process in (*self.workers.values(), *(service.process for service in self.services)):
            process.terminate()
        for process in (*self.workers.values(), *(service.process for service in self.services)):
            process.wait(120)


class Kills:
    """Rounds, and what was seen in them."""

    def __init__(self, party: Party, seed: int) -> None:
        self._party = party
        self._numbers = random.Random(seed)
        self.waits: dict[str, list[float]] = defaultdict(list)
        self.finished: set[RunId] = set()
        self.again: dict[RunId, int] = {}
        self.orphans: list[psutil.Process] = []
        self.gone_s = 0.0

    def round(self, number: int) -> None:
        """Kill something, start it again, and wait for the next run."""
        party = self._party
        time.sleep(self._numbers.uniform(0.0, REST_S))
        victim, turn = VICTIMS[number % len(VICTIMS)], number // len(VICTIMS)
        self.finished |= party.finished()
        count, began_s = party.count, time.monotonic()
        match victim:
            case "worker":
                self._kill_worker(is_awaited=turn % 2 == 1)
            case "leader":
                self._kill_leader(is_whole=turn % 2 == 0)
            case "broker":
                party.broker.kill()
                party.broker.start()
            case "database":
                party.database.kill()
                party.database.start()
        self.finished |= party.finished()
        if not wait_until(lambda: party.count > count):
            print(f"round {number}: no run was stored after a kill of {victim}", flush=True)
        self.waits[victim].append(time.monotonic() - began_s)
        print(f"{number}: {victim} {self.waits[victim][-1]:.1f} s", file=sys.stderr, flush=True)

    def _kill_worker(self, *, is_awaited: bool) -> None:
        party = self._party
        location, name = self._numbers.choice(list(party.workers))
        process = party.workers[location, name]
        under_way = party.under_way(location, name)
        killed_us = self._kill(psutil.Process(process.pid))
        process.wait()
        under_way -= party.finished()
        self.again |= dict.fromkeys(under_way, killed_us)
        if is_awaited:  # the other worker makes them
            wait_until(lambda: party.judged.keys() >= under_way, WITHIN_S + ANSWER_S)
        party.start_worker(location, name)

    def _kill_leader(self, *, is_whole: bool) -> None:
        leader, terms = self._party.leader, self._party.terms
        self._kill(psutil.Process(leader.process.pid if is_whole else leader.scheduler))
        if is_whole:
            leader.process.wait()
            leader.start()
        wait_until(lambda: self._party.terms > terms)

    def _kill(self, process: psutil.Process) -> int:
        """Kill a process; those below it are to end by themselves. Returns when it was, in microseconds."""
        below = process.children(recursive=True)
        process.kill()
        killed_us, killed_s = time.time_ns() // 1000, time.monotonic()
        threading.Thread(target=self._watch, args=[below, killed_s]).start()
        return killed_us

    def _watch(self, below: Sequence[psutil.Process], killed_s: float) -> None:
        if wait_until(lambda: not any(map(runs_still, below)), WITHIN_S):
            self.gone_s = max(self.gone_s, time.monotonic() - killed_s)
        self.orphans += filter(runs_still, below)


def runs_still(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(is_so: Callable[[], bool], limit_s: float = LIMIT_S) -> bool:
    """Wait for something; return whether it came."""
    ends_s = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > ends_s:
            return False
        time.sleep(0.05)
    return True


def write_workspace(root: Path, party: Party, site: str) -> None:
    for folder in ("probes", "journeys", "scheduler"):
        (root / folder).mkdir(parents=True)
    (root / "outrider.toml").write_text(
        f'[store]\nurl = "{party.url}"\nartifacts = "{party.folder}/artifacts"\n[probes]\nlate = "30s"\n'
        f'[journeys]\nstarved_above = 1.0\n[locations]\nbroker = "{party.broker.url("guest")}"\n'
    )
    tables = (
        f'[{location}{number}]\nkind = "http"\nurl = "{site}/"\nevery = "{PERIOD_S:g}s"\ntimeout = "30s"\n'
        f'locations = ["{location}"]\n'
        for location in (*LOCATIONS, "local")
        for number in range(PROBES)
    )
    (root / "probes/all.toml").write_text("\n".join(tables))
    (root / "journeys/test_look.py").write_text(JOURNEY.format(site=site))
    check = f'[[check]]\nmatch = "journeys/*"\nevery = "{PERIOD_S:g}s"\ntimeout = "30s"\n'
    (root / "scheduler/schedule.toml").write_text(f"{check}locations = {json.dumps(LOCATIONS)}\n")


def opened(party: Party) -> Store:
    return Store.open(party.url, artifacts=party.folder / "artifacts")


def holes(runs: Iterable[RunSummary]) -> int:
    """Return how many times at which a check was due have no run between two that have one."""
    due: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for run in runs:
        due[run.check, run.location][run.due_us] = run.due_count
    period_us, count = round(PERIOD_S * 1e6), 0
    for own in due.values():
        covered = {at_us + number * period_us for at_us, times in own.items() for number in range(times)}
        count += len(set(range(min(covered), max(covered), period_us)) - covered)
    return count


def tell(party: Party, kills: Kills, rounds: int) -> None:
    """Print what was counted."""
    with opened(party) as store:
        runs = list(store.runs.search("*", limit=None))
    made = {run.id: run for run in runs if run.outcome not in {Outcome.MISSED, Outcome.SKIPPED}}
    due = Counter((run.check, run.location, run.due_us) for run in runs)
    reported = set(party.judged)
    outcomes = Counter(f"{run.location} {run.outcome.value}" for run in runs)
    print(f"{rounds} rounds, {len(made)} runs made: {dict(sorted(outcomes.items()))}; load {os.getloadavg()[1]:.1f}")
    print(f"lost of {len(kills.finished)} in spools at a kill: {len(kills.finished - made.keys())}")
    print(f"lost of {len(reported)} said to be stored: {len(reported - {run.id for run in runs})}")
    print(f"due, and no record of it: {holes(runs)}")
    twice = sum(count > 1 for count in party.judged.values())
    print(f"stored twice: {sum(count > 1 for count in due.values())}, judged twice: {twice}")
    print(f"stored, and its service was killed before it said so: {len(made.keys() - reported)}")
    for victim, seconds in kills.waits.items():
        seconds.sort()
        shown = f"p50 {share(seconds, 0.5):.1f} s, most {seconds[-1]:.1f} s"
        print(f"next run stored after a kill of {victim} ({len(seconds)}): {shown}")
    again = sorted((made[run].started_us - at_us) / 1e6 for run, at_us in kills.again.items() if run in made)
    began = [seconds for seconds in again if seconds > 0]
    print(f"orders of killed workers: {len(kills.again)}, not made {len(kills.again) - len(again)}, ", end="")
    print(f"finished before after all {len(again) - len(began)}, begun again {len(began)}: ", end="")
    print(f"p50 {share(began, 0.5):.1f} s, most {share(began, 1.0):.1f} s after the kill")
    print(f"processes of a victim that lived {WITHIN_S:g} s later: {len(kills.orphans)}; ", end="")
    print(f"the others had ended after {kills.gone_s:.1f} s at most")


def is_of(process: psutil.Process, party: Party) -> bool:
    try:
        return process.environ().get("OUTRIDER_PARTY") == str(party.folder)
    except psutil.Error:
        return False


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=32)
    parser.add_argument("--for-s", type=float, default=float("inf"), help="begin no round after so many seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, default=Path(os.devnull), help="where all is written that is said")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), SlowSite))
        threading.Thread(target=site.serve_forever, daemon=True).start()
        stack.callback(site.shutdown)
        broker = stack.enter_context(broker_started())
        database = stack.enter_context(started_here(durable=True))
        url = stack.enter_context(database.empty_database())
        party = Party(folder, broker, database, url, stack.enter_context(asked.log.open("w", buffering=1)))
        stack.callback(party.end)
        party.start(f"http://127.0.0.1:{site.server_port}")
        kills = Kills(party, asked.seed)
        ends_s, rounds = time.monotonic() + asked.for_s, 0
        while rounds < asked.rounds and time.monotonic() < ends_s:
            kills.round(rounds)
            rounds += 1
        time.sleep(WITHIN_S + PERIOD_S)  # leases of the last round have ended, and what was due then is over
        tell(party, kills, rounds)
        party.end()
        left = [process.pid for process in psutil.process_iter() if is_of(process, party)]
        print(f"left running at the end: {len(left)}")


if __name__ == "__main__":
    main()
