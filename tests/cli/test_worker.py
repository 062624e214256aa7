"""`outrider worker` beside `outrider up`, as they are typed: runs, and shares of loads, are made at workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tests.cli.conftest import CALM, WAIT_S, Desk
from tests.cli.test_up import up
from tests.listeners import free_port
from tests.load.conftest import Server, Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = """
[defaults]
every = "5s"
timeout = "20s"
locations = ["fra"]
"""
LOAD = """
[load]
busy_above = 1.0
late = "30s"
master = "127.0.0.1:{port}"
"""
JOURNEY = """
def test_home(page):
    page.goto("{site}/tiny")
"""
LOCUSTFILE = """
from locust import HttpUser, constant, task
class Visitor(HttpUser):
    wait_time = constant(0.2)
    @task
    def look(self):
        self.client.get("/tiny")
"""
PROFILE = """
[visitors]
kind = "load"
file = "probes/visitors_load.py"
host = "http://127.0.0.1:{port}"
users = 4
spawn_rate = 50
duration = "3s"
workers_at = ["fra", "ber"]
"""


@contextmanager
def target() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Target) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def worker(folder: Path, location: str, token: str, *way: str, broker: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Yield an `outrider worker`, on a host of its own as far as turns are concerned."""
    folder.mkdir()
    command = [sys.executable, "-m", "outrider", "worker", "--location", location, "--name", folder.name]
    command += [*way, "--folder", str(folder), "--drain", "20s"]
    environment = {**os.environ, "OUTRIDER_TOKEN": token, "OUTRIDER_BROKER": broker, "TMPDIR": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait(WAIT_S)


def test_workers_of_two_locations_run_a_journey_and_share_a_load(tmp_path: Path, site: str) -> None:
    """They have no store; a load is counted as its target counts it; who dies in the middle of it is told."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", CALM + SETTINGS + LOAD.format(port=free_port()))
    desk.write("journeys/test_shop.py", JOURNEY.format(site=site))
    desk.write("probes/visitors_load.py", LOCUSTFILE)
    tokens = {name: desk.outrider("location", "add", name).stdout.strip() for name in ("fra", "ber")}
    refused = desk.outrider("location", "add", "local")
    with ExitStack() as stack:
        visited = stack.enter_context(target())
        desk.write("probes/shop.toml", PROFILE.format(port=visited.server_address[1]))
        service = stack.enter_context(up(desk))
        port = json.loads(service.wait_for("pages.answer"))["port"]
        service.wait_for("workspace.loaded")
        way = "--server", f"http://127.0.0.1:{port}"
        fra, ber = (stack.enter_context(worker(tmp_path / name, name, token, *way)) for name, token in tokens.items())

        service.wait_for('"location": "fra", "outcome": "passed"')
        listed = desk.outrider("location", "list").stdout
        whole = desk.json("load", "visitors", "--json")
        counted = len(visited.seen)

        def kill_in_the_middle() -> None:
            visited.count_of(counted + 3, WAIT_S)
            ber.kill()

        killer = threading.Thread(target=kill_in_the_middle)
        killer.start()
        halved = desk.json("load", "visitors", "--json", "-t", "10s")
        killer.join()
        fra.send_signal(signal.SIGTERM)
        assert fra.wait(WAIT_S) == 0
        runs = [run["id"] for run in desk.json("runs", "--json")]
        assert service.end() == 0
    assert "bad-location" in refused.stderr
    assert "fra: 1 live worker" in listed
    assert whole["run"]["outcome"] == "passed", whole["run"]["reason"]
    assert whole["endpoints"][0]["requests"] == counted > 10
    assert halved["run"]["outcome"] == "inconclusive"
    assert halved["run"]["reason"].startswith("1 of 2 workers were lost during the load")
    assert len(runs) == len(set(runs))
    assert desk.leftovers() == []
