"""Processes that are kept running: real ones, which die in real ways."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs
from tests.waiting import until

from outrider.app.processes.child_table import CHILDREN, ChildSpec, ServiceOptions, ServiceRole
from outrider.app.processes.supervised_service import supervised_service
from outrider.app.processes.supervisor import Supervisor
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.model import ProcessView

WORKS = str(Path(__file__).with_name("process_works.py"))
FIRST = ChildSpec("first", "answering")
SECOND = ChildSpec("second", "asking", asks=("first",))
WAIT_S = 120.0


class Supervised:
    """Processes under a supervisor in a thread of its own, and what it said of them."""

    def __init__(self, folder: Path, *specs: ChildSpec) -> None:
        self.folder = folder
        self.changes: queue.SimpleQueue[tuple[ProcessView, ...]] = queue.SimpleQueue()
        self.supervisor = Supervisor(specs, (sys.executable, WORKS, str(folder)), ServiceOptions(), self.changes.put)
        self.code: int | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def wait_for(self, name: str, *, restarts: int) -> ProcessView:
        """Return a process as soon as it runs after so many restarts."""
        while True:
            for process in self.changes.get(timeout=WAIT_S):
                if process.name == name and process.is_running and process.restarts == restarts:
                    return process

    def end(self) -> int | None:
        self.supervisor.stop()
        self.thread.join(WAIT_S)
        return self.code

    def _run(self) -> None:
        self.code = self.supervisor.run()


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Supervised]:
    """Return two processes, of which the second asks the first."""
    supervised = Supervised(tmp_path, FIRST, SECOND)
    yield supervised
    supervised.end()


def note_of(supervised: Supervised, process: ProcessView) -> str:
    """Return what a process of `asking` was answered, and what the one before it was."""
    note = supervised.folder / str(process.pid)
    return note.read_text() if note.exists() else ""


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_process_that_dies_comes_back_and_the_other_goes_on(both: Supervised, number: signal.Signals) -> None:
    """However it dies: the supervisor says how, and the other process keeps its number."""
    second = both.wait_for("second", restarts=0)
    first = next(process for process in both.supervisor.processes if process.name == "first")
    assert first.pid is not None
    until(lambda: note_of(both, second) == f"{first.pid} 0")  # a question that dies with who heard it is not answered

    os.kill(first.pid, number)
    back = both.wait_for("first", restarts=1)

    assert back.pid != first.pid
    assert back.problem in {f"killed by {number.name}", "ended with code 0"}
    assert [process.pid for process in both.supervisor.processes] == [back.pid, second.pid]
    assert both.end() == 0
    assert not any(is_there(pid) for pid in (first.pid, back.pid, second.pid) if pid)


@pytest.mark.slow
def test_a_process_keeps_what_it_said_and_finds_the_one_that_it_asks(both: Supervised) -> None:
    """A pair of sockets outlives both of its users, and a port that was picked stays the same."""
    first, second = both.wait_for("first", restarts=0), both.wait_for("second", restarts=0)
    until(lambda: note_of(both, second) == f"{first.pid} 0")

    os.kill(first.pid or 0, signal.SIGKILL)
    both.wait_for("first", restarts=1)
    os.kill(second.pid or 0, signal.SIGKILL)
    other = both.wait_for("second", restarts=1)

    new = both.supervisor.processes[0].pid
    until(lambda: note_of(both, other) == f"{new} {first.pid}")


@pytest.mark.slow
def test_who_refuses_at_the_first_start_ends_the_service_with_its_code(tmp_path: Path) -> None:
    """A workspace that is wrong is no reason to start again and again."""
    supervised = Supervised(tmp_path, FIRST, ChildSpec("second", "refusing", asks=("first",)))

    supervised.thread.join(WAIT_S)

    assert supervised.code == 2
    assert all(not process.is_running for process in supervised.supervisor.processes)


@pytest.mark.slow
def test_who_dies_again_and_again_is_started_ever_more_rarely(tmp_path: Path) -> None:
    """Each time the delay is twice as long, so that a broken process does not eat the host."""
    with capture_logs() as entries:
        supervised = Supervised(tmp_path, ChildSpec("broken", "dying"))
        supervised.wait_for("broken", restarts=2)
        supervised.end()

    delays = [entry["again_in_s"] for entry in entries if entry["event"] == "process.ended"]
    assert delays[:2] == [0.5, 1.0]


def test_the_table_names_modules_that_do_the_work_of_a_process() -> None:
    """Who is asked stands in the table before who asks."""
    names = [spec.name for spec in CHILDREN]
    assert len(set(names)) == len(names)
    for spec in CHILDREN:
        assert spec.module.startswith("outrider.app.")
        assert (Path(__file__).parents[2] / "src" / f"{spec.module.replace('.', '/')}.py").exists()
        assert all(names.index(asked) < names.index(spec.name) for asked in spec.asks)


@pytest.mark.parametrize(
    ("role", "processes", "may_lead"),
    [
        ("all", ["scheduler", "web", "telemetry", "errors"], True),
        ("web", ["scheduler", "web"], False),
        ("scheduler", ["scheduler"], True),
        ("ingest", ["telemetry", "errors"], False),
    ],
)
def test_a_role_has_its_processes(role: str, processes: list[str], *, may_lead: bool) -> None:
    """The scheduler of who serves pages only knows the checks."""
    options = ServiceOptions(has_telemetry=True, has_errors=True, role=ServiceRole(role))

    assert [spec.name for spec in CHILDREN if spec.is_wanted(options)] == processes
    assert options.may_lead is may_lead


def test_who_is_to_take_telemetry_only_needs_some_to_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be a service without a process."""
    settings = tmp_path / "outrider.toml"
    settings.touch()
    monkeypatch.chdir(tmp_path)
    options = ServiceOptions(role=ServiceRole.INGEST)
    with pytest.raises(UsageError) as refused, supervised_service(["true"], options):
        pass
    settings.write_text("[errors]\n")
    with supervised_service(["true"], options) as supervisor:
        names = [process.name for process in supervisor.processes]

    assert refused.value.slug == "nothing-to-take"
    assert names == ["errors"]
