"""Runs missed by saving a probe file under `outrider up`, with 50 checks a second and a journey to be found anew.

`python -m benchmarks.reload [--saves N] [--pause SECONDS] [--no-journey]`
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.model import Outcome
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.model import RunSummary

_PROBES = 100
_EVERY_S = 2.0
_SECOND_US = 1_000_000
_WAIT_S = 120.0
_WORKSPACE = f'[defaults]\nevery = "{_EVERY_S:g}s"\ntimeout = "5s"\n[probes]\nlate = "30s"\n'
_JOURNEY = "def test_never_due(page):\n    page.goto('about:blank')\n"
_SCHEDULE = '[[check]]\nmatch = "journeys/*"\nevery = "6h"\n'


class _Target(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class _Up:
    """A running `outrider up`, and the events of its log."""

    def __init__(self, root: Path) -> None:
        self.events: list[dict[str, object]] = []
        command = [sys.executable, "-m", "outrider", "up", "--no-pages"]
        self.process = subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, event: str, times: int) -> None:
        """Wait until an event has been logged so often."""
        deadline_s = time.monotonic() + _WAIT_S
        while sum(logged["event"] == event for logged in self.events) < times:
            if time.monotonic() > deadline_s or self.process.poll() is not None:
                raise SystemExit(f"{event} did not come {times} times: {self.events[-3:]}")
            time.sleep(0.05)

    def end(self) -> None:
        """Stop by SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(_WAIT_S)
        self._reader.join(_WAIT_S)

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr:
            for line in self.process.stderr:
                if line.startswith("{"):
                    self.events.append(json.loads(line))


def main() -> int:
    """Print what saving cost; return 1 if it cost a run or opened an incident."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=6)
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between saves")
    parser.add_argument("--no-journey", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, _target() as url:
        root = Path(name)
        _lay_out(root, url, has_journey=not asked.no_journey)
        began_us, took_s = _watch(root, asked.saves, asked.pause)
        with Store.open(root / ".outrider/outrider.db", artifacts=root / ".outrider/artifacts") as store:
            runs = [run for run in store.runs.search(limit=None, since_us=began_us) if run.check.startswith("probe:")]
            incidents = store.incidents.search(since_us=0, limit=1_000)
    return _report(runs, [str(incident) for incident in incidents], took_s)


@contextmanager
def _target() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Target) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _lay_out(root: Path, url: str, *, has_journey: bool) -> None:
    (root / "probes").mkdir()
    (root / "outrider.toml").write_text(_WORKSPACE)
    probes = (f'[probe{number}]\nkind = "http"\nurl = "{url}{number}"\n' for number in range(_PROBES))
    (root / "probes/site.toml").write_text("".join(probes))
    if has_journey:
        (root / "journeys").mkdir()
        (root / "scheduler").mkdir()
        (root / "journeys/test_site.py").write_text(_JOURNEY)
        (root / "scheduler/schedule.toml").write_text(_SCHEDULE)


def _watch(root: Path, saves: int, pause_s: float) -> tuple[int, list[float]]:
    """Save the probe file so often; return since when runs count, and how long each change took to be loaded."""
    service = _Up(root)
    took_s = []
    try:
        service.wait_for("run.stored", 3 * _PROBES)
        began_us = time.time_ns() // 1000
        for number in range(saves):
            with (root / "probes/site.toml").open("a") as file:
                file.write(f"# saved {number}\n")
            saved_s = time.monotonic()
            service.wait_for("workspace.loaded", number + 2)
            took_s.append(time.monotonic() - saved_s)
            time.sleep(pause_s)
        service.end()
    finally:
        if service.process.poll() is None:
            os.killpg(service.process.pid, signal.SIGKILL)
    return began_us, took_s


def _report(runs: list[RunSummary], incidents: list[str], took_s: list[float]) -> int:
    unmade = Counter(f"{run.outcome}: {run.reason}" for run in runs if run.outcome in {Outcome.MISSED, Outcome.SKIPPED})
    absent = sum(
        _gaps(sorted(run.due_us for run in runs if run.check == check)) for check in {run.check for run in runs}
    )
    coverage = sum("coverage" in incident for incident in incidents)
    print(f"saves, seconds until each was loaded  {len(took_s)}: {', '.join(f'{took:.1f}' for took in took_s)}")
    print(f"runs recorded                         {len(runs)}, of {_PROBES / _EVERY_S:g} checks a second")
    print(f"missed or skipped                     {sum(unmade.values())} {dict(unmade)}")
    print(f"due and not recorded at all           {absent}")
    print(f"incidents of coverage, of anything    {coverage}, {len(incidents)}")
    return int(bool(sum(unmade.values()) + absent + len(incidents)))


def _gaps(due_us: list[int]) -> int:
    """Return how many runs are absent between the first and the last."""
    every_us = round(_EVERY_S * _SECOND_US)
    return sum((later - earlier) // every_us - 1 for earlier, later in pairwise(due_us))


if __name__ == "__main__":
    sys.exit(main())
