"""`outrider audit`: what the other commands leave in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.cli.conftest import Desk

from outrider.model import CheckId

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Desk:
    """A workspace whose store knows a check."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", "")
    desk.write("probes/a.toml", '[home]\nkind = "http"\nurl = "http://127.0.0.1:9/"\n')
    desk.outrider("run", "home")
    return desk


def test_each_command_that_changes_something_leaves_who_did_it(place: Desk) -> None:
    """Pausing twice and resuming twice is one change each."""
    commands = (
        ("pause", "home", "--reason", "roof"),
        ("resume", "home"),
        ("resume", "home"),
        ("now", "home"),
        ("release", "v2", "--environment", "production"),
        ("silence", "kind=probe", "--for", "2h", "--comment", "deploy", "--by", "grace"),
    )
    for command in commands:
        assert place.outrider(*command, OUTRIDER_USER="ada").returncode == 0, command
    silence = place.json("silence", "--json")[0]["id"]
    place.outrider("silence", "--end", silence, OUTRIDER_USER="ada")

    changes = place.json("audit", "--json")

    home = "probe:probes/a.toml::home"
    assert [(change["actor"], change["action"], change["subject"]) for change in reversed(changes)] == [
        ("ada", "check.pause", home),
        ("ada", "check.resume", home),
        ("ada", "check.run", home),
        ("ada", "release.mark", "v2"),
        ("grace", "silence.add", "kind=probe"),
        ("ada", "silence.end", "kind=probe"),
    ]
    assert changes[1]["detail"] == "2h deploy"
    assert changes[1]["origin"].startswith("command line on ")
    assert changes[1]["origin"].endswith(" by ada")


def test_the_list_is_cut_and_says_so(place: Desk) -> None:
    """An empty one says that nobody has changed anything."""
    assert "nobody has changed anything yet" in place.outrider("audit").stderr
    with new_store(place.root / ".outrider/outrider.db", artifacts=place.root / ".outrider/artifacts") as store:
        store.schedule.pause(CheckId("probe:probes/a.toml::home"), 1)
    for command in ("resume", "pause"):
        place.outrider(command, "home", OUTRIDER_USER="ada")

    shown = place.outrider("audit", "--limit", "1")

    assert "ada  check.pause  probe:probes/a.toml::home" in shown.stdout
    assert "there are earlier ones" in shown.stderr
