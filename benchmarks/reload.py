"""Runs missed by saving a probe file under `outrider up`, with 50 checks a second and a journey to be collected anew.

As long a time without saves comes first: on a starved host some probes take longer than their interval anyway.

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

from outrider.alerts import Phase, read_incident
from outrider.model import Outcome
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.alerts import Incident
    from outrider.model import RunSummary

_PROBES = 100
_EVERY_S = 2.0
_SECOND_US = 1_000_000
_WAIT_S = 120.0
_USUAL_LOAD_S = 3.0
_CHANCE = 5
"""So many probes more may take longer than their interval on a host that others use too."""

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
    """Print what saving cost; return 1 if a run was missed, or an incident of coverage opened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=6)
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between saves")
    parser.add_argument("--no-journey", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, _target() as url:
        root = Path(name)
        _lay_out(root, url, has_journey=not asked.no_journey)
        quiet_us, began_us, took_s = _watch(root, asked.saves, asked.pause)
        with Store.open(root / ".outrider/outrider.db", artifacts=root / ".outrider/artifacts") as store:
            runs = [run for run in store.runs.search(limit=None, since_us=quiet_us) if run.check.startswith("probe:")]
            incidents = [read_incident(stored) for stored in store.incidents.search(since_us=0, limit=1_000)]
    opened = [
        incident for incident in incidents if incident.phase is not Phase.PENDING and incident.began_us >= quiet_us
    ]
    before = [run for run in runs if run.due_us < began_us]
    return _report(before, [run for run in runs if run.due_us >= began_us], opened, took_s)


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


def _watch(root: Path, saves: int, pause_s: float) -> tuple[int, int, list[float]]:
    """Wait, and then save the probe file so often; return when each began, and how long each change took to load."""
    service = _Up(root)
    took_s = []
    try:
        service.wait_for("run.stored", 3 * _PROBES)
        quiet_us = time.time_ns() // 1000
        time.sleep(saves * (pause_s + _USUAL_LOAD_S))
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
    return quiet_us, began_us, took_s


def _report(quiet: list[RunSummary], runs: list[RunSummary], incidents: list[Incident], took_s: list[float]) -> int:
    problems = Counter(str(incident.problem) for incident in incidents)
    print(f"saves, seconds until each was loaded   {len(took_s)}: {', '.join(f'{took:.1f}' for took in took_s)}")
    print(f"without saves                          {_line(quiet)}")
    print(f"with saves                             {_line(runs)}")
    print(f"incidents opened                       {len(incidents)} {dict(problems)}")
    is_worse = _missed(runs) + _absent(runs) > 0 or len(_skipped(runs)) > 2 * len(_skipped(quiet)) + _CHANCE
    return int(is_worse or problems["coverage"] > 0)


def _line(runs: list[RunSummary]) -> str:
    reasons = Counter(run.reason for run in _skipped(runs))
    late_s = max(((run.started_us - run.due_us) / 1e6 for run in runs if run.outcome is not Outcome.MISSED), default=0)
    skipped = f"skipped {sum(reasons.values())} {dict(reasons) or ''}"
    counts = (
        f"{sum(run.due_count for run in runs)} runs: missed {_missed(runs)}, not recorded {_absent(runs)}, {skipped}"
    )
    return f"{counts}; the latest began after {late_s:.2f} s"


def _missed(runs: list[RunSummary]) -> int:
    return sum(run.due_count for run in runs if run.outcome is Outcome.MISSED)


def _skipped(runs: list[RunSummary]) -> list[RunSummary]:
    return [run for run in runs if run.outcome is Outcome.SKIPPED]


def _absent(runs: list[RunSummary]) -> int:
    """Return how many runs have no record: a record may stand for several that were missed in a row."""
    gaps = sum(_gaps(sorted(run.due_us for run in runs if run.check == check)) for check in {run.check for run in runs})
    return gaps - sum(run.due_count - 1 for run in runs)


def _gaps(due_us: list[int]) -> int:
    """Return how many runs are absent between the first and the last."""
    every_us = round(_EVERY_S * _SECOND_US)
    return sum((later - earlier) // every_us - 1 for earlier, later in pairwise(due_us))


if __name__ == "__main__":
    sys.exit(main())
