"""Copies of remote artifacts on this machine: those asked for lately, and those that could not be sent yet.

Several processes may share the folder: a file appears whole under its digest, and none has to be there.
"""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager, suppress
from hashlib import file_digest
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT_BYTES = 1024**3
_WAITING_BYTES = 4 * 1024**3
_KEPT_S = 86_400
"""A copy is not older than that: its original may have been removed by another process."""
_LOOK_BYTES = _KEPT_BYTES // 20
"""How much is added before sizes are looked at again."""


class ArtifactCache:
    """A folder of copies; it may be removed at any time, but for what waits in it."""

    def __init__(self, root: Path, *, kept_bytes: int = _KEPT_BYTES, waiting_bytes: int = _WAITING_BYTES) -> None:
        self._kept = root / "kept"
        self._waiting = root / "waiting"
        self._limits = kept_bytes, waiting_bytes
        self._added = _LOOK_BYTES

    def find(self, digest: str) -> Path | None:
        """Return the copy of a content, if there is a young one, or one that waits."""
        for path in (self._kept / digest, self._waiting / digest):
            with suppress(FileNotFoundError):
                age_s = time.time() - path.stat().st_mtime
                if age_s < _KEPT_S or path.parent == self._waiting:
                    return path
        return None

    @contextmanager
    def filling(self, digest: str) -> Iterator[Path]:
        """Yield an empty file to write a content to; it is kept if it has this digest in the end."""
        self._kept.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self._kept, prefix=".") as copy:
            yield Path(copy.name)
            with Path(copy.name).open("rb") as written:
                if file_digest(written, "sha256").hexdigest() != digest:
                    raise ValueError(f"it is not the content of {digest[:12]}…")
                self._added += written.tell()
            with suppress(FileExistsError):
                (self._kept / digest).unlink(missing_ok=True)
                (self._kept / digest).hardlink_to(copy.name)
        if self._added > _LOOK_BYTES:
            self._added = 0
            self._shrink()

    def wait(self, source: Path, digest: str) -> bool:
        """Keep a file until it can be sent; return false if too much waits already."""
        self._waiting.mkdir(parents=True, exist_ok=True)
        size = source.stat().st_size
        if size + sum(path.stat().st_size for path in self.waiting()) > self._limits[1]:
            return False
        with NamedTemporaryFile(dir=self._waiting, prefix=".") as copy:
            shutil.copyfile(source, copy.name)
            with suppress(FileExistsError):
                (self._waiting / digest).hardlink_to(copy.name)
        return True

    def waiting(self) -> list[Path]:
        """Return the files that wait, named by their digests."""
        with suppress(FileNotFoundError):
            return [path for path in self._waiting.iterdir() if not path.name.startswith(".")]
        return []

    def forget(self, digest: str) -> None:
        """Remove a content."""
        for folder in (self._kept, self._waiting):
            (folder / digest).unlink(missing_ok=True)

    def sent(self, digest: str) -> None:
        """Take note that a content waits no more."""
        (self._waiting / digest).unlink(missing_ok=True)

    def _shrink(self) -> None:
        """Remove the oldest copies until the others fit."""
        left = self._limits[0]
        for _, size, path in sorted(self._sizes(), reverse=True):
            left -= size
            if left < 0:
                path.unlink(missing_ok=True)

    def _sizes(self) -> Iterator[tuple[float, int, Path]]:
        for path in self._kept.iterdir():
            with suppress(FileNotFoundError):
                status = path.stat()
                yield status.st_mtime, status.st_size, path
