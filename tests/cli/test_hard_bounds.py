"""Whatever a page or a test does: the run ends with the right outcome, nothing stays, and the next run is healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

SETTINGS = """
[journeys]
starved_above = 1.0
[defaults]
timeout = "6s"
retries = 0
"""

JOURNEYS = """
import os, signal, subprocess, sys, time
import psutil, pytest

SITE = os.environ["SITE"]

def test_01_endless_script(page): page.goto(SITE + "/spin"); page.wait_for_timeout(300); page.title()
def test_02_evaluate(page): page.goto(SITE); page.evaluate("while (1) {}")
def test_03_synchronous_request(page): page.goto(SITE + "/xhr"); page.get_by_role("button").click(); page.title()

def test_04_dialog(page):
    page.on("dialog", lambda dialog: None)
    page.goto(SITE + "/dialog")
    page.get_by_role("button").click(timeout=0)

def test_05_hung_server(page): page.goto(SITE + "/hang", timeout=0)

def test_06_browser_killed(page):
    page.goto(SITE)
    _kill(lambda line: "--remote-debugging" in line and "--type=" not in line)
    page.title()
    page.get_by_role("heading").click()

def test_07_renderer_killed(page):
    page.goto(SITE)
    _kill(lambda line: "--type=renderer" in line)
    page.title()
    page.get_by_role("heading").click()

def test_08_forks(page):
    page.goto(SITE)
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)

def test_09_endless_loop(page):
    page.goto(SITE)
    while True:
        pass

def test_10_stubborn_loop(page):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    page.goto(SITE)
    while True:
        pass

def test_11_healthy(page): page.goto(SITE)

@pytest.mark.outrider(timeout="20s", retries=1)
def test_12_action_time_out(page): page.goto(SITE); page.get_by_text("No such thing").click(timeout=7_000)

@pytest.mark.outrider(timeout="15s", retries=1)
def test_13_time_out_of_the_run(page): page.goto(SITE); page.get_by_text("No such thing").click()

def _kill(chosen):
    mine = os.environ["TMPDIR"].partition("/outrider-")[0]
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR", "").startswith(mine):
                for one in [process, *process.children(recursive=True)]:  # Chromium's children hide their environment
                    if chosen(" ".join(one.cmdline())):
                        one.kill()
        except psutil.Error:
            pass
"""

OUTCOMES = {
    "test_01_endless_script": {"failed"},
    "test_02_evaluate": {"failed"},
    "test_03_synchronous_request": {"failed"},
    "test_04_dialog": {"failed"},
    "test_05_hung_server": {"failed"},
    "test_06_browser_killed": {"inconclusive"},
    "test_07_renderer_killed": {"inconclusive"},
    "test_08_forks": {"passed"},
    "test_09_endless_loop": {"setup error"},
    "test_10_stubborn_loop": {"setup error"},
    "test_11_healthy": {"passed"},
    "test_12_action_time_out": {"failed"},
    "test_13_time_out_of_the_run": {"failed"},
}


@pytest.fixture(scope="module")
def runs(desk: Desk, site: str) -> dict[str, Any]:
    desk.write("outrider.toml", SETTINGS)
    desk.write("journeys/test_bounds.py", JOURNEYS)
    return {name.removesuffix("[chromium]"): row for name, row in desk.run(SITE=site).items()}


@pytest.mark.parametrize("name", OUTCOMES)
def test_the_run_ends_with_the_right_outcome(runs: dict[str, Any], name: str) -> None:
    """Each misbehaviour is told for what it is."""
    assert runs[name]["outcome"] in OUTCOMES[name], runs[name]["reason"]


def test_what_uses_up_its_time_has_its_evidence(desk: Desk, runs: dict[str, Any]) -> None:
    """The retry leaves no time for another attempt, so it records everything itself, and counts."""
    run = runs["test_12_action_time_out"]

    stored = desk.json("show", run["id"], "--json")

    assert [(attempt["number"], attempt["evidence"]) for attempt in run["attempts"]] == [(1, False), (2, False)]
    kinds = {artifact["kind"] for artifact in stored["artifacts"] if artifact["attempt"] == 2}
    assert {"trace", "har", "screenshot", "video"} <= kinds


def test_a_first_attempt_that_uses_up_the_time_of_the_run_has_its_evidence(desk: Desk, runs: dict[str, Any]) -> None:
    """Its last seconds are filmed, and it is interrupted early enough to save what it recorded."""
    run = runs["test_13_time_out_of_the_run"]

    stored = desk.json("show", run["id"], "--json")

    steps = [step["title"] for step in run["attempts"][0]["steps"]]
    assert [(attempt["number"], attempt["evidence"]) for attempt in run["attempts"]] == [(1, False)]
    assert {"trace", "har", "screenshot", "video"} <= {artifact["kind"] for artifact in stored["artifacts"]}
    assert run["reason"].startswith('time-out after 15 s, waiting for: click get_by_text("No such thing")')
    assert steps == ["goto /", 'click get_by_text("No such thing")']


def test_nothing_is_left_behind(desk: Desk, runs: dict[str, Any]) -> None:
    """No process and no folder outlives the program, detached children of a test included."""
    assert runs
    assert desk.leftovers() == []
