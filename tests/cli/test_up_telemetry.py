"""`outrider up` takes telemetry in a process of its own."""

from __future__ import annotations

import json
import os
import signal
from importlib.util import find_spec
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.cli.conftest import CALM, Desk
from tests.cli.test_ingest_command import send
from tests.cli.test_up import up
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(find_spec("chdb") is None, reason="the extra `telemetry` is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Desk:
    """A workspace that takes telemetry, with a check that hardly ever runs."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", CALM + '[telemetry]\nlisten = "127.0.0.1:0"\n')
    desk.write("probes/a.toml", '[home]\nkind = "http"\nurl = "http://127.0.0.1:9/"\nevery = "1h"\n')
    return desk


@pytest.mark.slow
def test_the_service_takes_telemetry_and_goes_on_after_a_kill(place: Desk) -> None:
    """A killed process takes its engine along; both are started again, and what was acknowledged is found."""
    with up(place) as service:
        send(json.loads(service.wait_for("telemetry is taken"))["address"], "before the kill")
        engines = psutil.Process(service.pid_of("telemetry")).children()
        os.kill(service.pid_of("telemetry"), signal.SIGKILL)
        address = json.loads(service.wait_for("telemetry is taken", 2))["address"]
        send(address, "after the kill")

        until(lambda: len(place.json("logs", "service:shop kill", "--json")) == 2, service.lines)
        assert service.end() == 0
    assert [engine for engine in engines if engine.is_running()] == []
    assert place.leftovers() == []


@pytest.mark.slow
def test_a_signal_is_switched_off_and_on_while_the_service_runs(place: Desk) -> None:
    """All processes go on; what was sent meanwhile is answered, and is not kept."""
    with up(place) as service:
        address = json.loads(service.wait_for("telemetry is taken"))["address"]
        assert place.outrider("settings", "set", "capabilities.logs", "false").returncode == 0
        service.wait_for("signals of telemetry")
        send(address, "while it is off")
        assert "capabilities.logs = false" in place.outrider("status").stdout
        assert place.outrider("settings", "unset", "capabilities.logs").returncode == 0
        service.wait_for("signals of telemetry", 2)
        send(address, "after it is on")
        until(lambda: len(place.json("logs", "service:shop", "--json")) == 1, service.lines)
        assert place.outrider("settings", "set", "capabilities.telemetry", "false").returncode == 0
        service.wait_for("telemetry: not taken any more")
        pids = service.pid_of("telemetry")
        assert psutil.Process(pids).children() == []
        assert service.end() == 0


@pytest.mark.slow
def test_telemetry_that_cannot_be_kept_is_said_and_checks_go_on(tmp_path: Path) -> None:
    """A folder that an engine cannot use hinders telemetry, and nothing else."""
    place = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    place.root.mkdir()
    place.temporary.mkdir()
    place.write("outrider.toml", CALM + '[telemetry]\nlisten = "127.0.0.1:0"\n')
    place.write("probes/a.toml", '[home]\nkind = "http"\nurl = "http://127.0.0.1:9/"\nevery = "1s"\n')
    place.write(".outrider/telemetry", "a file")
    with up(place) as service:
        service.wait_for("telemetry-read-only")
        service.wait_for("run.stored", 2)
        assert service.end() == 0
