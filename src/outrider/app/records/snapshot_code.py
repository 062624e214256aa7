"""Files of snapshots for readers: the code that ran, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.workspace import Snapshotter, gated_document

if TYPE_CHECKING:
    from outrider.workspace import Workspace

_SUFFIXES = {".py", ".toml", ".ts", ".js"}
_MOST_BYTES = 500_000


def snapshot_code(workspace: Workspace, digest: str, path: str) -> str | None:
    """Return a file of code of a snapshot; None if the snapshot is gone, or has no such file that a reader may see.

    A path never leads out of the snapshot, nor to anything but code: a snapshot may hold a `.env`.
    """
    snapshot = Snapshotter(workspace).find(digest)
    if snapshot is None:
        return None
    try:
        root = snapshot.path.resolve()
        file = (root / path).resolve()
        is_code = file.is_relative_to(root) and file.suffix in _SUFFIXES and file.is_file()
        if not is_code or file.stat().st_size > _MOST_BYTES:
            return None
        return gated_document(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):  # pruned meanwhile, a loop of links, a NUL
        return None
