"""`outrider users`, as it is typed: passwords come by standard input, and every change is in the audit log."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.cli.conftest import Desk

from outrider.app.access.workspace_access import now_us
from outrider.model import Role, SignInSession
from outrider.server.passwords import is_password

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.store import Store

PASSWORD = "correct horse battery"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A workspace, and a password on standard input."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", "")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n" * 9))
    return desk


def store_of(desk: Desk) -> Store:
    return new_store(desk.root / ".outrider/outrider.db", artifacts=desk.root / ".outrider/artifacts")


def test_a_user_is_added_listed_changed_and_removed(place: Desk) -> None:
    """Each change by itself; who did it stands in the audit log."""
    outputs = [
        place.outrider("users", *arguments, OUTRIDER_USER="root").stdout
        for arguments in (
            ("add", "Zoë", "--role", "admin"),
            ("role", "zoë", "operator"),
            ("passwd", "Zoë"),
            ("sign-out", "Zoë"),
        )
    ]

    assert outputs == [
        "added Zoë, admin\n",
        "Zoë is operator now\n",
        "changed the password of Zoë\n",
        "ended 0 sessions of Zoë\n",
    ]
    assert place.json("users", "list", "--json")[0]["role"] == "operator"
    with store_of(place) as store:
        (user,) = store.users.all()
        assert (user.role, is_password(PASSWORD, user.password_hash)) == (Role.OPERATOR, True)
        entries = [(entry.actor, entry.action, entry.subject, entry.detail) for entry in store.audit.search()]
    assert entries[1:] == [
        ("root", "user.password", "Zoë", ""),
        ("root", "user.role", "Zoë", "admin to operator"),
        ("root", "user.add", "Zoë", "admin"),
    ]
    assert place.outrider("users", "remove", "ZOË").returncode == 0
    assert "no users" in place.outrider("users", "list").stderr


def test_browsers_that_are_signed_in_are_listed_and_signed_out(place: Desk) -> None:
    """Those whose time is over are left out; no digest is shown."""
    at_us = now_us()
    session = SignInSession("d" * 64, "Ada", Role.VIEWER, "oidc", at_us, at_us, at_us + 10**10, "10.0.0.9", "Firefox")
    with store_of(place) as store:
        store.sessions.begin(session)
        store.sessions.begin(replace(session, digest="e" * 64, user="Eve"))
        store.sessions.begin(replace(session, digest="f" * 64, expires_us=at_us))

    listed = place.json("users", "sessions", "--json")
    shown = place.outrider("users", "sessions", "ada").stdout

    assert sorted(line["user"] for line in listed) == ["Ada", "Eve"]
    assert all(len(line["id"]) == 12 for line in listed)
    assert shown.startswith("Ada  viewer  seen ")
    assert shown.endswith("from 10.0.0.9  Firefox\n")
    assert place.outrider("users", "sign-out", "ada").stdout == "ended 2 sessions of ada\n"
    assert "nobody is signed in" in place.outrider("users", "sessions", "ada").stderr


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("role", "nobody", "admin"), "unknown-user"),
        (("passwd", "nobody"), "unknown-user"),
        (("remove", "nobody"), "unknown-user"),
        (("add", "ADA"), "user-exists"),
        (("add", " ada"), "bad-user-name"),
        (("add", "a\u202eb"), "bad-user-name"),
        (("add", "x" * 101), "bad-user-name"),
        (("add", ""), "bad-user-name"),
        (("add", "Local"), "bad-user-name"),
        (("add", "token ci"), "bad-user-name"),
    ],
)
def test_what_cannot_be_done_says_why_and_leaves_no_entry(place: Desk, arguments: tuple[str, ...], slug: str) -> None:
    """The names that there are, and what a name may be."""
    assert place.outrider("users", "add", "ada").returncode == 0

    refused = place.outrider("users", *arguments)

    assert (refused.returncode, f"[{slug}]" in refused.stderr) == (2, True), refused.stderr
    with store_of(place) as store:
        assert len(store.audit.search()) == 1


def test_a_password_that_is_too_short_or_missing_is_refused(place: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty standard input is no password."""
    for text in ("short\n", ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

        refused = place.outrider("users", "add", "ada")

        assert (refused.returncode, "[weak-password]" in refused.stderr) == (2, True)
