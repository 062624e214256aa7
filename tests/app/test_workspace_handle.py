"""The public Python API, and every example of its page."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import invoke
from tests.frames.conftest import opened
from tests.listeners import serving

import outrider
from outrider.frames import FrameReader
from outrider.model import RunSummary

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
LOCUSTFILE = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task
    def look(self):
        self.client.get("/")
"""
HEAVY = {
    "pandas",
    "numpy",
    "scipy",
    "matplotlib",
    "sqlalchemy",
    "playwright",
    "locust",
    "click",
    "rich",
    "outrider.app",
}


@pytest.fixture
def furnished(root: Path, site: str) -> Path:
    """The workspace with a known past, with a probe and a load profile beside it whose target answers."""
    (root / "probes").mkdir()
    (root / "probes/site.toml").write_text(f'[page]\nkind = "http"\nurl = "http://{site}/"\nretries = 0\n')
    (root / "probes/shop_load.py").write_text(LOCUSTFILE)
    table = f'[shop_load]\nkind = "load"\nfile = "probes/shop_load.py"\nhost = "http://{site}"\n'
    (root / "probes/loads.toml").write_text(table)
    return root


@pytest.fixture
def site() -> Iterator[str]:
    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    with serving(answer) as address:
        yield address


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_page_runs(
    example: str,
    furnished: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What a reader copies works, and prints something that is no error."""
    monkeypatch.chdir(furnished)
    if "workspace.gate" in example:
        with outrider.open_workspace() as workspace:
            workspace.run("probe:*", repeat=20)

    exec(compile(example, "docs/api.md", "exec"), {"__name__": "__main__"})

    printed = capsys.readouterr().out
    assert printed.strip()
    assert not {"unknown-check", "no-baseline"} & set(printed.split())


@pytest.mark.parametrize("example", [example for example in EXAMPLES if "workspace.checks" not in example])
def test_every_example_runs_in_a_new_workspace(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is stored yet, and no check matches: that is printed, and is no exception."""
    (tmp_path / "outrider.toml").touch()
    monkeypatch.chdir(tmp_path)

    exec(compile(example, "docs/api.md", "exec"), {"__name__": "__main__"})

    assert capsys.readouterr().out.strip()


def test_the_page_names_every_public_name_and_member() -> None:
    """What can be used can be read about."""
    page = PAGE.read_text(encoding="utf-8")
    public = (outrider.OpenWorkspace, outrider.GateOptions, outrider.LoadOverrides, FrameReader)
    members = {name for owner in public for name in dir(owner) if not name.startswith("_")}

    unnamed = {name for name in {*outrider.__all__, *members} if not re.search(rf"\b{name}\b", page)}

    assert unnamed - {"applied", "moment_us", "Subject", "SubjectKind"} == set()


def test_importing_imports_nothing_heavy() -> None:
    """A program pays for what it uses."""
    code = "import sys, outrider; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert HEAVY & set(loaded) == set()


@pytest.mark.parametrize("name", outrider.__all__)
def test_every_public_name_exists(name: str) -> None:
    """What `dir` shows can be had."""
    assert callable(getattr(outrider, name))
    assert name in dir(outrider)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no_such"):
        outrider.no_such  # noqa: B018 - asking is the point


def in_a_thread(ask: Callable[[], list[str]]) -> list[str]:
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.extend(ask()))
    thread.start()
    thread.join()
    return answers


def in_a_notebook(ask: Callable[[], list[str]]) -> list[str]:
    async def cell() -> list[str]:
        return ask()

    return asyncio.run(cell())


@pytest.mark.parametrize("somewhere", [in_a_thread, in_a_notebook])
def test_it_works_in_threads_and_beside_a_running_event_loop(
    somewhere: Callable[[Callable[[], list[str]]], list[str]],
    root: Path,
) -> None:
    """Notebooks have a loop of their own."""
    (root / "probes").mkdir()
    (root / "probes/a.toml").write_text('[gone]\nkind = "tcp"\naddress = "127.0.0.1:1"\nretries = 0\n')

    def ask() -> list[str]:
        with outrider.open_workspace(root) as workspace:
            (run,) = workspace.run("probe:*")
            assert [check.id for check in workspace.checks("probe:*")] == ["probe:probes/a.toml::gone"]
            assert isinstance(workspace.runs("probe:*")[0], RunSummary)
            assert workspace.stored_run(run.id).run.id == run.id
            assert workspace.incidents() == ()
            assert len(workspace.frames.runs("probe:*")) == 1
            return [run.outcome.value]

    assert somewhere(ask) == ["failed"]


def test_outside_a_workspace_the_error_says_so(tmp_path: Path) -> None:
    """The same words as on the command line."""
    with pytest.raises(outrider.OutriderError) as refused:
        outrider.open_workspace(tmp_path)

    assert refused.value.slug == "no-workspace"


def test_samples_are_exported_as_csv(root: Path) -> None:
    """To standard output, without a file."""
    done = invoke(root, "export", "samples", "*checkout*", TMPDIR=str(root))

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert (done.returncode, [row["duration_ms"] for row in rows]) == (0, ["100.0", "101.0", "102.0", "103.0"])
    assert rows[0]["due_at"] == "2026-01-01 09:00:00+01:00"


def test_runs_are_exported_as_json(root: Path) -> None:
    """One array of objects."""
    assert invoke(root, "export", "runs", "--format", "json", "--out", "runs.json").returncode == 0

    rows = json.loads((root / "runs.json").read_text())
    assert [row["outcome"] for row in rows] == [*["passed"] * 4, "failed", "passed"]


def test_nothing_is_an_empty_array(root: Path) -> None:
    """A range without rows is no error."""
    done = invoke(root, "export", "runs", "--until", "2000-01-01", "--format", "json")

    assert json.loads(done.stdout) == []


def test_samples_are_exported_as_parquet(root: Path) -> None:
    """Any program that reads Parquet finds the units in the names."""
    done = invoke(root, "export", "samples", "--format", "parquet", "--out", "samples.parquet")

    assert done.stderr == "wrote 4 rows to samples.parquet\n"
    assert pq.read_table(root / "samples.parquet").column("duration_ms").to_pylist() == [100.0, 101.0, 102.0, 103.0]


@pytest.mark.parametrize(
    ("options", "begin"),
    [
        (["--out", "rows.parquet"], b"PAR1"),
        (["--out", "rows.JSON"], b"["),
        (["--out", "rows.csv"], b"due_at,"),
        (["--out", "rows.txt"], b"due_at,"),
        (["--out", "rows.parquet", "--format", "csv"], b"due_at,"),
    ],
)
def test_without_a_format_the_suffix_of_the_file_decides(root: Path, options: list[str], begin: bytes) -> None:
    """A named format is the user's wish, whatever the suffix."""
    assert invoke(root, "export", "runs", *options).returncode == 0

    assert (root / options[1]).read_bytes().startswith(begin)


def test_a_dash_is_standard_output(root: Path) -> None:
    """As of `report --out -`; no file has that name."""
    done = invoke(root, "export", "runs", "--out", "-")

    assert (done.returncode, done.stderr, (root / "-").exists()) == (0, "", False)
    assert done.stdout.startswith("due_at,")


def test_a_suffix_of_another_format_is_refused(root: Path) -> None:
    """A program that opens it would find no such file."""
    done = invoke(root, "export", "runs", "--out", "rows.xlsx")

    assert (done.returncode, (root / "rows.xlsx").exists()) == (2, False)
    assert "[bad-argument]" in done.stderr


def test_an_export_whose_range_ends_before_it_begins_is_refused(root: Path) -> None:
    """A file without rows would look like no data."""
    done = invoke(root, "export", "rollups", "--since", "1d", "--until", "7d", "--out", "rows.csv")

    assert (done.returncode, (root / "rows.csv").exists()) == (2, False)
    assert "[bad-moment]" in done.stderr


def test_incidents_and_rollups_are_exported(root: Path) -> None:
    """Those of a new workspace have a header alone."""
    with opened(root) as store:
        store.prune(1_767_254_400_000_000 + 10 * 86_400_000_000)

    incidents = invoke(root, "export", "incidents")
    rollups = invoke(root, "export", "rollups", "--since", "2026-01-01")

    assert incidents.stdout.startswith("begin_at,incident,problem,severity,phase,check,check_count,reason,")
    assert rollups.stdout.count("\n") == 2


def test_an_existing_file_is_replaced_only_if_forced(root: Path) -> None:
    """Nobody loses a file to a typing error."""
    (root / "mine.csv").write_text("mine")

    refused = invoke(root, "export", "runs", "--out", "mine.csv")
    kept = (root / "mine.csv").read_text()
    forced = invoke(root, "export", "runs", "--out", "mine.csv", "--force")

    assert (refused.returncode, kept) == (2, "mine")
    assert "[file-exists]" in refused.stderr
    assert forced.returncode == 0
    assert (root / "mine.csv").read_text().startswith("due_at,run,check")


def test_what_is_no_file_is_never_replaced(root: Path) -> None:
    """A pipe or a device stays what it is, forced or not."""
    os.mkfifo(root / "pipe")

    refused = invoke(root, "export", "runs", "--out", "pipe", "--force")

    assert (refused.returncode, (root / "pipe").is_fifo()) == (2, True)
    assert "[unwritable-file]" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "runs", "--out", "nowhere/runs.csv"),
        ("backup", "/proc/nowhere"),
        ("gate", "--last", "3", "--markdown", "/proc/nowhere/gate.md"),
        ("gate", "--last", "3", "--junit", "/proc/nowhere/gate.xml"),
    ],
)
def test_a_file_that_cannot_be_written_is_a_wrong_argument(root: Path, arguments: tuple[str, ...]) -> None:
    """Of whichever command; nothing is left behind, and nothing was measured for it."""
    done = invoke(root, *arguments)

    assert done.returncode == 2
    assert "[unwritable-file]" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in root.glob("*runs.csv*")) == []


def test_a_list_of_runs_knows_whether_it_is_all(root: Path) -> None:
    """A program that shows the latest ones can say that there are more."""
    with outrider.open_workspace(root) as workspace:
        latest, everything = workspace.runs(limit=2), workspace.runs(limit=None)

    assert (len(latest), latest.is_complete) == (2, False)
    assert (len(everything), everything.is_complete) == (6, True)
