"""What ran before an interruption is kept, and nothing else stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import first_message, interrupt, start

from outrider.store import Store

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

JOURNEYS = """
import os
def test_1_quick(page): page.goto(os.environ["SITE"])
def test_2_endless(page): page.goto(os.environ["SITE"]); page.wait_for_timeout(60_000)
"""
SETTINGS = """
[journeys]
starved_above = 1.0
[retention]
passed_artifacts = "1us"
"""


def test_ctrl_c_keeps_what_has_finished(desk: Desk, site: str) -> None:
    """The whole group is interrupted, as a terminal does it, once the first run is told."""
    desk.write("outrider.toml", SETTINGS)
    desk.write("journeys/test_both.py", JOURNEYS)
    process = start(desk.root, "run", "--json", TMPDIR=str(desk.temporary), SITE=site)
    first = first_message(process)
    stdout, stderr = interrupt(process)

    assert "passed" in first
    assert (process.returncode, stdout, stderr.splitlines()[-1]) == (130, "", "interrupted")
    assert [row["outcome"] for row in desk.json("runs", "--json")] == ["passed"]
    assert desk.leftovers() == []


def test_a_run_lets_go_of_what_is_past_its_age(desk: Desk, site: str) -> None:
    """The workspace's own retention rules after every `outrider run`."""
    before = [row["id"] for row in desk.json("runs", "--json")]

    desk.run("test_1_quick", SITE=site)

    with Store.open(desk.root / ".outrider/outrider.db", artifacts=desk.root / ".outrider/artifacts") as store:
        old = store.runs.get(before[0])
    assert old.artifacts == ()
    assert old.run.attempts[0].measurement.steps
