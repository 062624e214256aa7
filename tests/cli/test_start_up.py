"""What the command line imports before it has anything to do."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import outrider

main_module = import_module("outrider.cli.main")

if TYPE_CHECKING:
    from .conftest import Desk

ROOMS = [
    "alerts", "app", "baselines", "causes", "charts", "dashboard", "errors", "frames", "gate", "journeys", "load",
    "model", "probes", "pytest_plugin", "real_users", "reports", "runs", "scheduler", "server", "sources", "store",
    "telemetry", "telemetry_store", "workspace",
]  # fmt: skip
HEAVY = {
    "alembic", "apprise", "apscheduler", "fsspec", "importlib.metadata", "jinja2", "locust", "matplotlib", "numpy",
    "pandas", "playwright", "pycurl", "pytest", "rich", "scipy", "sqlalchemy", "starlette", "tempfile", "traceback",
    "uvicorn",
} | {f"outrider.{room}" for room in ROOMS}  # fmt: skip
JOURNEY_LIBRARIES = {"playwright", "pytest", "_pytest"}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_needs_no_workspace_imports_no_room(option: str) -> None:
    """Help and version come from the command line alone: click, and the list of commands."""
    script = (
        "import sys\n"
        "from outrider.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr)"
    )

    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # it imports much
    program = subprocess.run(
        [sys.executable, "-c", script, option], check=True, capture_output=True, text=True, env=env
    )

    assert program.stdout
    assert HEAVY & set(program.stderr.split()) == set()


def test_a_run_that_passes_imports_neither_alerts_nor_reports() -> None:
    """Pages of failures need them; every import is processor time that a run on a small machine waits for."""
    script = "import sys, outrider.cli.run; print(*sys.modules)"

    program = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    unneeded = ("alerts", "charts", "dashboard", "frames", "gate", "reports", "scheduler", "server")
    rooms = {f"outrider.{room}" for room in unneeded}
    assert rooms & set(program.stdout.split()) == set()


def test_a_run_of_a_probe_needs_neither_pytest_nor_playwright(desk: Desk, site: str) -> None:
    """Journeys are measured by processes of their own; who has none does not pay for them."""
    desk.write("probes/shop.toml", f'[home]\nkind = "http"\nurl = "{site}/tiny"\n')
    script = (
        "import sys\n"
        "from outrider.cli import main\n"
        "try:\n"
        "    main(['run', 'probe:*'])\n"
        "finally:\n"
        "    print(*sys.modules)"
    )

    program = subprocess.run([sys.executable, "-c", script], cwd=desk.root, check=True, capture_output=True, text=True)

    assert "1/1 passed" in program.stderr
    assert JOURNEY_LIBRARIES & set(program.stdout.split()) == set()


def test_the_supervisor_of_a_service_opens_no_store() -> None:
    """Its processes do; it lasts as long as they, and starts them again."""
    script = (
        "import sys\nfrom outrider.cli import main\ntry:\n    main(['up', '--help'])\nfinally:\n    print(*sys.modules)"
    )

    program = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert "Run the checks by their schedule" in program.stdout
    assert {"outrider.app.processes.supervisor"} <= set(program.stdout.split())
    assert {"outrider.store", "sqlalchemy"} & set(program.stdout.split()) == set()


def test_pages_are_answered_without_what_measures(desk: Desk) -> None:
    """The process of pages imports no library of journeys or probes: it runs none of them."""
    script = """
import sys
from types import SimpleNamespace
from urllib.request import urlopen
from outrider.alerts import AlertSettings
from outrider.app.access.scheduler_reader import LoadedWorkspace, SchedulerAnswer
from outrider.app.processes.web_process import WebService, find_workspace, open_store
from outrider.model import ServiceView
workspace = find_workspace()
loaded = LoadedWorkspace("1", workspace, (), None, AlertSettings())
answer = SchedulerAnswer("1", ServiceView(True, True, (), {}, 0.0, 0, 0, 0))
with open_store(workspace) as store:
    web = WebService(workspace, store, SimpleNamespace(view=lambda in_full=False: answer, loaded=lambda: loaded))
    web.start("127.0.0.1", 0)
    web.look()
    for page in ("", "incidents", "service", "reports"):
        with urlopen(f"http://127.0.0.1:{web.ports()['port']}/{page}") as shown:
            assert shown.status == 200
    web.close()
print(*sys.modules)
"""

    program = subprocess.run([sys.executable, "-c", script], cwd=desk.root, check=True, capture_output=True, text=True)

    assert (JOURNEY_LIBRARIES | {"pycurl", "dns", "wsproto"}) & set(program.stdout.split()) == set()


@pytest.mark.parametrize(
    ("call", "threshold"), [("main()", 50_000), ("main(sys.argv[1:])", 700)], ids=["the program", "a caller's process"]
)
def test_the_program_collects_garbage_rarely_and_leaves_the_process_of_a_caller_as_it_is(
    call: str, threshold: int
) -> None:
    """Collections of what imports make took a third of a command's time; who calls `main` has settings of their own."""
    script = (
        "import gc, sys\n"
        "gc.set_threshold(700, 10, 10)\n"
        "from outrider.cli import main\n"
        "try:\n"
        f"    {call}\n"
        "finally:\n"
        "    print(gc.get_threshold()[0])"
    )

    program = subprocess.run([sys.executable, "-c", script, "--version"], check=True, capture_output=True, text=True)

    assert program.stdout.split()[-1] == str(threshold)


def test_the_list_of_rooms_is_complete() -> None:
    """A room that is added later is looked for, too."""
    folders = {path.parent.name for folder in outrider.__path__ for path in Path(folder).glob("*/__init__.py")}

    assert folders == {*ROOMS, "cli"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_offers_what_it_names(room: str) -> None:
    """A name that is imported when it is used is not taken for the module that is called like it."""
    face = import_module(f"outrider.{room}")

    assert [name for name in face.__all__ if isinstance(getattr(face, name), ModuleType)] == []


def test_the_version_is_that_of_the_package() -> None:
    """What `--version` prints is what pip shows."""
    program = subprocess.run(
        [sys.executable, "-m", "outrider", "--version"], check=True, capture_output=True, text=True
    )

    assert program.stdout.split()[-1] == version("outrider")


def test_ctrl_c_while_the_command_line_is_imported_exits_without_a_traceback(tmp_path: Path) -> None:
    """As at any later time, with 130."""
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")

    done = subprocess.run(
        [sys.executable, "-m", "outrider", "--help"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (130, "")


def test_a_command_that_is_long_in_loading_says_so_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything of it could: the line comes while it is loaded. One that is loaded in time says nothing."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal, os.fdopen(theirs, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)

        with main_module.told_if_slow("first", after_s=3600):
            pass
        with main_module.told_if_slow("second", after_s=0.0):
            line = terminal.read(64)

    assert line.strip() == b"second"
