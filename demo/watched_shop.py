"""The demo shop with a workspace that watches it: its settings, a simulated past, and `outrider up`."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from demo.history import simulate_past
from demo.shop_process import ROOT
from outrider.model import Outcome
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from demo.held_port import HeldPort
    from outrider.model import CheckId

FOLDERS = ("journeys", "probes", "baselines", "reports", "scheduler")
DAYS, EVERY_S, SEED = 4.0, 300.0, 1
FLOOR_MS, LATE_MS, STARVED_ABOVE = 500, 250, 0.95
_MEASURED: Final = (Outcome.PASSED, Outcome.PASSED_ON_RETRY, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop that is watched, what finds it, and the ports of its service, which are held until that starts.

    Attributes:
        workspace: The folder that is made for it.
        address: Of the shop; empty while it is closed.
        pages: The dashboard's port.
        telemetry: The port that takes it, if any does.
        errors: The port that takes them, if any does.
    """

    workspace: Path
    address: str
    environment: dict[str, str]
    pages: HeldPort
    telemetry: HeldPort | None
    errors: HeldPort | None

    def fault(self, *words: str) -> None:
        """Switch a fault."""
        command = [sys.executable, "-m", "demo.faults", *words, "--url", self.address]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    def outrider(self, *arguments: str, quiet: bool = False) -> int:
        """Run the program in the workspace, and return its exit code; quietly, what it says goes into the log."""
        command = [sys.executable, "-m", "outrider", *arguments]
        with (
            self.log.open("ab") if quiet else nullcontext() as log,
            subprocess.Popen(command, cwd=self.workspace, env=self.environment, stdout=log, stderr=log) as process,
        ):
            try:
                return process.wait()
            except BaseException:
                process.send_signal(signal.SIGINT)  # killed, as by `subprocess.run`, it would leave temporary files
                raise

    def answer(self, *arguments: str) -> Any:
        """Return what a command of the program answers as JSON; None if it fails."""
        command = [sys.executable, "-m", "outrider", *arguments, "--json"]
        done = subprocess.run(
            command, cwd=self.workspace, env=self.environment, check=False, capture_output=True, text=True
        )
        return None if done.returncode else json.loads(done.stdout)

    def project(self, service: str, *options: str) -> str:
        """Make a project of a service, and return its DSN."""
        command = [sys.executable, "-m", "outrider", "project", "add", service, "--environment", "demo", *options]
        done = subprocess.run(
            command, cwd=self.workspace, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    @property
    def dashboard(self) -> str:
        """The address of the pages."""
        return f"http://{self.pages.address}/"

    @property
    def log(self) -> Path:
        """What the service says."""
        return self.workspace / ".outrider/up.log"

    def make_workspace(self, checks: Sequence[str], every: str) -> None:
        """Make the workspace anew: a copy of the root's folders, with a few checks switched on.

        Args:
            checks: Paths and names, such as "probes/shop.toml::home"; all others are off.
            every: How often each runs.
        """
        shutil.rmtree(self.workspace, ignore_errors=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._write_settings()
        for name in FOLDERS:
            shutil.copytree(ROOT / name, self.workspace / name, ignore=shutil.ignore_patterns("__pycache__"))
        schedule = self.workspace / "scheduler/schedule.toml"
        schedule.write_text(
            "# A few checks, at a fast cadence.\n"
            '[[check]]\nmatch = "*"\nenabled = false\n\n'
            f'[[check]]\nmatch = {list(checks)}\nenabled = true\nevery = "{every}"\n',
            encoding="utf-8",
        )
        with (self.workspace / "reports/weekly.toml").open("a", encoding="utf-8") as report:
            report.write(f"checks = {[f'*:{check}*' for check in checks]}\n")  # those that are off have no data
        probes = self.workspace / "probes/shop.toml"
        text = re.sub(r"(?m)^every = .*", f'every = "{every}"', probes.read_text(encoding="utf-8"))
        # a slow page is to be judged as slow, not refused by a limit
        probes.write_text(re.sub(r"(within = ).*", r'\1{total = "20s"}', text, count=1), encoding="utf-8")
        alerts = self.workspace / "scheduler/alerts.toml"
        links = f'[delivery]\nlinks = "{self.dashboard}"'
        alerts.write_text(alerts.read_text(encoding="utf-8").replace("[delivery]", links), encoding="utf-8")

    def _write_settings(self) -> None:
        settings = (ROOT / "outrider.toml").read_text(encoding="utf-8")
        # Simulated runs know nothing of a host that is busy with shop and service, which are others to a run.
        settings += f'\n[baselines]\nfloor_ms = {FLOOR_MS}\n\n[probes]\nlate = "{LATE_MS}ms"\n'
        settings += f"\n[journeys]\nstarved_above = {STARVED_ABOVE}\n"
        if self.errors:
            settings += f'\n[errors]\nlisten = "{self.errors.address}"\n'
        if self.telemetry:
            settings += f'\n[telemetry]\nlisten = "{self.telemetry.address}"\n'
        (self.workspace / "outrider.toml").write_text(settings, encoding="utf-8")

    def simulate_history(self, every_s: float = EVERY_S) -> int:
        """Store a past for the checks that have passed, and return how many runs that are."""
        with self.store() as store:
            return simulate_past(store, days=DAYS, every_s=every_s, seed=SEED)

    def store(self) -> Store:
        """Open what the workspace has stored."""
        state = self.workspace / ".outrider"
        return Store.open(state / "outrider.db", artifacts=state / "artifacts")

    def times_passed(self, check: str) -> int:
        """Count the runs that passed of a check, which is named by a part of its id."""
        with self.store() as store:
            runs = store.runs.search(outcome=Outcome.PASSED, limit=None)
        return sum(check in run.check for run in runs)

    def measured(self, since_us: int) -> Counter[CheckId]:
        """Count the runs of each check that were due since then, and said something of the shop."""
        with self.store() as store:
            runs = store.runs.search(since_us=since_us, limit=None)
        return Counter(run.check for run in runs if run.outcome in _MEASURED)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Run the service meanwhile."""
        command = [sys.executable, "-m", "outrider", "up", "--port", str(self.pages.number)]
        for port in filter(None, (self.pages, self.telemetry, self.errors)):
            port.let_go()
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, cwd=self.workspace, env=self.environment, stdout=log, stderr=log)
            try:
                yield
            finally:
                process.terminate()
                process.wait()
