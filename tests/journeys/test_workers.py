"""Workers: each attempt begins as if none had been before it, and nothing that one leaves behind outlives it."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from outrider.journeys import WorkerConfig, WorkerError, Workers
from outrider.journeys.processes import find_marked
from outrider.journeys.worker_messages import AttemptOrder, AttemptResult
from outrider.workspace import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONFTEST = """
import sys, pytest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lib"))
LOADED = []

@pytest.fixture(scope="session")
def basket():
    LOADED.append("basket")
    yield LOADED
"""

HELPER = """
import functools

class Settings:
    names = []

@functools.lru_cache
def cached(): return []
"""

JOURNEYS = """
import builtins, decimal, json, logging, os, random, signal, socket, sys, tempfile, threading, uuid, warnings
from pathlib import Path
import pytest, helper, plain
from playwright.sync_api import expect

COUNT = 0
ROOT = Path(__file__).parents[1]
WAYS = (way for way in ("road", "rail"))  # used up by whoever iterates first

class Shop:
    visitors = []

@pytest.mark.parametrize("way", WAYS)
def test_generated(way): assert way in ("road", "rail")

def leaks():
    yield "global", COUNT
    yield "class attribute", Shop.visitors
    yield "attribute of a helper's class", helper.Settings.names
    yield "cached call", helper.cached()
    yield "module beside the tests", plain.VALUES
    yield "environment", os.environ.get("LEAK")
    yield "current folder", Path.cwd() != ROOT
    yield "patched library", json.dumps({}) != "{}"
    yield "builtin", hasattr(builtins, "leak")
    yield "module", "leak" in sys.modules
    yield "search path", "/leak" in sys.path
    yield "warning filter", any(entry[2] is FutureWarning for entry in warnings.filters)
    yield "log handler", any(type(handler) is logging.FileHandler for handler in logging.getLogger().handlers)
    yield "signal handler", signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL
    yield "signal mask", signal.SIGALRM in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    yield "thread", any(thread.name == "leak" for thread in threading.enumerate())
    yield "time-out of sockets", socket.getdefaulttimeout()
    yield "decimal context", decimal.getcontext().prec != 28
    yield "file mode", os.umask(0o022) != 0o022
    yield "file of the suite", (ROOT / "leak.txt").exists()
    yield "temporary file", list(Path(tempfile.gettempdir()).rglob("leak*"))
    yield "expectations' time-out", expect._timeout is not None

def leave():
    global COUNT
    COUNT += 1
    Shop.visitors.append(1)
    helper.Settings.names.append(1)
    helper.cached().append(1)
    plain.VALUES.append(1)
    os.environ["LEAK"] = "1"
    os.chdir("/")
    json.dumps = lambda _: "patched"
    builtins.leak = 1
    sys.modules["leak"] = sys
    sys.path.append("/leak")
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.getLogger().addHandler(logging.FileHandler(os.devnull))
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    threading.Thread(target=threading.Event().wait, name="leak", daemon=True).start()
    socket.setdefaulttimeout(5)
    decimal.getcontext().prec = 5
    os.umask(0o077)
    (ROOT / "leak.txt").write_text("1")
    (ROOT / "journeys" / "helper2.py").write_text("1")
    tempfile.mkdtemp(prefix="leak")
    expect.set_options(timeout=1)

def test_world(basket):
    assert basket == ["basket"]
    assert [kind for kind, value in leaks() if value] == []
    leave()

def test_numbers():
    random.seed  # never called: each run draws its own
    with Path(os.environ["LEDGER"]).open("a") as ledger: print(random.random(), uuid.uuid4(), file=ledger)

def test_double_fork():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.pause()
        os._exit(0)
    os.wait()

def test_exit(): os._exit(7)
"""

Attempt = "Callable[[str], AttemptResult]"


@pytest.fixture(params=["forked", "started"])
def workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workers]:
    """Return workers of a small suite, without a browser."""
    suite = tmp_path / "suite"
    for name, text in {
        "conftest.py": CONFTEST,
        "lib/helper.py": HELPER,
        "journeys/plain.py": "VALUES = []",
        "journeys/test_leaks.py": JOURNEYS,
    }.items():
        path = suite / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "LEDGER": str(tmp_path / "ledger")}
    config = WorkerConfig(Snapshot("0", suite), home, environment, ["journeys"], forks=request.param == "forked")
    workers = Workers(config, None)
    yield workers
    workers.close()
    assert list(home.iterdir()) == []


@pytest.fixture
def attempt(workers: Workers, tmp_path: Path) -> Callable[[str], AttemptResult]:
    """Return what carries out one attempt of a test."""

    def carry_out(name: str) -> AttemptResult:
        scratch = tmp_path / f"scratch-{len(list(tmp_path.iterdir()))}"
        scratch.mkdir()
        worker = workers.ready()
        worker.send(AttemptOrder(f"journeys/test_leaks.py::{name}", str(scratch), endpoint="", label="label"))
        for message in worker.messages(until_s=time.monotonic() + 60):
            if isinstance(message, AttemptResult):
                workers.settle()
                return message
        raise AssertionError

    return carry_out


@pytest.mark.slow
def test_no_attempt_depends_on_the_one_before(attempt: Callable[[str], AttemptResult]) -> None:
    """Whatever a test changes in its modules, its process or its folder, the next finds it as the author wrote it."""
    for _ in range(3):
        phases = attempt("test_world").phases

        assert [phase.outcome for phase in phases] == ["passed"] * 3, phases[1].detail


@pytest.mark.slow
def test_every_collection_finds_the_same(workers: Workers, attempt: Callable[[str], AttemptResult]) -> None:
    """A generator in `parametrize` is not used up by an earlier collection or attempt."""
    started: list[str] = []
    collections = [workers.collect(), workers.collect(started.append)]
    result = attempt("test_generated[rail]")

    assert collections[0] == collections[1]
    assert "journeys/test_leaks.py" in started
    assert [test.name for test in collections[0].tests][:2] == ["test_generated[road]", "test_generated[rail]"]
    assert [phase.outcome for phase in result.phases] == ["passed"] * 3


@pytest.mark.slow
def test_each_attempt_draws_its_own_random_numbers(attempt: Callable[[str], AttemptResult], tmp_path: Path) -> None:
    """Names that tests make up are not those of the run before."""
    for _ in range(3):
        attempt("test_numbers")

    assert len(set((tmp_path / "ledger").read_text().split())) == 6


@pytest.mark.slow
def test_what_hides_from_the_worker_is_ended_with_it(
    workers: Workers, attempt: Callable[[str], AttemptResult], eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    """A process that left its session and its parent is found by its mark, and the next attempt is as good as ever."""
    attempt("test_double_fork")
    workers.retire()

    assert eventually(lambda: all("fork_server" in _command(process.pid) for process in find_marked(_mark(workers))))
    assert [phase.outcome for phase in attempt("test_generated[rail]").phases] == ["passed"] * 3


@pytest.mark.slow
def test_a_worker_that_ends_by_itself_costs_its_attempt_only(
    workers: Workers, attempt: Callable[[str], AttemptResult]
) -> None:
    """Its exit code is told."""
    with pytest.raises(WorkerError) as caught:
        attempt("test_exit")
    workers.settle()

    assert "with exit code 7" in caught.value.what
    assert [phase.outcome for phase in attempt("test_generated[rail]").phases] == ["passed"] * 3


@pytest.mark.slow
def test_what_workers_are_forked_from_is_replaced_when_it_is_gone(
    workers: Workers, attempt: Callable[[str], AttemptResult]
) -> None:
    """Somebody killed it: the next attempt reports that, and the one after it runs."""
    attempt("test_numbers")
    workers.retire()
    for process in find_marked(_mark(workers)):
        os.kill(process.pid, signal.SIGKILL)
        psutil.Process(process.pid).wait()

    outcomes = []
    for _ in range(2):
        try:
            outcomes.append([phase.outcome for phase in attempt("test_generated[rail]").phases])
        except WorkerError:
            workers.settle()

    assert outcomes[-1] == ["passed"] * 3


def _mark(workers: Workers) -> str:
    return workers.root.parent.name


def _command(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""
