"""Suites of unusual size or place: each runs, or says what it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import CALM, WAIT_S, Desk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

LOUD = """
import logging, os

def test_one_line(page):
    page.set_content("<p>x")
    print("x" * 20_000_000)

def test_many_lines(page):
    page.set_content("<p>x")
    for number in range(200_000):
        print(f"line {number:06} " + "y" * 90)
    logging.warning("z" * 1_000_000)
    raise AssertionError("w" * 20_000_000)

def test_bytes(page):
    page.set_content("<p>x")
    os.write(1, b"\\xff" * 20_000_000)
"""
WRITES = """
from pathlib import Path

def test_writes_beside_itself(page):
    page.set_content("<p>x")
    Path(__file__).with_name("shot.txt").write_text("x")
"""
# Root obeys no file modes unless it gives that privilege up, for itself and what it starts.
UNPRIVILEGED = """
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, "-m", "outrider", *sys.argv[1:]])
"""
MANY_FILES, TESTS_A_FILE = 100, 20
SETTINGS = f'{CALM}[defaults]\nretries = 0\nevidence = false\ntimeout = "50s"\n'


def new_desk(folder: Path) -> Desk:
    desk = Desk(folder / "ws", folder / "tmp")
    for path in (desk.root, desk.temporary):
        path.mkdir(parents=True)
    desk.write("outrider.toml", SETTINGS)
    return desk


def test_a_test_that_prints_20_megabytes_is_a_test_like_any_other(tmp_path: Path) -> None:
    """What is kept of its output is bounded, and so is what a failure quotes."""
    desk = new_desk(tmp_path)
    desk.write("journeys/test_loud.py", LOUD)

    runs = desk.run()
    kept = sum(path.stat().st_size for path in (desk.root / ".outrider").rglob("*") if path.is_file())

    assert {name: run["outcome"] for name, run in runs.items()} == {
        "test_one_line": "passed",
        "test_many_lines": "failed",
        "test_bytes": "passed",
    }
    assert len(runs["test_many_lines"]["reason"]) <= 500
    assert kept < 10_000_000


def test_two_thousand_tests_are_listed(tmp_path: Path) -> None:
    """Nothing is left out, and nothing runs."""
    desk = new_desk(tmp_path)
    for number in range(MANY_FILES):
        tests = (f"def test_{index}(page): page.set_content('x')\n" for index in range(TESTS_A_FILE))
        desk.write(f"journeys/test_{number:03}.py", "".join(tests))

    listed = desk.json("ls", "--json")

    assert len({check["id"] for check in listed}) == MANY_FILES * TESTS_A_FILE


def test_a_suite_that_nobody_may_write_to_runs(tmp_path: Path) -> None:
    """Its tests get a copy that they may write to; without a place for Outrider's own files, the message says where."""
    desk = new_desk(tmp_path)
    desk.write("journeys/test_writes.py", WRITES)
    (desk.root / "journeys/test_writes.py").chmod(0o444)
    (desk.root / "journeys").chmod(0o555)

    ran = _unprivileged(desk, "run", "--json")
    (desk.root / ".outrider").rename(tmp_path / "elsewhere")
    desk.root.chmod(0o555)
    refused = [_unprivileged(desk, command) for command in ("ls", "run")]
    desk.root.chmod(0o755)

    assert [run["outcome"] for run in json.loads(ran.stdout)["runs"]] == ["passed"], ran.stderr
    assert not (desk.root / "journeys/shot.txt").exists()
    assert [done.returncode for done in refused] == [2, 4]
    for done in refused:
        assert str(desk.root / ".outrider") in done.stderr
        assert "Permission denied" in done.stderr


def test_two_workspaces_run_at_once(tmp_path: Path) -> None:
    """They share the host and its temporary folder, and take turns; neither ends or cleans up what is the other's."""
    desks = [new_desk(tmp_path / name) for name in ("ann", "bob")]
    for desk in desks:
        desk.temporary = tmp_path / "ann" / "tmp"
        tests = (f"def test_{index}(page): page.set_content('{desk.root.parent.name}')\n" for index in range(3))
        desk.write("journeys/test_same_names.py", "".join(tests))

    programs = [_start(desk, "run", "--json", "--repeat", "2") for desk in desks]
    outputs = [program.communicate(timeout=WAIT_S) for program in programs]

    for (stdout, stderr), desk in zip(outputs, desks, strict=True):
        assert [run["outcome"] for run in json.loads(stdout)["runs"]] == ["passed"] * 6, stderr
        assert desk.leftovers() == []


def _unprivileged(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", UNPRIVILEGED, *arguments]
    return subprocess.run(command, **_surroundings(desk), check=False, capture_output=True, timeout=WAIT_S)  # type: ignore[call-overload, no-any-return]


def _start(desk: Desk, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "outrider", *arguments]
    return subprocess.Popen(command, **_surroundings(desk), stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # type: ignore[call-overload, no-any-return]


def _surroundings(desk: Desk) -> dict[str, object]:
    return {"cwd": desk.root, "env": {**os.environ, "TMPDIR": str(desk.temporary)}, "text": True}
