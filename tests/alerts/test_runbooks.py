"""Runbooks: files of the workspace, or addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.alerts.runbooks import FOLDER, is_runbook, read_runbook, runbook_place

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "links", "place"),
    [
        ("pay.md", "", "scheduler/runbooks/pay.md"),
        ("pay.md", "https://outrider.example/", "https://outrider.example/runbooks/pay.md"),
        ("team a/pay?.md", "https://outrider.example", "https://outrider.example/runbooks/team%20a/pay%3F.md"),
        ("https://wiki.example/pay", "https://outrider.example/", "https://wiki.example/pay"),
        ("", "https://outrider.example/", ""),
    ],
)
def test_a_message_says_where_a_runbook_can_be_read(name: str, links: str, place: str) -> None:
    """Its page, its file where there are no pages, or its own address."""
    assert runbook_place(name, links) == place


def test_a_runbook_is_a_file_of_its_folder(tmp_path: Path) -> None:
    """Nothing beside it is read, whatever the name says; bytes that are no text are shown as such."""
    folder = tmp_path / FOLDER
    (folder / "team").mkdir(parents=True)
    (folder / "pay.md").write_bytes(b"# Pay\xff")
    (tmp_path / "outrider.toml").write_text("secret")

    assert read_runbook(tmp_path, "pay.md") == "# Pay\ufffd"
    assert is_runbook(tmp_path, "https://wiki.example/pay")
    for name in ("../../outrider.toml", str(tmp_path / "outrider.toml"), "team", "", "none.md", "a\0b", "x" * 5_000):
        assert not is_runbook(tmp_path, name)
        assert read_runbook(tmp_path, name) is None
    assert read_runbook(tmp_path, "https://wiki.example/pay") is None
