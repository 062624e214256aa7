"""`outrider load`, as somebody types it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import CALM, WAIT_S, first_message, interrupt, start

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

SETTINGS = CALM + '[load]\nbusy_above = 1.0\nlate = "30s"\n'
LOCUSTFILE = """
from locust import HttpUser, constant, task
class Visitor(HttpUser):
    wait_time = constant(0.05)
    @task
    def look(self):
        self.client.get("/tiny")
"""
TABLE = """
[visitors]
kind = "load"
file = "probes/visitors_load.py"
host = "{site}"
users = 2
spawn_rate = 50
duration = "2s"
"""


@pytest.fixture
def loads(desk: Desk, site: str) -> Desk:
    desk.in_process = True
    desk.write("outrider.toml", SETTINGS)
    desk.write("probes/visitors_load.py", LOCUSTFILE)
    desk.write("probes/loads.toml", TABLE.format(site=site))
    return desk


@pytest.mark.slow
def test_shows_how_it_goes_and_ends_with_a_table(loads: Desk) -> None:
    done = loads.outrider("load", "visitors")

    assert done.returncode == 0, done.stderr
    assert re.search(
        r"visitors: 2 users, [\d.]+ requests/s, p50/p95/p99 \S+ ms, 0.0 % failed, [\d.]+ s left", done.stderr
    )
    assert re.search(r"^passed\s+load:probes/loads.toml::visitors  2 users, 2 s, run \w+$", done.stdout, re.MULTILINE)
    assert re.search(r"^GET /tiny\s+\d+", done.stdout, re.MULTILINE)


def test_keeps_its_run_with_endpoints_as_steps(loads: Desk) -> None:
    printed = loads.json("load", "visitors", "--json")

    stored = loads.json("show", "--json", printed["run"]["id"])
    (endpoint,) = printed["endpoints"]
    assert stored["attempts"][0]["steps"][0]["title"] == endpoint["endpoint"] == "GET /tiny"
    assert stored["environment"] == "production"
    assert endpoint["requests"] > 5


@pytest.mark.slow
def test_what_is_typed_wins_and_is_a_trial(loads: Desk) -> None:
    printed = loads.json("load", "probes/visitors_load.py", "-u", "3", "-t", "1s", "--json")

    assert printed["run"]["environment"] == "production-trial"
    assert {sample["value"] for sample in printed["run"]["attempts"][0]["samples"] if sample["metric"] == "users"} == {
        3
    }


@pytest.mark.slow
def test_the_knee_of_a_short_ramp_is_not_reached(loads: Desk) -> None:
    done = loads.outrider("load", "visitors", "--find-knee", "--max-users", "8", "--step", "1s")

    assert re.search(r"^knee: not reached: .*raise --max-users", done.stdout, re.MULTILINE), done.stdout


def test_is_never_made_in_passing(loads: Desk) -> None:
    done = loads.outrider("run", "probes/")

    assert done.returncode == 2
    assert "outrider load NAME" in done.stderr


@pytest.mark.slow
def test_interrupted_it_keeps_partial_results(loads: Desk) -> None:
    process = start(loads.root, "load", "visitors", "-t", "60s", TMPDIR=str(loads.temporary))
    first_message(process)
    stdout, stderr = interrupt(process)

    assert process.returncode == 130, stderr
    assert re.search(r"interrupted after \d+ s: these are partial results", stdout)
    (line, *_) = loads.json("runs", "--json")
    assert (line["outcome"], line["environment"]) == ("inconclusive", "production-trial")
    assert loads.leftovers() == []


@pytest.mark.slow
def test_sigterm_keeps_and_prints_partial_results(loads: Desk) -> None:
    """As Ctrl-C does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "outrider", "load", "visitors", "-t", "60s"],
        cwd=loads.root,
        env={**os.environ, "TMPDIR": str(loads.temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first_message(process)
    process.terminate()
    stdout, stderr = process.communicate(timeout=WAIT_S)

    assert process.returncode == 130, stderr
    assert re.search(r"interrupted after \d+ s: these are partial results", stdout)
    assert re.search(r"^GET /tiny\s+\d+", stdout, re.MULTILINE)


@pytest.mark.slow
def test_a_typed_locustfile_runs_in_the_folder_of_its_caller(loads: Desk, site: str) -> None:
    """What it opens and imports is found as with Locust."""
    loads.write("perf/users.csv", "ada\n")
    loads.write("perf/shapes/names.py", "NAME = 'x'\n")
    head = "from shapes.names import NAME\nUSERS = open('users.csv').read()\n"
    loads.write("perf/files/any.py", head + LOCUSTFILE.replace("wait_time", f"host = {site!r}\n    wait_time"))

    done = subprocess.run(
        [sys.executable, "-m", "outrider", "load", "files/any.py", "-u", "1", "-t", "2s"],
        cwd=loads.root / "perf",
        env={**os.environ, "TMPDIR": str(loads.temporary)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_file_of_several_profiles_names_them(loads: Desk, site: str) -> None:
    """Nobody has to guess which names exist."""
    table = TABLE.format(site=site)
    loads.write("probes/loads.toml", table + table.replace("visitors]", "crowd]"))

    done = loads.outrider("load", "probes/visitors_load.py")

    assert done.returncode == 2
    assert "is the locustfile of 2 load profiles" in done.stderr
    assert "name one of visitors, crowd" in done.stderr


@pytest.mark.slow
def test_a_worker_elsewhere_shares_the_load(loads: Desk, site: str) -> None:
    table = TABLE.format(site=site).replace('"2s"', '"4s"')
    loads.write("probes/loads.toml", table + 'workers = 1\narguments = ["--master-bind-port", "5617"]\n')
    environment = {**os.environ, "TMPDIR": str(loads.temporary)}
    command = [sys.executable, "-m", "outrider", "load", "visitors", "--worker-of", "127.0.0.1:5617"]
    with subprocess.Popen(command, cwd=loads.root, env=environment) as worker:
        printed = loads.json("load", "visitors", "--json")
        code = worker.wait(timeout=WAIT_S)

    assert (printed["run"]["outcome"], code) == ("passed", 0), printed["run"]["reason"]
    assert printed["endpoints"][0]["requests"] > 5


@pytest.mark.browser
def test_a_journey_runs_beside_it(loads: Desk, site: str) -> None:
    loads.write("outrider.toml", SETTINGS)
    loads.write("journeys/test_look.py", f'def test_look(page): page.goto("{site}")\n')
    table = (
        TABLE.format(site=site).replace('"2s"', '"32s"') + 'shape = {kind = "steps", users = [1, 4], every = "8s"}\n'
    )
    loads.write("probes/loads.toml", table + 'journey = "journeys/test_look.py"\n')

    printed = loads.json("load", "visitors", "--json")

    levels = {row["users"]: row for row in printed["foreground"] if row["outcome"] == "passed"}
    assert set(levels) == {1, 4}
    assert all("goto" in " ".join(level["steps"]) for level in levels.values())
    run = loads.json("show", "--json", levels[4]["run"])
    assert run["environment"] == "production-load"
    assert loads.leftovers() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("load", "nothing"), 'no check matches "nothing"'),
        (("load", "nothing.py"), "there is no file nothing.py"),
        (("load", __file__), "lies outside the workspace"),
        (("load", "visitors", "--host", "shop"), "is not a URL"),
        (("load", "visitors", "--host", "https://shop.example"), "no load may go to shop.example"),
        (("load", "visitors", "-t", "5"), "is not a duration"),
        (("load", "visitors", "--worker-of", "a:b:c"), "is not an address"),
        (("load", "visitors", "-u", "0"), "Invalid value"),
    ],
)
def test_wrong_words_are_refused(loads: Desk, arguments: tuple[str, ...], message: str) -> None:
    done = loads.outrider(*arguments)

    assert done.returncode == 2
    assert message in done.stderr


def test_load_can_be_switched_off(loads: Desk) -> None:
    loads.write("outrider.toml", SETTINGS + "[capabilities]\nload = false\n")

    done = loads.outrider("load", "visitors")

    assert done.returncode == 2
    assert "set load = true" in done.stderr
