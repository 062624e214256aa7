"""The files of a workspace whose change counts, as they are now."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FileStatus = tuple[int, int]
"""Time of the last change in ns, and size."""

_UNWATCHED = {"__pycache__", "node_modules", "test-results"}
_PRODUCTS = (
    ".log",
    ".out",
    ".pyc",
    ".tmp",
    ".swp",
    ".db",
    ".db-wal",
    ".db-shm",
    ".html",
    ".png",
    ".zip",
    ".jsonl",
    "~",
)
"""Endings of files that programs write and no run reads: a log that grows in the workspace must not reload it."""


def watched_files(root: Path, exclude: tuple[str, ...] = ()) -> dict[str, FileStatus]:
    """Return the status of each file below a workspace that a run may read, by its path from there.

    Args:
        root: The workspace.
        exclude: Folders that runs do not need.
    """
    return dict(_stats(root, exclude))


def _stats(root: Path, exclude: tuple[str, ...]) -> Iterator[tuple[str, FileStatus]]:
    for folder, folders, files in os.walk(root):
        below = Path(folder).relative_to(root)
        folders[:] = [
            name for name in folders
            if not name.startswith(".") and name not in _UNWATCHED and (below / name).as_posix() not in exclude
        ]  # fmt: skip
        for name in files:
            if name.endswith(_PRODUCTS):
                continue
            try:
                status = (Path(folder) / name).stat()
            except OSError:
                continue
            yield (below / name).as_posix(), (status.st_mtime_ns, status.st_size)
