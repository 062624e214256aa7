"""What is wrong with built pages: links that lead nowhere, and what a browser would ask of another host."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

_FETCHED = {"link", "script", "img", "iframe", "source", "video", "audio", "embed", "object"}
_OUTSIDE_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""")


class _Page(HTMLParser):
    """Reads what a page names, links to, and fetches."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element names and where it leads."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in {"href", "src", "data", "poster"} and value:
                (self.fetched if tag in _FETCHED else self.links).append(value)


def faults(site: Path) -> list[str]:
    """Return what is wrong with a site, a sentence each."""
    pages = {path.resolve(): _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    wrong = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve()).as_posix()
        wrong += [f"{name}: fetches {address}" for address in page.fetched if urlsplit(address).netloc]
        for address in {*page.links, *page.fetched}:
            if not _is_there(address, path, pages):
                wrong.append(f"{name}: leads to {address}, which is not there")
    for style in site.rglob("*.css"):
        if _OUTSIDE_STYLE.search(style.read_text(encoding="utf-8")):
            wrong.append(f"{style.name}: fetches from another host")
    return wrong


def _is_there(address: str, path: Path, pages: dict[Path, _Page]) -> bool:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return True
    file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if file not in pages:
        return file.is_file()
    return not parts.fragment or unquote(parts.fragment) in pages[file].anchors
