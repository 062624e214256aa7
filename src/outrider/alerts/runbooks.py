"""Runbooks: what an alert's label `runbook` names, and where people read it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from outrider.workspace import is_file

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "scheduler/runbooks"
"""Where those of a workspace stand."""

_MOST_BYTES = 200_000


def runbook_address(name: str, base: str) -> str:
    """Return the address of a runbook: its own, such as in a wiki, or its page below a base."""
    return name if _is_address(name) else f"{base.rstrip('/')}/runbooks/{quote(name)}"


def runbook_place(name: str, links: str) -> str:
    """Return where to read a runbook: its address, or its file where there are no pages; empty if there is none."""
    is_file_name = name and not links and not _is_address(name)
    return f"{FOLDER}/{name}" if is_file_name else name and runbook_address(name, links)


def is_runbook(root: Path, name: str) -> bool:
    """Return whether a workspace has a runbook of this name, or another place does."""
    path = PurePosixPath(name)
    is_below = not path.is_absolute() and ".." not in path.parts
    return _is_address(name) or (is_below and is_file(root / FOLDER / name))


def read_runbook(root: Path, name: str) -> str | None:
    """Return the text of a workspace's runbook, at most 200 kB of it; None if there is none."""
    if not is_runbook(root, name) or _is_address(name):
        return None
    try:
        with (root / FOLDER / name).open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None


def _is_address(name: str) -> bool:
    return name.startswith(("https://", "http://"))
