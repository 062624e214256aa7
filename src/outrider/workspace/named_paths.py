"""Paths that a setting names: what no file system takes, such as a name of 5,000 characters, is simply not there."""

from __future__ import annotations

from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def is_file(path: Path) -> bool:
    """Return whether a regular file is there."""
    return _is_so(path, Path.is_file)


def is_folder(path: Path) -> bool:
    """Return whether a folder is there."""
    return _is_so(path, Path.is_dir)


def is_there(path: Path) -> bool:
    """Return whether anything is there."""
    return _is_so(path, Path.exists)


def is_listed(path: Path) -> bool:
    """Return whether a folder lists such a name, even as a link that leads nowhere."""
    return _is_so(path, lexists)


def resolved(path: Path) -> Path:
    """Return a path without links; as it is if it leads in circles or is none."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path


def expanded(text: str) -> Path:
    """Return a path whose `~` is a home folder; as it is written if nobody knows that user."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def _is_so(path: Path, test: Callable[[Path], bool]) -> bool:
    try:
        return test(path)
    except (OSError, ValueError):  # too long, a loop of links, a NUL, or a folder that we may not enter
        return False
