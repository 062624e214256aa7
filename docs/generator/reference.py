"""Pages that are made from the code: they say what this version has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.generator.command_pages import commands_page
from docs.generator.http_pages import http_page, metrics_page
from docs.generator.python_pages import python_page
from docs.generator.query_pages import queries_page
from docs.generator.setting_pages import settings_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGES: dict[str, Callable[[], str]] = {
    "commands": commands_page,
    "settings": settings_page,
    "http": http_page,
    "python": python_page,
    "metrics": metrics_page,
    "queries": queries_page,
}


def write_reference(folder: Path) -> None:
    """Write all pages as Markdown."""
    folder.mkdir(parents=True)
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text(page(), encoding="utf-8")
