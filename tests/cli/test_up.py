"""`outrider up` and the commands beside it, as they are typed, with a real target."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import CALM, WAIT_S, Desk, at_a_terminal
from tests.listeners import free_port
from tests.waiting import until

from outrider.model import Outcome
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrider.model import RunSummary

RULES = Path(__file__).resolve().parents[2] / "scheduler/deploy/prometheus-alerts.yml"


class Up:
    """A service, and what it says."""

    def __init__(self, desk: Desk, port: int, *arguments: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "outrider", "up", "--port", str(port), *arguments],
            cwd=desk.root,
            env={**os.environ, "TMPDIR": str(desk.temporary)},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=at_a_terminal,  # noqa: PLW1509 - no threads matter before exec
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr:
            for line in self.process.stderr:
                self.lines.append(line)

    def wait_for(self, event: str, times: int = 1) -> str:
        """Wait until it has said something so often; return the last time."""
        result: list[str] = []
        until(lambda: len(result := [line for line in self.lines if event in line]) >= times, self.lines)
        result = [line for line in self.lines if event in line]
        return result[-1]

    def page(self, path: str) -> tuple[int, str]:
        port = json.loads(self.wait_for("pages.answer"))["port"]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def pid_of(self, name: str) -> int:
        """Return the number of the latest process of a name."""
        return int(json.loads(self.wait_for(f'"process": "{name}", "pid"'))["pid"])

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)


def stored_runs(desk: Desk) -> tuple[RunSummary, ...]:
    with Store.open(desk.root / ".outrider/outrider.db", artifacts=desk.root / ".outrider/artifacts") as store:
        return store.runs.search(limit=None)


@contextmanager
def up(desk: Desk, port: int = 0, *arguments: str) -> Iterator[Up]:
    service = Up(desk, port, *arguments)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait(WAIT_S)
        service.reader.join(WAIT_S)


@pytest.fixture
def watched(tmp_path: Path, site: str) -> Desk:
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", CALM + '[defaults]\nevery = "500ms"\n')
    desk.write("probes/a.toml", f'[home]\nkind = "http"\nurl = "{site}/tiny"\n')
    return desk


def test_a_day_in_the_life(watched: Desk, site: str) -> None:
    """It runs, tells, takes a change, refuses a broken one, pauses, is asked, is backed up, and ends by SIGTERM."""
    with up(watched) as service:
        service.wait_for('"outcome": "passed"')
        assert service.page("/healthz") == (200, "alive\n")
        until(lambda: service.page("/readyz") == (200, "ready\n"), service.lines)
        until(lambda: "probe:probes/a.toml::home" in service.page("/")[1], service.lines)
        counted = r'runs_total\{check="probe:probes/a.toml::home",.*"passed"\} [1-9]'
        until(lambda: re.search(counted, service.page("/metrics")[1]) is not None, service.lines)
        # Where the host is busy, the latest run may be one that was skipped.
        until(lambda: watched.json("status", "--json")["checks"][0]["outcome"] == "passed", service.lines)
        assert watched.json("status", "--json")["running"]

        watched.write("probes/b.toml", "broken = [")
        service.wait_for("service.degraded")
        service.wait_for("run.stored", len([line for line in service.lines if "run.stored" in line]) + 1)
        watched.write("probes/b.toml", f'[new]\nkind = "http"\nurl = "{site}/tiny"\n')
        service.wait_for("probes/b.toml::new")

        assert watched.outrider("pause", "home", "--reason", "roof").stdout == "paused probe:probes/a.toml::home\n"
        assert watched.json("status", "--json")["paused"][0]["reason"] == "roof"
        asked = watched.outrider("now", "home").stdout.split()[0]
        service.wait_for(asked)
        assert watched.outrider("resume", "home").returncode == 0

        assert watched.outrider("backup", str(watched.root.parent / "backup")).returncode == 0
        assert service.end() == 0

    assert (
        watched.json(
            "status",
            "--json",
        )["running"]
        is False
    )
    assert watched.leftovers() == []
    done = watched.outrider("restore", str(watched.root.parent / "backup"))
    assert (done.returncode, "store-exists" in done.stderr) == (2, True)
    assert watched.outrider("restore", str(watched.root.parent / "backup"), "--force").returncode == 0
    assert watched.json("runs", "--json")


@pytest.mark.slow
def test_kill_9_loses_nothing_and_stores_nothing_twice(watched: Desk) -> None:
    """At whatever moment, twice; then the next one goes on at once. `make soak` does it hundreds of times."""
    for times in (1, 3):
        with up(watched) as service:
            service.wait_for("run.stored", times)
            service.process.kill()
            service.process.wait(WAIT_S)
        document = {json.loads(line)["run"] for line in service.lines if "run.stored" in line and line.endswith("}\n")}
        with Store.open(
            watched.root / ".outrider/outrider.db", artifacts=watched.root / ".outrider/artifacts"
        ) as store:
            stored = [run.id for run in store.runs.search(limit=None)]
        assert document <= set(stored)
        assert len(stored) == len(set(stored))
    with up(watched) as service:
        service.wait_for("run.stored")
        assert service.end() == 0
    assert watched.leftovers() == []


@pytest.mark.slow
def test_the_second_waits_and_takes_over(watched: Desk) -> None:
    """The leader is killed: the standby leads, and every run is stored once."""
    with up(watched) as leader:
        leader.wait_for("run.stored")
        with up(watched) as standby:
            standby.wait_for("workspace.loaded")
            assert standby.page("/readyz") == (200, "ready: another process runs the checks\n")
            leader.process.kill()
            leader.process.wait(WAIT_S)
            standby.wait_for("run.stored")
            until(lambda: standby.page("/readyz") == (200, "ready\n"), standby.lines)
            assert standby.end() == 0
    due = [stored_run.due_us for stored_run in stored_runs(watched) if stored_run.outcome is not Outcome.MISSED]
    assert len(due) == len(set(due))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs Debian's prometheus")
def test_prometheus_scrapes_the_metrics(watched: Desk, tmp_path: Path) -> None:
    """The real one, which accepts every line and counts what was run."""
    with up(watched) as service:
        service.wait_for("run.stored")
        text = service.page("/metrics")[1]
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        port = json.loads(service.wait_for("pages.answer"))["port"]
        with prometheus(tmp_path, port) as ask:
            until(lambda: ask("up") == [1.0])
            until(lambda: ask('outrider_runs_total{outcome="passed"}') > [1.0])
            until(lambda: ask("outrider_step_phase_seconds{phase='first_byte'}") > [0.0])
        assert service.end() == 0


@contextmanager
def prometheus(folder: Path, target: int) -> Iterator[Callable[[str], list[float]]]:
    """Let Prometheus scrape a port every second; give what asks it."""
    address = f"127.0.0.1:{free_port()}"
    settings = folder / "prometheus.yml"
    settings.write_text(
        "scrape_configs:\n- job_name: outrider\n  scrape_interval: 1s\n"
        f"  static_configs:\n  - targets: ['127.0.0.1:{target}']\n"
        f"rule_files: ['{RULES}']\n"
    )
    command = ["prometheus", f"--config.file={settings}", f"--storage.tsdb.path={folder}/tsdb"]

    def ask(query: str) -> list[float]:
        url = f"http://{address}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return [float(stored_run["value"][1]) for stored_run in json.load(answer)["data"]["result"]]
        except OSError:
            return []

    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)
        try:
            yield ask
        finally:
            process.terminate()
            process.wait(WAIT_S)


@pytest.mark.slow
def test_somebody_outside_is_called_while_it_lives(watched: Desk) -> None:
    """The dead man's switch: calls come while the service is ready, and cease when it is killed."""
    called = threading.Event()

    class Outside(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            called.set()
            self.send_response(204)
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Outside) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/alive"
        watched.write("scheduler/schedule.toml", f'[service]\nalive_url = "{url}"\nalive_every = "1s"\n')
        with up(watched) as service:
            assert called.wait(WAIT_S)
            called.clear()
            assert called.wait(WAIT_S)
            service.process.kill()
            service.process.wait(WAIT_S)
            called.clear()
            assert not called.wait(3)
        server.shutdown()


@pytest.mark.slow
def test_a_store_is_restored_under_a_running_service(watched: Desk) -> None:
    """The service notices the other database and goes on with it: what came after the backup is gone, and no more."""
    backup = watched.root.parent / "backup"
    with up(watched) as service:
        service.wait_for("run.stored", 2)
        assert watched.outrider("backup", str(backup)).returncode == 0
        kept = {stored_run["id"] for stored_run in watched.json("runs", "--json")}
        assert watched.outrider("restore", str(backup), "--force").returncode == 0
        service.wait_for("store.renewed")
        before = sum("run.stored" in line for line in service.lines)
        last = json.loads(service.wait_for("run.stored", before + 2))["run"]
        assert service.end() == 0
    ids = {stored_run.id for stored_run in stored_runs(watched)}
    assert last in ids
    assert ids & kept


@pytest.mark.slow
def test_a_taken_port_stops_no_run(watched: Desk) -> None:
    """The pages come as soon as the port is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with up(watched, port=port) as service:
            assert str(port) in service.wait_for("service.degraded")
            service.wait_for("run.stored", 2)
            taken.close()
            assert service.page("/healthz") == (200, "alive\n")
            assert service.end() == 0


@pytest.mark.slow
def test_a_full_disk_delays_runs_and_loses_none(watched: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file may grow for a while, as on a full disk; what was finished meanwhile is stored afterwards."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # which Python would cut short, for all that come after
    watched.write("outrider.toml", CALM + '[defaults]\nevery = "2s"\n')  # the outage is over before the next is due
    with up(watched) as service:
        service.wait_for("run.stored", 2)
        pid = service.pid_of("scheduler")
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
        service.wait_for("service.degraded")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        service.wait_for("service.recovered")
        before = sum("run.stored" in line for line in service.lines)
        service.wait_for("run.stored", before + 2)
        others = [stored_run for stored_run in stored_runs(watched) if stored_run.outcome is not Outcome.PASSED]

        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))  # for as long as it takes a page to say so
        until(lambda: service.page("/readyz")[0] == 503, service.lines)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        until(lambda: service.page("/readyz")[0] == 200, service.lines)
        assert service.end() == 0
    # What a slow machine may miss says so; nothing is missed because of the disk.
    assert {other.reason for other in others} <= {
        "the run before it was still waiting or under way",
        "the service was busy",
    }


@pytest.mark.browser
def test_a_journey_that_always_hangs_holds_up_nothing(watched: Desk, site: str) -> None:
    """It ends at its time-out, again and again, while others go on."""
    hang = f'def test_hang(page):\n    page.goto("{site}")\n    page.evaluate("() => {{ for (;;); }}")\n'
    watched.write("journeys/test_hang.py", hang)
    rule = '[[check]]\nmatch = "journeys/*"\ntimeout = "3s"\nretries = 0\nevery = "1s"\n'
    watched.write("scheduler/schedule.toml", rule)
    with up(watched) as service:
        service.wait_for('test_hang", "location": "local", "outcome": "failed"')
        before = sum("::home" in line for line in service.lines)
        service.wait_for("::home", before + 2)
        assert service.end() == 0
    assert watched.leftovers() == []


@pytest.mark.browser
def test_a_journey_is_ended_where_the_next_run_wins(watched: Desk, site: str) -> None:
    """Overlapping runs kill the one before: it has not happened, and says why."""
    slow = f'def test_slow(page):\n    page.goto("{site}/tiny")\n    page.wait_for_timeout(60_000)\n'
    watched.write("journeys/test_slow.py", slow)
    watched.write("scheduler/schedule.toml", '[[check]]\nmatch = "journeys/*"\nevery = "4s"\noverlap = "kill"\n')
    with up(watched) as service:
        service.wait_for('test_slow", "location": "local", "outcome": "skipped", "reason": "ended before its time', 2)
        service.process.kill()
        service.process.wait(WAIT_S)


@pytest.mark.slow
def test_a_failure_is_told_and_so_is_its_end(watched: Desk, tmp_path: Path, site: str) -> None:
    """From a run to the receiver, through incident, route and outbox."""
    messages = tmp_path / "told.jsonl"
    watched.write(
        "scheduler/alerts.toml",
        f'[receiver.file]\nkind = "command"\nrun = ["sh", "-c", "cat >> {messages}; echo >> {messages}"]\n'
        '[route]\nreceivers = ["file"]\nwait = "1s"\ninterval = "1s"\n',
    )
    broken = f'[home]\nkind = "http"\nurl = "{site}/missing"\nretries = 0\n'
    with up(watched) as service:
        service.wait_for("run.stored", 2)
        watched.write("probes/a.toml", broken)
        until(lambda: messages.exists() and "status 404" in messages.read_text(), service.lines)
        (incident,) = watched.json("incidents", "--json")["incidents"]
        assert incident["phase"] == "open"
        watched.write("probes/a.toml", broken.replace("/missing", "/tiny"))
        until(lambda: '"resolved"' in messages.read_text(), service.lines)
        assert service.end() == 0
