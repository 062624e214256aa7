"""`outrider worker` beside `outrider up`, as they are typed: a journey runs in Chromium at the worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.cli.conftest import CALM, WAIT_S, Desk
from tests.cli.test_up import up

if TYPE_CHECKING:
    from pathlib import Path

JOURNEY = """
def test_home(page):
    page.goto("{site}/tiny")
"""


def test_a_journey_runs_at_a_worker_and_is_stored_by_the_service(tmp_path: Path, site: str) -> None:
    """The worker has a browser and no store, and ends by SIGTERM with nothing left over."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", CALM + '[defaults]\nevery = "2s"\ntimeout = "20s"\nlocations = ["fra"]\n')
    desk.write("journeys/test_shop.py", JOURNEY.format(site=site))
    token = desk.outrider("location", "add", "fra").stdout.strip()
    refused = desk.outrider("location", "add", "local")
    with up(desk) as service:
        port = json.loads(service.wait_for("pages.answer"))["port"]
        command = [
            sys.executable,
            "-m",
            "outrider",
            "worker",
            "--location",
            "fra",
            "--server",
            f"http://127.0.0.1:{port}",
        ]
        environment = {**os.environ, "OUTRIDER_TOKEN": token}
        command += ["--folder", str(tmp_path / "worker"), "--drain", "20s"]

        passed = '"location": "fra", "outcome": "passed"'
        service.wait_for("workspace.loaded")
        with (tmp_path / "worker.log").open("wb") as log:
            worker = subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)
            try:
                service.wait_for(passed)
                listed = desk.outrider("location", "list").stdout
                worker.send_signal(signal.SIGTERM)
                assert worker.wait(WAIT_S) == 0
            finally:
                worker.kill()
                worker.wait(WAIT_S)
        runs = [run["id"] for run in desk.json("runs", "--json")]
        assert service.end() == 0
    assert "bad-location" in refused.stderr
    assert listed.startswith("fra: 1 live worker")
    assert len(runs) == len(set(runs))
    assert desk.leftovers() == []
