"""How soon a standby makes runs after its leader was killed: `python -m benchmarks.scheduler_standby [--rounds 5]`.

Each round is done twice: with both on one machine, where the standby sees that the leader's process is gone, and with
the leader in a process namespace of its own, as on another machine, where only its silence tells (Linux, as root).
"""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path

from benchmarks.scheduler_crash import Site, make_workspace, stored_twice

WANTED_S = 15.0
LIMIT_S = 60.0
UP = [sys.executable, "-m", "outrider", "up", "--no-pages"]
APART = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


class Up:
    """A service, and the moments at which it said something."""

    def __init__(self, command: list[str], root: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.PIPE, text=True)
        self.logged = {event: threading.Event() for event in ("workspace.loaded", "run.stored")}
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            for event, logged in self.logged.items():
                if f'"{event}"' in line:
                    logged.set()

    def wait(self, event: str) -> None:
        """Wait until it has said something.

        Raises:
            TimeoutError: If it does not.
        """
        if not self.logged[event].wait(LIMIT_S):
            raise TimeoutError(f"no {event} within {LIMIT_S:g} s")


def takes_over_s(root: Path, environment: dict[str, str], *, apart: bool) -> float:
    """Kill a leader beside a standby; return how long no run was stored [s]."""
    leader = Up([*APART, *UP] if apart else UP, root, environment)
    leader.wait("run.stored")
    standby = Up(UP, root, environment)
    standby.wait("workspace.loaded")
    leader.process.send_signal(signal.SIGKILL)
    began_s = time.monotonic()
    leader.process.wait()
    standby.wait("run.stored")
    took_s = time.monotonic() - began_s
    standby.process.terminate()
    standby.process.wait()
    return took_s


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        root = Path(folder, "ws")
        root.mkdir()
        make_workspace(root, address)
        environment = {**os.environ, "SITE": address}
        for apart in (False, True):
            took = sorted(takes_over_s(root, environment, apart=apart) for _ in range(asked.rounds))
            where = "another machine" if apart else "the same machine"
            spread = f"{took[0]:.1f}, {took[len(took) // 2]:.1f}, {took[-1]:.1f}"
            print(f"leader on {where:16}  {spread} s at least, median, at most (wanted: <= {WANTED_S:g} s)", flush=True)
        twice = stored_twice(sqlite3.connect(root / ".outrider/outrider.db"))
        server.shutdown()
    print(f"runs stored twice           {twice} (wanted: 0)")


if __name__ == "__main__":
    main()
