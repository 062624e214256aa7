"""`outrider project`, as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.cli.conftest import Desk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", '[errors]\nurl = "https://errors.shop.example"\n')
    return desk


def test_a_project_is_added_and_its_keys_are_rotated_and_revoked(place: Desk) -> None:
    """A DSN is all that standard output holds, so that a script can keep it."""
    dsn = place.outrider("project", "add", "checkout").stdout.strip()
    (old,) = place.json("project", "keys", "1", "--json")
    new = place.json("project", "rotate", old["id"][:8], "--overlap", "1d", "--json")
    browser = place.json("project", "add-key", "1", "--origin", "https://Shop.example:443/", "--json")

    assert dsn == old["dsn"] == f"https://{old['id']}@errors.shop.example/1"
    assert dsn in place.outrider("project", "keys", "1").stdout
    keys = {key["id"]: key for key in place.json("project", "keys", "1", "--json")}
    assert keys[old["id"]]["expires_us"] - new["created_us"] == 86_400_000_000
    assert (browser["purpose"], browser["origins"]) == ("browser", ["https://shop.example"])
    assert browser["per_address"] > 0
    assert place.outrider("project", "revoke", new["id"]).stdout == f"revoked {new['id']} of project 1\n"
    assert "takes 9 events a day" in place.outrider("project", "limit", "1", "--per-day", "9").stdout
    (project,) = place.json("project", "list", "--json")
    assert (project["service"], project["environment"], project["per_day"]) == ("checkout", "production", 9)
    with new_store(place.root / ".outrider/outrider.db", artifacts=place.root / ".outrider/artifacts") as store:
        actions = [entry.action for entry in store.audit.search()]
    assert actions == ["project.limit", "project.revoke", "project.add-key", "project.rotate", "project.add"]


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("add", ""), "bad-project"),
        (("add", "x", "--origin", "shop.example"), "bad-url"),
        (("add", "x", "--origin", "https://shop.example/path"), "bad-url"),
        (("keys", "1"), "unknown-project"),
        (("add-key", "7"), "unknown-project"),
        (("revoke", "a"), "unknown-project-key"),
    ],
)
def test_what_cannot_be_done_says_why(place: Desk, arguments: tuple[str, ...], slug: str) -> None:
    """And leaves nothing behind."""
    refused = place.outrider("project", *arguments)

    assert (refused.returncode, f"[{slug}]" in refused.stderr) == (2, True), refused.stderr
    assert place.json("project", "list", "--json") == []


def test_a_service_has_one_project_in_an_environment(place: Desk) -> None:
    """Two would divide its errors."""
    place.outrider("project", "add", "checkout")

    assert "[project-exists]" in place.outrider("project", "add", "checkout").stderr
    assert place.outrider("project", "add", "checkout", "-e", "staging").returncode == 0
