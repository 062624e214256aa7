"""`outrider up` is killed at random moments under real work: `python -m benchmarks.scheduler_crash [--rounds 1000]`.

With `--no-browser` there are probes only.

Counted: runs that the service said were stored and that are not there, runs that are stored twice, processes that are
left over when the last round has been cleaned up after, and what SQLite says of the database.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

PROBES = 20
LONGEST_LIFE_S = 3.0
START_LIMIT_S = 60.0
JOURNEY = 'import os\ndef test_look(page):\n    page.goto(os.environ["SITE"])\n    page.wait_for_timeout(300)\n'
SCHEDULE = '[[check]]\nmatch = "journeys/*"\nevery = "1s"\noverlap = "skip"\n'


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<h1>Hello</h1>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


def make_workspace(root: Path, address: str, *, browser: bool = True) -> None:
    (root / "outrider.toml").write_text('[journeys]\nstarved_above = 1.0\n[probes]\nlate = "30s"\n')
    for folder in ("probes", "journeys", "scheduler"):
        (root / folder).mkdir()
    tables = (f'[p{number}]\nkind = "http"\nurl = "{address}/"\nevery = "1s"\n' for number in range(PROBES))
    (root / "probes/all.toml").write_text("\n".join(tables))
    if browser:
        (root / "journeys/test_look.py").write_text(JOURNEY)
    (root / "scheduler/schedule.toml").write_text(SCHEDULE)


def service_life(root: Path, environment: dict[str, str], numbers: random.Random) -> set[str]:
    """Start the service, let it work for a random while, kill it; return the runs that it said were stored."""
    process = subprocess.Popen(
        [sys.executable, "-m", "outrider", "up", "--no-pages"],
        cwd=root, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    reported: set[str] = set()
    begun = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if '"run.stored"' in line:
                begun.set()
                try:
                    reported.add(json.loads(line)["run"])
                except ValueError:  # cut off by the kill
                    continue

    reader = threading.Thread(target=listen)
    reader.start()
    begun.wait(START_LIMIT_S)
    time.sleep(numbers.uniform(0, LONGEST_LIFE_S))
    process.send_signal(signal.SIGKILL)
    process.wait()
    reader.join()
    return reported


def stored_twice(database: sqlite3.Connection) -> int:
    """Return how many times at which a check was due have more than one run that happened."""
    rows = database.execute(
        "select count(*) from (select 1 from runs join circumstances c on c.key = circumstances_key "
        "where outcome not in ('missed', 'skipped') group by check_key, c.location, due_us having count(*) > 1)"
    )
    return int(rows.fetchone()[0])


def left_over(mark: str) -> int:
    """Return how many processes of ours still run."""
    count = 0
    for process in psutil.process_iter():
        try:
            count += process.environ().get("TMPDIR") == mark and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):
            continue
    return count


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-browser", action="store_true", help="probes only")
    asked = parser.parse_args()
    numbers = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder, ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root, temporary = Path(folder, "ws"), Path(folder, "tmp")
        root.mkdir()
        temporary.mkdir()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        make_workspace(root, address, browser=not asked.no_browser)
        environment = {**os.environ, "SITE": address, "TMPDIR": str(temporary)}
        reported: set[str] = set()
        for number in range(asked.rounds):
            reported |= service_life(root, environment, numbers)
            if number % 10 == 9:
                print(f"  {number + 1} rounds, {len(reported)} runs said to be stored", flush=True)
        # the next command clears what a killed one left
        subprocess.run(
            [sys.executable, "-m", "outrider", "ls"], cwd=root, env=environment, check=True, capture_output=True
        )
        time.sleep(1)
        left = left_over(str(temporary))
        database = sqlite3.connect(root / ".outrider/outrider.db")
        stored = {bytes(row[0]).hex() for row in database.execute("select id from runs")}
        twice = stored_twice(database)
        whole = database.execute("pragma integrity_check").fetchone()[0]
        lost = sum(run.replace("-", "") not in stored for run in reported)
        server.shutdown()
    print(f"{asked.rounds} rounds of kill -9, {len(reported)} runs said to be stored")
    print(f"finished runs lost     {lost} (wanted: 0)")
    print(f"runs stored twice      {twice} (wanted: 0)")
    print(f"processes left         {left} (wanted: 0)")
    print(f"database               {whole}")
    return 1 if lost or twice or left or whole != "ok" else 0


if __name__ == "__main__":
    sys.exit(main())
