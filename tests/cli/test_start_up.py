"""What the command line imports before it has anything to do."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import outrider

ROOMS = [
    "alerts", "app", "baselines", "charts", "dashboard", "frames", "gate", "journeys", "load", "model", "probes",
    "pytest_plugin", "reports", "runs", "scheduler", "server", "store", "telemetry", "telemetry_store", "workspace",
]  # fmt: skip
HEAVY = {
    "alembic", "apprise", "apscheduler", "fsspec", "importlib.metadata", "jinja2", "locust", "matplotlib", "numpy",
    "pandas", "playwright", "pycurl", "pytest", "rich", "scipy", "sqlalchemy", "starlette", "tempfile", "traceback",
    "uvicorn",
} | {f"outrider.{room}" for room in ROOMS}  # fmt: skip


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
