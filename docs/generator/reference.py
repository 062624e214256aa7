"""Pages that are made from the code: they say what this version has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.generator.command_pages import commands_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGES: dict[str, Callable[[], str]] = {"commands": commands_page}


def write_reference(folder: Path) -> None:
    """Write all pages as Markdown."""
    folder.mkdir(parents=True)
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text(page(), encoding="utf-8")
