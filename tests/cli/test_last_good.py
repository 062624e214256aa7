"""A failure beside the last good run of its check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import CALM, Desk

if TYPE_CHECKING:
    from collections.abc import Mapping

JOURNEY = """
import os
from playwright.sync_api import expect

def test_shop(page):
    page.goto(os.environ["SITE"])
    page.goto(os.environ["SITE"] + os.environ["PATH_ASKED"])
    expect(page.get_by_role("heading")).to_have_text("Console", timeout=1500)
    page.get_by_role("heading").click()
"""


@pytest.fixture
def own_desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "ws", tmp_path / "tmp")
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", f"{CALM}[defaults]\nretries = 0\n")
    desk.write("journeys/test_shop.py", JOURNEY)
    return desk


def artifacts(desk: Desk, run: Mapping[str, Any]) -> set[str]:
    return {artifact["kind"] for artifact in desk.json("show", run["id"], "--json")["artifacts"]}


@pytest.mark.browser
def test_a_failure_is_shown_beside_the_last_good_run(own_desk: Desk, site: str) -> None:
    """Steps, requests and pictures: what passed keeps trace, HAR and one picture."""
    good = own_desk.run(SITE=site, PATH_ASKED="/console")["test_shop"]
    bad = own_desk.run(SITE=site, PATH_ASKED="/gone")["test_shop"]

    text = own_desk.outrider("show", bad["id"], "--against", "last-good")
    compared = own_desk.json("show", bad["id"], "--against", "last-good", "--json")
    page = Path(compared["page"]).read_text()

    assert artifacts(own_desk, good) == {"trace", "har", "screenshot"}
    assert good["attempts"][0]["samples"]
    assert text.returncode == 0, text.stderr
    assert "goto /gone" in text.stdout
    assert "missing" in text.stdout
    steps = {step["name"]: step["difference"] for step in compared["steps"]}
    assert steps["goto /gone"] == "new"
    assert steps["goto /console"] == "not reached"
    assert steps['expect get_by_role("heading") to_have_text'] == "failed"
    assert steps['click get_by_role("heading")'] == "not reached"
    requests = {(item["address"].removeprefix(site), item["good"], item["bad"]) for item in compared["requests"]}
    assert {("/console", "200", ""), ("/gone", "", "404")} <= requests
    assert (compared["run"], compared["good"], compared["notes"]) == (bad["id"], good["id"], [])
    assert page.count('src="data:image/png;base64,') == 2


@pytest.mark.browser
def test_a_picture_is_taken_now_and_then_or_never(own_desk: Desk, site: str) -> None:
    """The second run of a process takes none within the hour; `last_good = "0s"` keeps nothing."""
    first, second = own_desk.json("run", "--json", "--repeat", "2", SITE=site, PATH_ASKED="/console")["runs"]
    kept = artifacts(own_desk, first), artifacts(own_desk, second)
    own_desk.write("outrider.toml", f'{CALM}[retention]\nlast_good = "0s"\n')
    third = own_desk.run(SITE=site, PATH_ASKED="/console")["test_shop"]

    assert kept == ({"trace", "har", "screenshot"}, {"trace", "har"})
    assert artifacts(own_desk, third) == {"trace", "har"}


def test_without_a_good_run_there_is_nothing_to_compare_with(own_desk: Desk) -> None:
    """The message says where none passed."""
    own_desk.in_process = True
    own_desk.write("probes/closed.toml", '[closed]\nkind = "tcp"\naddress = "127.0.0.1:1"\n')
    (run,) = json.loads(own_desk.outrider("run", "probe:probes/closed.toml::closed", "--json").stdout)["runs"]

    done = own_desk.outrider("show", run["id"], "--against", "last-good")

    assert done.returncode == 2
    assert "no run of probe:probes/closed.toml::closed passed at once in production, local" in done.stderr
    assert "[no-last-good]" in done.stderr
