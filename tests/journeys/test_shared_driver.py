"""The driver that workers share: each client has a Playwright of its own, and none needs the driver to be there."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from outrider.journeys import fork_client
from outrider.journeys.shared_driver import SharedDriver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")

# What a worker does with a connection; the test itself may have an event loop.
CLIENT = """
import json, socket, sys
import psutil
from outrider.journeys.warm_driver import WarmDriver, is_driver_running
from playwright.sync_api import Error, sync_playwright

driver = WarmDriver()
driver.install()
driver.start(socket.socket(fileno=int(sys.argv[1])))
names = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
with sync_playwright() as playwright:
    seen = {"names": names, "devices": len(playwright.devices), "running": is_driver_running()}
    if sys.argv[2] == "register":
        playwright.selectors.register("tag", "({queryAll: (root, name) => []})")
        playwright.request.new_context()
    if sys.argv[2] == "kill":
        for child in psutil.Process().children(): child.kill()
        try: playwright.request.new_context().get("http://127.0.0.1:9/")
        except Exception as error: seen["error"] = str(error)
        seen["running"] = is_driver_running()
driver.stop()
seen["left"] = len(psutil.Process().children(recursive=True))
print(json.dumps(seen))
"""


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[SharedDriver]:
    driver = SharedDriver(str(tmp_path))
    yield driver
    driver.close()


@pytest.mark.slow
def test_clients_come_one_after_the_other_to_one_process(driver: SharedDriver) -> None:
    """The second client finds nothing of the first, and both leave nothing behind."""
    first, pid = _client(driver, "register"), driver.pid
    second = _client(driver, "register")

    assert driver.pid == pid
    assert [client["devices"] > 50 for client in (first, second)] == [True, True]
    assert [client["left"] for client in (first, second)] == [0, 0]


@pytest.mark.slow
def test_the_driver_is_found_among_the_processes_of_its_client(driver: SharedDriver) -> None:
    """A test that ends its driver meets what it would meet with one of its own: the connection is lost."""
    seen = _client(driver, "kill")

    assert len(seen["names"]) == 1
    assert "run-driver" in seen["names"][0]
    assert "closed" in seen["error"].lower()
    assert not seen["running"]


@pytest.mark.slow
def test_a_driver_that_was_killed_is_replaced(driver: SharedDriver) -> None:
    """The next client gets a new process."""
    _client(driver, "")
    killed = driver.pid
    _end(killed)

    seen = _client(driver, "")

    assert driver.pid != killed
    assert seen["devices"] > 50


@pytest.mark.slow
def test_a_client_whose_driver_has_died_starts_one_of_its_own(driver: SharedDriver) -> None:
    """A connection that leads nowhere costs the client time, and nothing else."""
    connection = driver.connection()
    assert connection is not None
    _end(driver.pid)

    seen = _speak(connection.detach(), "")

    assert seen["devices"] > 50
    assert "node -c" not in seen["names"][0]


def test_another_playwright_is_left_to_its_own_drivers(
    driver: SharedDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the driver cannot be made of the installed Playwright, nothing is handed out, for good."""
    node = tmp_path / "node"
    asked = tmp_path / "asked"
    node.write_text(f"#!/bin/sh\nuntil [ -e '{asked}' ]; do sleep .01; done\nexit 1\n")
    node.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(node))

    first = driver.connection()
    asked.touch()
    os.waitid(os.P_PID, driver.pid, os.WEXITED | os.WNOWAIT)

    assert first is not None
    first.close()
    assert [driver.connection(), driver.connection()] == [None, None]
    assert driver.pid == 0


def test_workers_and_the_driver_they_share_are_no_longer_there_when_the_fork_server_is_gone(tmp_path: Path) -> None:
    """Whatever kills it, the driver ends with the process that started it."""
    server = fork_client.ForkServer(tmp_path, tmp_path / "log", os.environ)
    assert server.is_fit(60)
    near, far = socket.socketpair()
    with near, far, (tmp_path / "worker.log").open("wb") as log:
        server.start(far.fileno(), log.fileno(), with_driver=True)
        pids = server.pids
        os.kill(min(pids), signal.SIGKILL)
    processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    server.close()

    _, alive = psutil.wait_procs(processes, timeout=30)
    assert len(pids) == 2
    assert alive == []


def _client(driver: SharedDriver, order: str) -> dict[str, Any]:
    connection = driver.connection()
    assert connection is not None
    return _speak(connection.detach(), order)


def _speak(descriptor: int, order: str) -> dict[str, Any]:
    """Let a process of its own be the client."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CLIENT), str(descriptor), order],
        pass_fds=[descriptor],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    os.close(descriptor)
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def _end(pid: int) -> None:
    """Kill the driver, and wait until it is gone."""
    process = psutil.Process(pid)
    process.kill()
    process.wait(30)
