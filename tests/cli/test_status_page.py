"""`outrider status-page`, as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.cli.conftest import Desk

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """[status_page]
title = "Shop status"
[[status_page.component]]
name = "Checkout"
group = "Shop"
match = "home"
"""
PROBE = '[home]\nkind = "http"\nurl = "http://127.0.0.1:9/canary-address"\n'


@pytest.fixture
def place(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", PAGE)
    desk.write("probes/shop.toml", PROBE)
    return desk


def test_an_incident_is_opened_updated_listed_and_audited(place: Desk) -> None:
    """The id is all that standard output holds, so that a script can keep it; an end of it is enough."""
    opened = place.outrider(
        "status-page", "open", "Payments fail", "We look.", "--component", "Shop/Checkout", "--impact", "down"
    )
    incident = opened.stdout.strip()
    updated = place.outrider("status-page", "update", incident[-8:], "It works again.", "--state", "resolved")

    (listed,) = place.json("status-page", "list", "--json")
    assert len(incident) == 32
    assert updated.stdout == f"updated {incident}: Payments fail\n"
    assert (listed["id"], listed["state"], listed["impact"]) == (incident, "resolved", "down")
    assert [update["text"] for update in listed["updates"]] == ["It works again.", "We look."]
    with new_store(place.root / ".outrider/outrider.db", artifacts=place.root / ".outrider/artifacts") as store:
        assert [entry.action for entry in store.audit.search()] == ["status-page.update", "status-page.open"]


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("open", " ", "text"), "bad-argument"),
        (("open", "title", ""), "bad-argument"),
        (("open", "title", "x" * 100_000), "bad-argument"),
        (("open", "title", "text", "--component", "Chekout"), "unknown-component"),
        (("open", "title", "text", "--impact", "down"), "bad-argument"),
        (("update", "none", "text"), "unknown-status-incident"),
        (("update", "", "text"), "unknown-status-incident"),
    ],
)
def test_what_cannot_be_written_says_why(place: Desk, arguments: tuple[str, ...], slug: str) -> None:
    """And nothing is public then."""
    failed = place.outrider("status-page", *arguments)

    assert (failed.returncode, f"[{slug}]" in failed.stderr) == (2, True)
    assert place.json("status-page", "list", "--json") == []


def test_without_a_status_page_each_command_says_how_to_get_one(place: Desk) -> None:
    """It is off by default."""
    place.write("outrider.toml", "")

    for arguments in (("open", "a", "b"), ("list",), ("export", "public")):
        failed = place.outrider("status-page", *arguments)
        assert (failed.returncode, "[status-page-off]" in failed.stderr) == (2, True)
    assert not (place.root / "public").exists()


def test_the_page_is_exported_and_exported_again(place: Desk) -> None:
    """What the page no longer has is removed; files of others in the folder stay, and nothing leaks."""
    public = place.root / "public"
    (public / "incidents").mkdir(parents=True)
    (public / "incidents" / f"{'0' * 32}.html").touch()
    (public / "incidents" / "notes.html").touch()
    (public / "robots.txt").touch()
    incident = place.outrider("status-page", "open", "Payments fail", "We look.").stdout.strip()

    exported = place.outrider("status-page", "export", "public")

    names = {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    own = {name for name in names if not name.startswith("badges/")}
    assert exported.returncode == 0, exported.stderr
    assert own == {
        "index.html", "history.html", "status.css", "feed.atom", "status.json", "badge.svg", "robots.txt",
        "incidents/notes.html", f"incidents/{incident}.html",
    }  # fmt: skip
    assert "canary" not in "".join(path.read_text(encoding="utf-8") for path in public.rglob("*") if path.is_file())
    assert "Payments fail" in (public / "index.html").read_text(encoding="utf-8")


def test_an_export_into_a_file_says_so(place: Desk) -> None:
    """A folder is needed."""
    place.write("public/badges", "a file")

    failed = place.outrider("status-page", "export", "public")

    assert (failed.returncode, "[unwritable-folder]" in failed.stderr) == (2, True)


def test_a_component_whose_check_is_gone_is_noted_by_validate(place: Desk) -> None:
    """The page says "no data" of it, and whoever edits the workspace learns why."""
    place.write("probes/shop.toml", PROBE.replace("[home]", "[start]"))

    answer = place.outrider("validate")

    assert 'component "Checkout" of the status page: "home" matches no check' in answer.stdout + answer.stderr
