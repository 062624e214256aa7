"""Whether the message about a fault names its cause first: `python -m benchmarks.demo_causes [--rounds 10]`.

Each round opens the demo shop and a workspace of its own, with simulated runs of four days, lets `outrider up` run a
probe of the home page, of its health and its certificate, and a journey that embeds a third party, and switches each
fault on once, in an order and after pauses by chance. Counted is the first mail that comes: its first line that
explains anything has to name what is broken; of a release, its first suspect. Printed is a line of JSON a fault;
`--out FILE` adds to a file, so that a run that was interrupted goes on where it was, `--every 10s` is how often checks
run, and `--faults` are those that are played. `--starved-above 1` is for a run that has the processor to itself on a
host that is busy otherwise, by a control group: runs are not called inconclusive there for what others do.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from demo.history import simulate
from demo.postbox import Postbox
from demo.shop_process import ROOT, opened

from outrider.alerts import Phase
from outrider.model import IncidentQuery, Outcome
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

CHECKS: Final = ("probe:probes/shop.toml::home", "probe:probes/shop.toml::health",
                 "probe:probes/shop.toml::certificate", "journeys/test_third_party.py")  # fmt: skip
FAULTS: Final = {
    "n-plus-one": ("n-plus-one", "20", r"SELECT products of catalogue: .*N\+1"),
    "slow query": ("slow-query", "400", r"SELECT products of catalogue(?!.*N\+1)"),
    "errors": ("errors", "1", r"(of front: answered 500)"),
    "slow third party": ("slow-third-party", "1500", r"answer of (127|GET /(reviews|badge))"),
    "memory": ("memory-growth", "64", r"memory"),
    "release": ("slow-query", "400", r"release v"),
    "certificate": ("certificate", "5", r"certificate"),
}
"""The fault of the shop, its size, and what names it."""
EXPLAINS: Final = ("where the time went", "failed span", "new error", "error", "slowest span", "log", "suspect")
SETTINGS: Final = """
[errors]
listen = "127.0.0.1:{errors}"

[baselines]
floor_ms = 100

[journeys]
starved_above = {starved_above}

[capabilities]
judging = {judging}
"""
INCIDENTS: Final = '\n[incidents]\nreopen = "1s"\nrelapses = 100\n'
WAIT_S, RUNS = 120.0, 8
LASTING: Final = tuple(phase.value for phase in Phase if phase.lasts)


@dataclass(frozen=True, slots=True)
class Told:
    """What the first message about a fault said.

    Attributes:
        after_s: Seconds from the fault to the mail; None if none came in two minutes.
        judged_s: Seconds from the fault to the first step that was judged slower; None if none was.
        first: The line in which the cause should be.
    """

    round: int
    fault: str
    is_named: bool
    after_s: float | None
    subject: str
    first: str
    judged_s: float | None = None


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Scene:
    """A workspace that watches a shop."""

    folder: Path
    environment: dict[str, str]
    every: str
    checks: tuple[str, ...] = CHECKS
    starved_above: float = 0.8

    def outrider(self, *words: str) -> None:
        """Run the program in the workspace."""
        command = [sys.executable, "-m", "outrider", *words]
        subprocess.run(command, cwd=self.folder, env=self.environment, check=False, stdout=subprocess.DEVNULL)

    def fault(self, *words: str) -> None:
        """Switch a fault."""
        command = [sys.executable, "-m", "demo.faults", *words, "--url", self.environment["SHOP_URL"]]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    def store(self) -> Store:
        """Open the workspace's store."""
        return Store.open(self.folder / ".outrider/outrider.db", artifacts=self.folder / ".outrider/artifacts")

    def write(self, telemetry: str) -> None:
        """Write the workspace, which does not judge yet."""
        for name in ("journeys", "probes", "scheduler"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        own = [own.removeprefix("probe:") for own in self.checks]
        schedule = f'[[check]]\nmatch = "*"\nenabled = false\n\n[[check]]\nmatch = {own}\nenabled = true\n'
        (self.folder / "scheduler/schedule.toml").write_text(schedule + f'every = "{self.every}"\n')
        settings = (ROOT / "outrider.toml").read_text() + f'\n[telemetry]\nlisten = "{telemetry}"\n'
        probes = self.folder / "probes/shop.toml"  # what a probe says of itself goes before the schedule
        probes.write_text(re.sub(r"(?m)^every = .*", f'every = "{self.every}"', probes.read_text()))
        with (self.folder / "scheduler/alerts.toml").open("a") as alerts:
            alerts.write(INCIDENTS)
        self.file.write_text(
            settings + SETTINGS.format(judging="false", errors=free_port(), starved_above=self.starved_above)
        )

    @property
    def file(self) -> Path:
        """The workspace's settings."""
        return self.folder / "outrider.toml"

    def prepare(self, seed: int) -> None:
        """Run each check twice, and simulate a past like what passed; a starved host may need more runs."""
        left, passed = [*self.checks, *self.checks], {}
        while left:
            for check in left:
                self.outrider("run", check)
            with self.store() as store:
                passed = {own.check: own.id for own in reversed(store.runs.search(outcome=Outcome.PASSED))}
            left = [check for check in self.checks if not any(check in name for name in passed)]
        with self.store() as store:
            patterns = [store.runs.get(run).run for run in passed.values()]
            until_us = min(run.due_us for run in patterns) - 60_000_000
            simulate(store, patterns, until_us=until_us, days=4, every_s=300, seed=seed)
        self.file.write_text(self.file.read_text().replace("judging = false", "judging = true"))

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Run the service."""
        command = [sys.executable, "-m", "outrider", "up", "--port", str(free_port())]
        with (self.folder / "up.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
            try:
                yield
            finally:
                process.terminate()
                process.wait()

    def judged_slower_s(self, began_us: int) -> float | None:
        """Return how long after a time, microseconds UTC, the service logged that a step deviates."""
        for line in (self.folder / "up.log").read_text(errors="replace").splitlines():
            if line.startswith("{") and '"step.deviates"' in line:
                at_s = datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()
                if at_s * 1_000_000 >= began_us:
                    return round(at_s - began_us / 1_000_000, 1)
        return None

    def wait_for_runs(self) -> None:
        """Wait until every check has run a few times from now on."""
        since_us, until_s = time.time_ns() // 1000, time.monotonic() + WAIT_S
        while time.monotonic() < until_s:
            with self.store() as store:
                done = Counter(run.check for run in store.runs.search(since_us=since_us, limit=None))
            if len(done) >= len(self.checks) and min(done.values()) >= RUNS:
                return
            time.sleep(1)

    def wait_for_calm(self) -> None:
        """Wait until no incident is open."""
        until_s = time.monotonic() + WAIT_S
        while time.monotonic() < until_s:
            with self.store() as store:
                known = store.incidents.list(IncidentQuery(LASTING), 1)
            if not known:
                return
            time.sleep(1)


def judge_mail(number: int, name: str, mail: EmailMessage | None, after_s: float) -> Told:
    """Return whether a mail names the cause first."""
    if mail is None:
        return Told(number, name, is_named=False, after_s=None, subject="", first="no mail")
    body = mail.get_body(("plain",))
    lines = [line.strip() for line in str(body.get_content() if body else "").splitlines()]
    wanted = ("suspect",) if name == "release" else EXPLAINS
    explained = [line for line in lines if line.partition(":")[0] in wanted]
    subject = str(mail["Subject"])
    says_itself = name in {"certificate", "memory"}  # what a check expects is in its reason
    first = subject if says_itself else next(iter(explained), "nothing explains it")
    is_named = re.search(FAULTS[name][2], first) is not None
    return Told(number, name, is_named, round(after_s, 1), subject, first)


def next_mail(postbox: Postbox, wait_s: float) -> EmailMessage | None:
    """Return the next mail that tells of something new."""
    until_s = time.monotonic() + wait_s
    while (left_s := until_s - time.monotonic()) > 0:
        mail = postbox.wait("", left_s)
        if mail is not None and "resolved" not in str(mail["Subject"]):
            return mail
    return None


def play(number: int, every: str, known: set[str], starved_above: float) -> Iterator[Told]:
    """Play a round, and yield what was told of each fault that is not known yet."""
    chance = random.Random(number)
    faults = [name for name in chance.sample(list(FAULTS), len(FAULTS)) if name not in known]
    telemetry = f"127.0.0.1:{free_port()}"
    with (
        tempfile.TemporaryDirectory() as folder,
        Postbox() as postbox,
        opened(folder, f"http://{telemetry}") as address,
    ):
        environment = {**os.environ, **address, "OUTRIDER_SMTP": postbox.url}
        scene = Scene(Path(folder) / "workspace", environment, every, starved_above=starved_above)
        scene.folder.mkdir()
        scene.write(telemetry)
        scene.prepare(number)
        with scene.watched():
            for name in faults:
                scene.wait_for_runs()
                scene.wait_for_calm()
                time.sleep(chance.uniform(0, 5))
                while postbox.wait("", 0.1):
                    pass
                if name == "release":
                    scene.outrider("release", f"v{number}.{len(known)}", "--environment", "demo")
                began_us, began_s = time.time_ns() // 1000, time.monotonic()
                scene.fault(*FAULTS[name][:2])
                mail = next_mail(postbox, WAIT_S)
                after_s = time.monotonic() - began_s
                scene.fault(FAULTS[name][0], "--off")
                row = judge_mail(number, name, mail, after_s)
                yield replace(row, judged_s=scene.judged_slower_s(began_us))


def main() -> None:
    """Play rounds, and print how often each cause was named first."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # shop and service end with it
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="number of the first round")
    parser.add_argument("--every", default="2s")
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS))
    parser.add_argument("--starved-above", type=float, default=0.8)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    file = options.out
    rows = [Told(**json.loads(line)) for line in file.read_text().splitlines()] if file and file.exists() else []
    for number in range(options.first, options.first + options.rounds):
        known = {row.fault for row in rows if row.round == number}
        known |= FAULTS.keys() - set(options.faults)
        unknown = len(known) < len(FAULTS)
        for row in play(number, options.every, known, options.starved_above) if unknown else ():
            rows.append(row)
            line = json.dumps(asdict(row), ensure_ascii=False)
            print(line, flush=True)
            if file:
                with file.open("a", encoding="utf-8") as out:
                    out.write(line + "\n")
    for name in options.faults:
        own = [row for row in rows if row.fault == name]
        times = [f"{row.after_s:.0f}" for row in own if row.after_s is not None]
        since = [f"{row.after_s - row.judged_s:.0f}" for row in own if row.after_s and row.judged_s]
        print(f"{name}: named first in {sum(row.is_named for row in own)} of {len(own)}; after {', '.join(times)} s")
        if since:
            print(f"  after a step was judged slower: {', '.join(since)} s")


if __name__ == "__main__":
    main()
