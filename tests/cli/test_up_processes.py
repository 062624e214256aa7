"""The processes of `outrider up`, killed in turns, as they are typed and seen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.cli.conftest import CALM, WAIT_S, Desk
from tests.cli.test_up import stored_runs, up
from tests.waiting import until

from outrider.model import Outcome

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def watched(tmp_path: Path, site: str) -> Desk:
    """Return a workspace of one probe."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", CALM + '[defaults]\nevery = "1s"\n')
    desk.write("probes/a.toml", f'[home]\nkind = "http"\nurl = "{site}/tiny"\n')
    return desk


@pytest.mark.slow
def test_pages_come_back_when_their_process_is_killed(watched: Desk) -> None:
    """At the same port, while the scheduler goes on; log, status and metrics say so."""
    with up(watched) as service:
        service.wait_for("run.stored")
        port = json.loads(service.wait_for("pages.answer"))["port"]
        scheduler = service.pid_of("scheduler")
        until(lambda: "probes/a.toml::home" in service.page("/")[1], service.lines)

        os.kill(service.pid_of("web"), signal.SIGKILL)
        ended = json.loads(service.wait_for("process.ended"))
        again = json.loads(service.wait_for("pages.answer", 2))

        assert (ended["process"], ended["how"]) == ("web", "killed by SIGKILL")
        assert again["port"] == port
        until(lambda: service.page("/readyz") == (200, "ready\n"), service.lines)
        assert service.pid_of("scheduler") == scheduler
        assert "killed by SIGKILL" in service.page("/service")[1]
        assert 'outrider_process_restarts_total{process="web"} 1' in service.page("/metrics")[1]
        processes = {process["name"]: process for process in watched.json("status", "--json")["processes"]}
        assert (processes["web"]["restarts"], processes["scheduler"]["restarts"]) == (1, 0)
        assert "web was started again once: killed by SIGKILL" in watched.outrider("status").stdout
        assert service.end() == 0
    assert watched.leftovers() == []


@pytest.mark.slow
def test_pages_say_that_the_scheduler_is_away_and_runs_go_on_when_it_is_back(watched: Desk) -> None:
    """Nothing that was stored is lost, nothing is stored twice, and who asks meanwhile is told."""
    with up(watched) as service:
        service.wait_for("run.stored", 2)
        web = service.pid_of("web")
        until(lambda: service.page("/readyz")[0] == 200, service.lines)

        os.kill(service.pid_of("scheduler"), signal.SIGKILL)
        until(lambda: "the process of the scheduler does not run" in service.page("/readyz")[1], service.lines)
        assert service.page("/")[0] == 200
        service.wait_for("leader.began", 2)
        before = sum("run.stored" in line for line in service.lines)
        service.wait_for("run.stored", before + 2)
        until(lambda: service.page("/readyz") == (200, "ready\n"), service.lines)

        assert service.pid_of("web") == web
        assert service.end() == 0
    said = {json.loads(line)["run"] for line in service.lines if '"run.stored"' in line and line.endswith("}\n")}
    stored = stored_runs(watched)
    assert said <= {run.id for run in stored}
    due = [run.due_us for run in stored if run.outcome is not Outcome.MISSED]
    assert len(due) == len(set(due))
    assert watched.leftovers() == []


@pytest.mark.slow
def test_no_process_outlives_a_killed_supervisor(watched: Desk) -> None:
    """Also where the supervisor cannot say goodbye."""
    with up(watched) as service:
        service.wait_for("pages.answer")
        children = [psutil.Process(service.pid_of(name)) for name in ("scheduler", "web")]
        service.process.kill()
        service.process.wait(WAIT_S)
        psutil.wait_procs(children, timeout=WAIT_S)
    assert not [left for left in watched.leftovers() if left.startswith("process")]
    assert watched.json("status", "--json")["processes"] == []


@pytest.mark.slow
def test_sighup_has_the_workspace_looked_at_and_ctrl_c_ends_the_group_whole(watched: Desk) -> None:
    """The supervisor passes it on: what was saved is taken up, and no process ends.

    By Ctrl-C the processes are told by their supervisor, once, and finish in their order.
    """
    with up(watched) as service:
        service.wait_for("run.stored")
        service.wait_for("pages.answer")
        watched.write("probes/b.toml", '[new]\nkind = "tcp"\naddress = "127.0.0.1:9"\n')
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("probes/b.toml::new")
        until(lambda: "probes/b.toml::new" in service.page("/")[1], service.lines)
        assert not any("process.ended" in line for line in service.lines)
        os.killpg(service.process.pid, signal.SIGINT)
        assert service.process.wait(WAIT_S) == 0
    assert [json.loads(line)["process"] for line in service.lines if "process.stopped" in line] == ["scheduler", "web"]
    assert sum("service.draining" in line for line in service.lines) == 1
    assert not any("Traceback" in line or "process.ended" in line for line in service.lines)
    assert watched.leftovers() == []


@pytest.mark.slow
def test_a_workspace_that_is_wrong_ends_the_service_and_is_reported_once(watched: Desk) -> None:
    """It is no reason to start again and again."""
    watched.write("outrider.toml", "[defaults]\nevery = 5\n")
    command = [sys.executable, "-m", "outrider", "up", "--port", "0"]
    done = subprocess.run(command, cwd=watched.root, capture_output=True, text=True, check=False, timeout=WAIT_S)
    assert done.returncode == 2
    assert done.stderr.count("outrider.toml:2") == 1
    assert "Traceback" not in done.stderr
