"""`outrider replays` lists what is kept, shows it, and deletes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner
from tests.builders import new_store

from outrider.app.access.workspace_access import now_us
from outrider.cli.replays import replays
from outrider.model import ReplaySegment

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SESSION = "a" * 32


def test_a_replay_is_listed_shown_and_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each deletion is in the audit log; what is not kept is said to be so."""
    (tmp_path / "outrider.toml").touch()
    state = tmp_path / ".outrider"
    state.mkdir()
    monkeypatch.chdir(tmp_path)
    content, began_us = tmp_path / "part", now_us() - 60_000_000
    content.write_bytes(b"content" * 200)
    part = ReplaySegment(SESSION, "b" * 16, 0, 1, began_us, began_us + 5_000_000, True, 7, "https://shop.example/cart")
    with new_store(state / "outrider.db", artifacts=state / "artifacts") as store:
        store.replays.add(part, content)

    def ask(*arguments: str) -> str:
        return CliRunner().invoke(replays, arguments, catch_exceptions=False).stdout

    assert "https://shop.example/cart" in ask()
    (row,) = json.loads(ask("--json", "--page", "CART", "--project", "1"))["items"]
    assert (row["session"], row["parts"], row["bytes"]) == (SESSION, 1, 1_400)
    assert json.loads(ask("--json", "--page", "checkout")) == {"items": [], "next": None}
    assert [own["events"] for own in json.loads(ask(SESSION, "--json"))["parts"]] == [7]
    assert CliRunner().invoke(replays, [SESSION, "--delete"]).exit_code == 0
    assert ask() == ""
    assert getattr(CliRunner().invoke(replays, [SESSION]).exception, "slug", "") == "unknown-replay"
    with new_store(state / "outrider.db", artifacts=state / "artifacts") as store:
        assert [entry.action for entry in store.audit.search(limit=9)] == ["replay.delete"]
