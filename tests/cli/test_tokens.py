"""`outrider tokens`, as it is typed."""

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
    desk.write("outrider.toml", "")
    return desk


def test_a_token_is_printed_once_listed_and_revoked(place: Desk) -> None:
    """The secret is all that standard output holds, so that a script can keep it."""
    created = place.outrider("tokens", "create", "ci", "--role", "operator", "--expires", "90d", OUTRIDER_USER="root")

    (token,) = place.json("tokens", "list", "--json")
    assert created.stdout.startswith("outrider_api_")
    assert len(created.stdout.split()) == 1
    assert (token["name"], token["role"], token["author"], token["used_us"]) == ("ci", "operator", "root", None)
    assert token["expires_us"] - token["created_us"] == 90 * 86_400_000_000
    assert created.stdout.strip() not in place.outrider("tokens", "list").stdout
    assert place.outrider("tokens", "revoke", token["id"]).stdout == f"revoked {token['id']}\n"
    assert "revoked" in place.outrider("tokens", "list").stdout
    with new_store(place.root / ".outrider/outrider.db", artifacts=place.root / ".outrider/artifacts") as store:
        assert [entry.action for entry in store.audit.search()] == ["token.revoke", "token.create"]


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("create", ""), "bad-token-request"),
        (("create", "x", "--expires", "100000d"), "bad-token-request"),
        (("create", "x", "--kind", "heartbeat"), "bad-token-request"),
        (("create", "x", "--kind", "heartbeat", "--check", "none"), "unknown-check"),
        (("revoke", "none"), "unknown-token"),
    ],
)
def test_what_cannot_be_done_says_why(place: Desk, arguments: tuple[str, ...], slug: str) -> None:
    """And leaves neither a token nor an entry in the audit log."""
    refused = place.outrider("tokens", *arguments)

    assert (refused.returncode, f"[{slug}]" in refused.stderr) == (2, True), refused.stderr
    assert place.json("tokens", "list", "--json") == []


def test_without_tokens_the_list_says_how_to_make_one(place: Desk) -> None:
    """On standard error, since there is nothing to list."""
    assert "outrider tokens create NAME" in place.outrider("tokens", "list").stderr
