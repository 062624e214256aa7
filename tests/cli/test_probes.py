"""Probes by the real program: no browser, no journeys, and the same commands."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import CALM

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

PROBES = """
[passes]
kind = "http"
url = "${SITE}/"
expect.contains = "Hello"

[fails]
kind = "http"
url = "${SITE}/none"
retries = 0

[walks]
kind = "api"
[[walks.request]]
name = "first"
url = "${SITE}/"

[nightly]
kind = "heartbeat"
period = "1d"
token = "nightly-token"
"""


@pytest.fixture(scope="module")
def watch(desk: Desk, site: str) -> Desk:
    """A workspace without any journey."""
    desk.in_process = True
    desk.write("outrider.toml", f'{CALM}[env]\nSITE = "{site}"\n')
    desk.write("probes/site.toml", PROBES)
    return desk


def test_probes_run_without_a_browser(watch: Desk) -> None:
    """A path on which there is none is no obstacle, and the exit code is that of the worst outcome."""
    runs = watch.run(PLAYWRIGHT_BROWSERS_PATH="/nowhere", PATH="/nowhere")

    reported = {name.removeprefix("probe:probes/site.toml::"): row["outcome"] for name, row in runs.items()}
    assert reported == {"passes": "passed", "fails": "failed", "walks": "passed", "nightly": "skipped"}


def test_probes_are_listed_and_validated(watch: Desk) -> None:
    """As any other check is."""
    listed = json.loads(watch.outrider("ls", "tag:http", "--json").stdout)
    sound = watch.outrider("validate", PLAYWRIGHT_BROWSERS_PATH="/nowhere", PATH="/nowhere")

    assert [(row["kind"], row["name"], row["line"]) for row in listed] == [
        ("probe", "passes", 2),
        ("probe", "fails", 7),
    ]
    assert (sound.returncode, sound.stdout) == (0, "4 checks, no problems\n")


def test_a_stored_probe_is_told_to_people(watch: Desk) -> None:
    """`runs` finds it; `show` tells phases, reason, and where the body lies."""
    runs = watch.run("probes/site.toml::fails")
    (row,) = runs.values()

    listed = watch.outrider("runs", "*fails*").stdout
    shown = watch.outrider("show", row["id"]).stdout

    assert row["id"][-8:] in listed
    for words in ("status 404, not 200 to 399", "connect", "first byte", "remote 127.0.0.1"):
        assert words in shown
    (headers,) = [line.split()[1] for line in shown.splitlines() if line.strip().startswith("log")]
    assert Path(headers).read_text().startswith("HTTP/1.1 404")


def test_problems_are_told_with_their_lines(watch: Desk) -> None:
    """The sound probes still run."""
    watch.write("probes/broken.toml", '[x]\nkind = "http"\nurl = "nonsense"\n')
    try:
        wrong = watch.outrider("validate", "--json")
        run = watch.outrider("run", "probe:*passes")
    finally:
        (watch.root / "probes" / "broken.toml").unlink()

    (problem,) = json.loads(wrong.stdout)["problems"]
    assert (wrong.returncode, problem["where"], problem["slug"]) == (2, "probes/broken.toml:3", "bad-url")
    assert run.returncode == 0
    assert "probes/broken.toml; outrider validate shows them" in run.stderr


@pytest.mark.slow
def test_a_job_calls_its_heartbeat(watch: Desk) -> None:
    """The server notes the call, and the probe, in another process, sees it."""
    command = [sys.executable, "-m", "outrider", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=watch.root, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            output = server.stdout.readline()
            address = output.split()[2].rstrip(",")
            with urllib.request.urlopen(f"{address}/heartbeat/nightly-token", timeout=30) as answer:
                noted = answer.read()
        finally:
            server.terminate()

    (run,) = watch.run("probes/site.toml::nightly").values()

    assert "1 heartbeat" in output
    assert (noted, run["outcome"]) == (b"noted\n", "passed")


def test_a_workspace_can_switch_probes_off(watch: Desk) -> None:
    """One line, and they are gone."""
    settings = (watch.root / "outrider.toml").read_text()
    watch.write("outrider.toml", f"{settings}[capabilities]\nprobes = false\n")
    try:
        listed = watch.outrider("ls", "--json").stdout
    finally:
        watch.write("outrider.toml", settings)

    assert json.loads(listed) == []
