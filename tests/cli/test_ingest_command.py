"""`outrider ingest`: from a client to a search, across a killed engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.cli.conftest import Desk
from tests.waiting import until

from outrider.app import find_workspace
from outrider.telemetry_store import running_engine

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(find_spec("chdb") is None, reason="the extra `telemetry` is not installed")


def send(address: str, body: str) -> None:
    """Send a log record as JSON of OTLP."""
    record = {"timeUnixNano": str(time.time_ns()), "severityNumber": 17, "body": {"stringValue": body}}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    logs = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}
    request = urllib.request.Request(
        f"{address}/v1/logs", json.dumps(logs).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200


@pytest.mark.slow
def test_what_was_acknowledged_is_found_although_the_engine_was_killed(tmp_path: Path) -> None:
    """A killed engine is started again; what comes in meanwhile waits, and all of it is found once."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", '[telemetry]\nlisten = "127.0.0.1:0"\n')
    folder = find_workspace(desk.root).state / "telemetry" / "engine"
    command = [sys.executable, "-m", "outrider", "ingest"]
    with subprocess.Popen(command, cwd=desk.root, stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None
            address = service.stdout.readline().split()[-1]
            first = running_engine(folder)
            assert first is not None
            send(address, "before the kill")
            os.kill(first.pid, signal.SIGKILL)
            send(address, "after the kill")
            until(lambda: running_engine(folder) not in {None, first})
            until(lambda: len(desk.json("logs", "service:shop kill", "--json")) == 2)
            second = running_engine(folder)
        finally:
            service.terminate()
            code = service.wait(60)

    assert code == 0
    assert desk.json("status", "--json")["telemetry"]["counts"]["logs taken"] == 2
    assert "2 of logs, 0 of traces" in desk.outrider("status").stdout
    assert second is not None
    assert not psutil.pid_exists(second.pid)
    assert [record["body"] for record in desk.json("logs", "level:error", "--json")] == [
        "before the kill",
        "after the kill",
    ]
