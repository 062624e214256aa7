"""Runs of several workspaces on one host: who waits says for whom, on the terminal, in the status and on the page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import CALM, WAIT_S, Desk, first_message

from outrider.model import Claim
from outrider.runs import Turns

if TYPE_CHECKING:
    from pathlib import Path

PASSING = "def test_here(page):\n    page.set_content('<h1>Here</h1>')\n"


@pytest.fixture
def desks(tmp_path: Path) -> tuple[Desk, Desk]:
    """Return two workspaces of one user on one host."""
    made = []
    (tmp_path / "tmp").mkdir()
    for name in ("first", "second"):
        desk = Desk(tmp_path / name, tmp_path / "tmp")
        desk.write("outrider.toml", CALM)
        desk.write("journeys/test_shop.py", PASSING)
        made.append(desk)
    return made[0], made[1]


def turns_of(desk: Desk) -> Turns:
    return Turns(desk.temporary / f"outrider-{os.getuid()}" / "turns", 1, str(desk.root))


def test_the_status_lists_who_has_a_turn_on_the_host(desks: tuple[Desk, Desk]) -> None:
    """Of whichever workspace: a run that waits in one may wait for a run of another."""
    first, second = desks
    second.in_process = True

    with turns_of(first).taken(Claim("journey:journeys/test_shop.py::test_pay", 60.0)):
        text = second.outrider("status").stdout
        (turn,) = json.loads(second.outrider("status", "--json").stdout)["turns"]

    assert re.search(
        rf"on this host: journeys/test_shop.py::test_pay of {re.escape(str(first.root))} "
        rf"\(process {os.getpid()}\), under way since \d\d:\d\d:\d\d",
        text,
    )
    assert (turn["check"], turn["process"]) == ("journey:journeys/test_shop.py::test_pay", os.getpid())
    assert turn["began_us"] >= turn["claimed_us"]


@pytest.mark.browser
def test_a_run_says_for_which_run_of_another_workspace_it_waits(desks: tuple[Desk, Desk]) -> None:
    """In a log it is one line, with check, workspace, process and since when; then the run is made."""
    first, second = desks
    with turns_of(first).taken(Claim("journey:journeys/test_shop.py::test_pay", 600.0)):
        environment = {**os.environ, "TMPDIR": str(second.temporary)}
        process = subprocess.Popen(
            [sys.executable, "-m", "outrider", "run"], cwd=second.root, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = first_message(process)
    output, errors = process.communicate(timeout=WAIT_S)

    assert re.search(
        rf"1/1 test_here waits for journeys/test_shop.py::test_pay of {re.escape(str(first.root))} "
        rf"\(process {os.getpid()}\), under way since \d\d:\d\d:\d\d$",
        line.strip(),
    ), line
    assert process.returncode == 0, output + errors
    assert "passed" in output
