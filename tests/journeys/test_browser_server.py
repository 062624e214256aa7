"""The shared browser: quick to join, and gone without a trace however it or its owner ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import sync_playwright

from outrider.journeys.browser import Browser, BrowserSettings, find_browser
from outrider.journeys.browser_candidates import BrowserKind, BrowserSource
from outrider.journeys.browser_server import BrowserServer
from outrider.journeys.processes import claim_folder, find_marked, kill_marked, reap_orphans
from outrider.model import BrowserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Eventually = Callable[[Callable[[], bool]], bool]

SPIN = """
import sys
from playwright.sync_api import sync_playwright
playwright = sync_playwright().start()
page = playwright.chromium.connect(sys.argv[1]).new_context().new_page()
page.evaluate("setTimeout(() => { while (true) {} }, 0)")
print("spinning", flush=True)
try:
    page.evaluate("1")
except Exception:
    pass
"""
OWNER = """
import sys, threading
from pathlib import Path
from outrider.journeys.browser import BrowserSettings, find_browser
from outrider.journeys.browser_server import BrowserServer
server = BrowserServer(find_browser(BrowserSettings()), Path(sys.argv[1]))
print(server.start(), server.mark, flush=True)
threading.Event().wait()
"""


def play(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def is_running(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def broken_browser(folder: Path, script: str) -> Browser:
    program = folder / "chrome"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Browser(str(program), BrowserKind.CHROME, "156.0.0.0", BrowserSource.SETTING, None, str(folder))


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what Playwright's clients leave behind out of the shared temporary folder."""
    (tmp_path / "clients").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "clients"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BrowserServer]:
    server = BrowserServer(find_browser(BrowserSettings()), claim_folder(tmp_path)[1])
    yield server
    server.kill()


@pytest.fixture
def spinning(server: BrowserServer) -> Iterator[BrowserServer]:
    """Return a server in which a page runs an endless script."""
    client = play(SPIN, server.start())
    assert first_line(client) == "spinning"
    yield server
    end(client)


def chromium_of(server: BrowserServer) -> int:
    """Return the browser's main process: a child that it just forked has the same command line for a moment."""
    processes = server.processes()
    commands = {it.pid: Path(f"/proc/{it.pid}/cmdline").read_text() for it in processes}
    alike = {pid for pid, line in commands.items() if "--remote-debugging-pipe" in line and "/bin/sh" not in line}
    return next(it.pid for it in processes if it.pid in alike and it.parent not in alike)


@pytest.mark.browser
def test_a_client_joins_and_each_has_contexts_of_its_own(server: BrowserServer) -> None:
    """Two connections to one browser see nothing of each other."""
    endpoint = server.start()

    with sync_playwright() as playwright:
        one, two = (playwright.chromium.connect(endpoint) for _ in range(2))
        page = one.new_context().new_page()
        page.set_content("<h1>hello</h1>")
        heading = page.inner_text("h1")
        seen = len(two.contexts)

    assert (heading, seen) == ("hello", 0)
    assert server.is_healthy()
    assert server.mark in str(server.traces)


@pytest.mark.browser
def test_a_trace_is_on_disk_while_it_is_recorded(server: BrowserServer, eventually: Eventually) -> None:
    """What a client did survives the client, killed or not."""
    endpoint = server.start()

    with sync_playwright() as playwright:
        context = playwright.chromium.connect(endpoint).new_context()
        context.tracing.start()
        context.new_page().set_content("<h1>hello</h1>")
        written = eventually(lambda: any("setContent" in path.read_text() for path in server.traces.glob("*.trace")))

    assert written


@pytest.mark.browser
@pytest.mark.parametrize("way", ["stop", "kill"])
def test_nothing_is_left_of_a_server(spinning: BrowserServer, way: str) -> None:
    """Even while a page spins, all processes end and the temporary folder goes; a second time does no harm."""
    folder = spinning.traces.parent

    for _ in range(2):
        spinning.stop() if way == "stop" else spinning.kill()

    assert spinning.processes() == ()
    assert not (folder / "tmp").exists()
    assert (spinning.endpoint, spinning.is_healthy()) == ("", False)


@pytest.mark.browser
def test_a_server_starts_again_after_it_was_killed(server: BrowserServer) -> None:
    """The next run after a kill finds a healthy browser."""
    first = server.start()
    server.kill()

    second = server.start()

    assert first != second
    assert server.is_healthy()


@pytest.mark.browser
def test_the_browser_dies_with_its_owner(tmp_path: Path, eventually: Eventually) -> None:
    """A `kill -9` of the owner leaves no process and no temporary folder, although a page spins."""
    owner = play(OWNER, str(tmp_path))
    endpoint, mark = first_line(owner).split()
    client = play(SPIN, endpoint)
    first_line(client)
    alive = len(find_marked(mark))

    end(owner)

    gone = eventually(lambda: not find_marked(mark) and not (tmp_path / "tmp").exists())
    end(client)
    assert alive > 3
    assert gone


@pytest.mark.browser
def test_the_next_start_reaps_what_the_keeper_could_not(tmp_path: Path) -> None:
    """If the keeper is killed together with the owner, its browser is found by its mark."""
    folder = tmp_path / "claimed"
    code = OWNER.replace("Path(sys.argv[1])", "claim_folder(Path(sys.argv[1]))[1]")
    owner = play("from outrider.journeys.processes import claim_folder\n" + code, str(folder))
    mark = first_line(owner).split()[1]
    keeper = next(it for it in find_marked(mark) if it.parent == owner.pid)
    os.kill(keeper.pid, signal.SIGKILL)
    end(owner)

    reaped = reap_orphans(folder)

    assert reaped > 3
    assert find_marked(mark) == ()
    assert list(folder.iterdir()) == []


@pytest.mark.browser
@pytest.mark.parametrize("victim", ["browser", "server"])
def test_a_dead_browser_is_noticed(spinning: BrowserServer, eventually: Eventually, victim: str) -> None:
    """Once the browser, or the program that serves it, was killed, the server is unhealthy and no page spins on."""
    chromium = chromium_of(spinning)
    leader = os.getpgid(chromium)
    node = next(it.parent for it in spinning.processes() if it.pid == leader)
    inner = [psutil.Process(it.pid) for it in spinning.processes() if it.group == leader]

    os.kill(chromium if victim == "browser" else node, signal.SIGKILL)

    assert eventually(lambda: not spinning.is_healthy())
    assert eventually(lambda: not any(map(is_running, inner)))


@pytest.mark.browser
def test_a_frozen_server_is_noticed_within_the_limit(server: BrowserServer) -> None:
    """A server that accepts and never answers is not healthy, and does not hold up whoever asks."""
    server.start()
    node = next(it.parent for it in server.processes() if it.pid == os.getpgid(chromium_of(server)))
    os.kill(node, signal.SIGSTOP)

    healthy = server.is_healthy(timeout_s=0.2)

    assert not healthy


@pytest.mark.parametrize(
    ("script", "limit_s", "words"),
    [("echo out of luck >&2; exit 1", 20.0, "out of luck"), ("while :; do sleep 1; done", 1.5, "within 1.5 s")],
    ids=["it ends at once", "it hangs"],
)
def test_a_browser_that_does_not_start_is_explained(tmp_path: Path, script: str, limit_s: float, words: str) -> None:
    """The error carries the browser's last words, and nothing of the attempt is left."""
    server = BrowserServer(broken_browser(tmp_path, script), tmp_path / "run")

    with pytest.raises(BrowserError, match="did not start") as error:
        server.start(limit_s)

    assert words in str(error.value)
    assert server.processes() == ()
    assert not (tmp_path / "run" / "tmp").exists()


@pytest.mark.slow
def test_a_server_may_be_killed_while_it_starts(tmp_path: Path, eventually: Eventually) -> None:
    """A watchdog in another thread ends a start that hangs."""
    server = BrowserServer(broken_browser(tmp_path, "while :; do sleep 1; done"), tmp_path / "run")
    errors: list[BrowserError] = []

    def start() -> None:
        try:
            server.start()
        except BrowserError as error:
            errors.append(error)

    starter = threading.Thread(target=start)
    starter.start()
    hanging = eventually(lambda: len(server.processes()) > 2)
    kill_marked(server.mark)
    starter.join()

    assert hanging
    assert len(errors) == 1
    assert server.processes() == ()
