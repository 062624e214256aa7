"""The service of a workspace runs in a thread, without a terminal and without signals."""

from __future__ import annotations

import signal
import socket
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from outrider.app import WorkspaceService, open_store
from outrider.app.pages.web_service import WebService
from outrider.model import CheckId, Outcome
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import OutriderError

PROBE = '[home]\nkind = "tcp"\naddress = "127.0.0.1:{port}"\nevery = "1s"\nretries = 0\n'


@pytest.fixture
def target() -> Iterator[socket.socket]:
    """Return what the probe connects to; accepting a connection is waiting for a run."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        yield listener


@pytest.fixture
def root(tmp_path: Path, target: socket.socket) -> Path:
    """Return a workspace of one probe."""
    (tmp_path / "probes").mkdir()
    (tmp_path / "outrider.toml").write_text('[probes]\nlate = "10s"\n')
    (tmp_path / "probes" / "shop.toml").write_text(PROBE.format(port=target.getsockname()[1]))
    return tmp_path


def test_a_service_runs_in_a_thread_until_it_is_stopped(root: Path, target: socket.socket) -> None:
    """It stores its runs, finishes those under way, and leaves signals and logs to its caller."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    log_configuration = structlog.get_config()
    workspace = load(root)
    with open_store(workspace) as store:
        service = WorkspaceService(workspace, store)
        thread = threading.Thread(target=service.serve)
        thread.start()

        target.accept()[0].close()
        target.accept()[0].close()
        service.stop()
        thread.join(60)

        assert not thread.is_alive()
        outcomes = {run.outcome for run in store.runs.search("probe:probes/shop.toml::home")}
    assert Outcome.PASSED in outcomes
    assert {number: signal.getsignal(number) for number in handlers} == handlers
    assert structlog.get_config() == log_configuration


def test_a_first_start_reports_the_problem_of_a_file_and_runs_the_others(root: Path, target: socket.socket) -> None:
    """A typing error in one file does not leave everything else unwatched."""
    (root / "probes" / "broken.toml").write_text('[a]\nkind = "tcp"\naddress = "no port"\n')
    problems: list[OutriderError] = []
    workspace = load(root)
    with open_store(workspace) as store:
        service = WorkspaceService(workspace, store, report_problem=problems.append)
        thread = threading.Thread(target=service.serve)
        thread.start()

        target.accept()[0].close()
        service.stop()
        thread.join(60)

    assert not thread.is_alive()
    assert [problem.slug for problem in problems] == ["bad-address"]


def test_calls_are_kept_as_soon_as_the_service_knows_its_heartbeats(root: Path, target: socket.socket) -> None:
    """Before, they are to be repeated; from then on somebody listens, and the run that follows sees a failure."""
    (root / "probes" / "jobs.toml").write_text(
        '[nightly]\nkind = "heartbeat"\nperiod = "1d"\nping_key = "ping-key"\nevery = "1s"\n'
    )
    nightly = CheckId("probe:probes/jobs.toml::nightly")
    workspace, failed = load(root), threading.Event()
    with open_store(workspace) as store, capture_logs() as logs:
        service = WorkspaceService(workspace, store)
        web = WebService(workspace, store, service)
        web.start("127.0.0.1", 0)
        (port,) = (entry["port"] for entry in logs if entry["event"] == "pages.answer")
        address = f"http://127.0.0.1:{port}/ping/ping-key/nightly"
        early = httpx.get(address)
        thread = threading.Thread(target=service.serve)
        thread.start()
        stopping = threading.Event()
        following = threading.Thread(target=web.follow, args=[stopping, lambda _: None])
        following.start()

        target.accept()[0].close()
        while httpx.post(f"{address}/fail", content=b"disk full").status_code == 503:
            failed.wait(0.1)
        httpx.get(address)
        while not (runs := store.runs.search(nightly, outcome=Outcome.FAILED)):
            failed.wait(0.1)
        service.stop()
        thread.join(60)
        stopping.set()
        following.join(60)
        web.close()

        beats = store.heartbeats.get(nightly)
    assert (early.status_code, early.headers["Retry-After"]) == (503, "10")
    assert "exit code 1: disk full" in runs[0].reason
    assert beats.listening
    assert beats.last is not None
    assert beats.last.exit_code == 0
