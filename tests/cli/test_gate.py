"""The gate, from runs to a verdict, by the real program in a real browser."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from tests.cli.conftest import interrupt, serving, start

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

JOURNEYS = """
import os

def test_buy(page, base_url, step):
    with step("open"):
        page.goto(base_url or os.environ["SITE"])
        page.wait_for_timeout(20 + float(os.environ.get("SLOW_MS", 0)))
"""
HARD_CODED = """
import os

def test_stubborn(page):
    page.goto(os.environ["SITE"])
"""


@pytest.fixture(scope="module")
def gated(desk: Desk, site: str) -> Desk:
    """A workspace with eight stored runs, accepted."""
    desk.write("outrider.toml", "[journeys]\nstarved_above = 1.0\n")
    desk.write("journeys/test_buy.py", JOURNEYS)
    done = desk.outrider("run", "--repeat", "8", SITE=site)
    assert done.returncode == 0, done.stdout + done.stderr
    accepted = desk.outrider("baseline", "accept", "--runs", "2", SITE=site)
    assert accepted.returncode == 0, accepted.stderr
    assert "accepted  baselines/journeys-test_buy.py-test_buy.json  4 sessions of 2 runs" in accepted.stdout
    return desk


@pytest.fixture
def here(gated: Desk) -> Desk:
    """The same workspace for commands that start no browser."""
    return replace(gated, in_process=True)


def test_a_slower_candidate_fails_and_every_report_says_so(gated: Desk, site: str) -> None:
    """Against what was accepted: exit code, JSON, JUnit, Markdown and GitHub's annotations agree."""
    summary = gated.root / "summary.md"
    done = gated.outrider(
        "gate", "--runs", "2", "--json", "--junit", "made/gate.xml", "--markdown", "gate.md", "--github",
        SITE=site, SLOW_MS="400", GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip

    document = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert document["verdict"] == "fail"
    assert {row["step"]: row["verdict"] for row in document["findings"]} == {None: "pass", "open": "fail"}
    assert ET.fromstring((gated.root / "made/gate.xml").read_text()).get("failures") == "1"
    assert (gated.root / "gate.md").read_text() == summary.read_text()
    assert "::error file=journeys/test_buy.py,line=4::open: candidate takes" in done.stderr


def test_the_last_stored_runs_can_be_the_base(gated: Desk, site: str) -> None:
    """And CI may choose what an inconclusive gate means."""
    done = gated.outrider("gate", "--last", "8", "--runs", "2", "--inconclusive", "pass", SITE=site, SLOW_MS="400")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "gate: fail" in done.stdout


def test_two_addresses_are_measured_in_turns(gated: Desk, site: str) -> None:
    """Both sides are visited; a journey with an address of its own is a wrong setup, by name."""
    gated.write("journeys/test_stubborn.py", HARD_CODED)
    with serving() as other:
        done = gated.outrider(
            "gate", "--ab", site, other, "--runs", "1", "--sessions", "4", "--floor", "500", "--json", SITE=site
        )

    document = json.loads(done.stdout)
    assert done.returncode == 4, done.stderr
    assert {(row["step"], row["sessions"]) for row in document["findings"]} == {(None, 0), ("open", 4)}
    assert {row["verdict"] for row in document["findings"]} == {"pass"}
    (wrong,) = document["wrong"]
    assert wrong.startswith(f"journeys/test_stubborn.py::test_stubborn: never asked {other}")


def test_a_candidate_is_compared_with_itself(gated: Desk, site: str) -> None:
    """The share of false fails is printed for every step."""
    done = gated.outrider("gate", "test_buy", "--self-test", "--sessions", "4", "--runs", "1", "--json", SITE=site)

    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert 0 <= document["false_fail_rate"] <= 1
    assert [row["step"] for row in document["steps"]] == [None, "open"]


def test_baselines_are_shown_and_compared_with_the_latest_runs(here: Desk, site: str) -> None:
    """What accepting now would change; a file of a check that exists no more is named."""
    stale = here.root / "baselines/stale.json"
    text = (here.root / "baselines/journeys-test_buy.py-test_buy.json").read_text()
    stale.write_text(text.replace("::test_buy", "::test_gone"))

    shown = json.loads(here.outrider("baseline", "show", "test_buy.py::test_buy", "--json").stdout)
    compared = here.outrider("baseline", "diff", "--json", SITE=site)
    stale.unlink()

    assert [row["sessions"] for row in shown] == [4]
    assert [row["step"] for row in json.loads(compared.stdout)] == ["open"]
    assert "::test_gone exists no more: remove baselines/stale.json" in compared.stderr


@pytest.mark.parametrize(
    ("arguments", "spoilt", "code", "words"),
    [
        (["gate"], '{"format": 9}', 2, "baseline-version"),
        (["gate"], '{"form', 2, "baseline-damaged"),
        (["gate"], None, 2, "no-baseline"),
        (["gate", "--last", "1000", "--runs", "500"], None, 2, "no-baseline"),
        (["gate", "--last", "5", "--self-test"], None, 2, "exclude each other"),
        (["gate", "no-such-check"], None, 2, "unknown-check"),
        (["gate", "--ab", "https://shop.test", "pr-17"], None, 2, "bad-address"),
        (["baseline", "accept", "--runs", "500"], None, 2, "no-baseline"),
        (["calibrate"], None, 2, "too-few-days"),
        (["release", "2.1", "--at", "yesterday"], None, 2, "write 2026-03-01"),
    ],
)
def test_wrong_input_is_told(here: Desk, arguments: list[str], spoilt: str | None, code: int, words: str) -> None:
    """Files of another version, damaged or missing, and wrong words: what, where, what to do."""
    (file,) = (here.root / "baselines").glob("*.json")
    text = file.read_text()
    try:
        if spoilt is None:
            file.unlink()
        else:
            file.write_text(spoilt)
        done = here.outrider(*arguments)
    finally:
        file.write_text(text)

    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stderr


def test_another_machine_is_said_and_widens_the_margin(gated: Desk, site: str) -> None:
    """A baseline from elsewhere tolerates a quarter more; one of a check that exists no more is named."""
    (file,) = (gated.root / "baselines").glob("*.json")
    text, stale = file.read_text(), gated.root / "baselines/stale.json"
    file.write_text(text.replace('"machine": "', '"machine": "not-'))
    stale.write_text(text.replace("::test_buy", "::test_gone"))

    done = gated.outrider("gate", "test_buy", "--runs", "2", "--json", SITE=site)
    file.write_text(text)
    stale.unlink()

    document = json.loads(done.stdout)
    assert "the margin is widened" in document["notes"][0]
    assert (
        document["notes"][1] == "stale.json is of journey:journeys/test_buy.py::test_gone, which exists no more: "
        "remove the file"
    )
    assert "after 4 sessions: 1 of 1 check done" in done.stderr
    assert "margin of 2" in next(row["reason"] for row in document["findings"] if row["step"])


def test_a_baseline_of_another_environment_is_left_out(here: Desk, site: str) -> None:
    """And said to be so, when there is nothing else to compare with."""
    here.write("scheduler/schedule.toml", '[[check]]\nmatch = "journeys/*"\nenvironment = "staging"\n')
    done = here.outrider("gate", "test_buy", SITE=site)
    (here.root / "scheduler/schedule.toml").unlink()

    assert done.returncode == 2
    assert "was accepted in production, not in staging" in done.stderr


def test_ctrl_c_leaves_things_whole(gated: Desk, site: str) -> None:
    """No report is half there, and no process and no file stays behind."""
    here = replace(gated, in_process=True)
    before = here.json("runs", "--limit", "1", "--json")
    arguments = ("gate", "test_buy", "--runs", "2", "--junit", "late.xml")
    process = start(gated.root, *arguments, TMPDIR=str(gated.temporary), SITE=site, SLOW_MS="500")
    while here.json("runs", "--limit", "1", "--json") == before:
        assert process.poll() is None
    _, stderr = interrupt(process)

    assert (process.returncode, stderr.splitlines()[-1]) == (130, "interrupted")
    assert not (gated.root / "late.xml").exists()
    assert gated.leftovers() == []


def test_the_judge_says_how_each_step_does(here: Desk) -> None:
    """And why; what gates measured is left out."""
    reported = here.json("judge", "--json")

    buy = [row for row in reported if row["check"].endswith("test_buy")]
    assert [(row["step"], row["condition"], row["environment"]) for row in buy] == [
        (None, "learning", "production"), ("open", "learning", "production"),
    ]  # fmt: skip
    assert "waits for 300 runs" in buy[1]["reason"]
    assert "learning   journeys/test_buy.py::test_buy  open" in here.outrider("judge", "*test_buy").stdout


def test_releases_are_marked(here: Desk) -> None:
    """With a time and a place, for changes to be explained by."""
    here.outrider("release", "2.0", "--at", "2026-01-01T00:00:00")
    output = here.outrider("release", "2.1", "--at", "2026-01-02T01:00:00+01:00", "--accept").stdout

    assert output.splitlines() == [
        "2026-01-01 00:00:00 UTC  production   2.0",
        "2026-01-02 00:00:00 UTC  production   2.1  accepted",
    ]
    assert "no step took a new level" in here.outrider("changes").stdout
