"""Content-addressed files: a local folder, or any place that fsspec reaches by URL.

A file lies at `ab/cdef…`, its SHA-256. It is there before a row refers to it, so a crash leaves at worst a file that
nothing refers to, which `retention` collects.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

from outrider.model import Content, FolderEntry
from outrider.store.artifact_names import artifact_name, digest_in, is_digest, missing_artifact
from outrider.store.failures import FOLDER_WORDS, failure, translated
from outrider.store.remote_folder import RemoteFolder
from outrider.store.write_probe import check_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from outrider.model import ArtifactStore

_CHUNK_BYTES = 1024 * 1024
_INCOMING = "incoming"


def open_folder(url_or_path: str | Path, *, to_read: bool = False, cache: Path | None = None) -> ArtifactStore:
    """Return the artifact folder, created if it is local and missing, unless it is only to be read.

    Args:
        url_or_path: Where it is.
        to_read: Whether nothing will be put there.
        cache: A folder for copies of what lies behind a URL, and for what has to wait until it can be sent there.

    Raises:
        StoreError: store-read-only if it cannot be written, store-url if nothing here understands the URL.
    """
    if is_remote(url_or_path):
        return RemoteFolder(str(url_or_path), cache)
    return _LocalFolder(Path(str(url_or_path).removeprefix("file://")), to_read=to_read)


def check_artifacts(url_or_path: str | Path) -> None:
    """Check that the artifact folder could be opened; nothing is created.

    Raises:
        StoreError: As `open_folder` does.
    """
    if is_remote(url_or_path):
        open_folder(url_or_path)
        return
    where = str(url_or_path).removeprefix("file://")
    with translated(where, words=FOLDER_WORDS):
        check_folder(Path(where).absolute() / _INCOMING)


def is_remote(url_or_path: str | Path) -> bool:
    """Return whether artifacts go elsewhere than to a folder of this machine."""
    text = str(url_or_path)
    return "://" in text and not text.startswith("file://")


class _LocalFolder:
    local = True

    def __init__(self, root: Path, *, to_read: bool = False) -> None:
        self.where = str(root)
        self._root = root.absolute()
        if to_read:
            return
        with translated(self.where, words=FOLDER_WORDS):
            (self._root / _INCOMING).mkdir(parents=True, exist_ok=True)
        as_we_act = os.access in os.supports_effective_ids
        if not os.access(self._root / _INCOMING, os.W_OK | os.X_OK, effective_ids=as_we_act):
            raise failure("store-read-only", self.where, words=FOLDER_WORDS)

    def take(self, source: Path) -> Content:
        with source.open("rb") as incoming, self._half_taken() as copy:
            content = _copy_hashing(incoming, copy)
            target = self._root / artifact_name(content.digest)
            try:
                os.utime(target)  # young again, so that a collector that looks now leaves it
            except FileNotFoundError:
                target.parent.mkdir(exist_ok=True)
                os.fsync(copy.fileno())
                Path(copy.name).rename(target)
        return content

    @contextmanager
    def _half_taken(self) -> Iterator[IO[bytes]]:
        """Yield a file to write to, and remove it unless it was renamed."""
        with tempfile.NamedTemporaryFile(dir=self._root / _INCOMING, delete=False) as copy:
            try:
                yield copy
            finally:
                Path(copy.name).unlink(missing_ok=True)

    def holds(self, digest: str) -> bool:
        return is_digest(digest) and (self._root / artifact_name(digest)).exists()

    def open(self, digest: str) -> BinaryIO:
        try:
            return (self._root / artifact_name(digest)).open("rb")
        except FileNotFoundError as error:
            raise missing_artifact(self.place(digest)[0]) from error

    def place(self, digest: str) -> tuple[str, Path | None]:
        path = self._root / artifact_name(digest)
        return str(path), path

    def files(self) -> Iterator[FolderEntry]:
        for folder in sorted(self._root.iterdir()):
            if folder.is_dir() and (len(folder.name) == 2 or folder.name == _INCOMING):
                yield from self._files_of(folder)

    def _files_of(self, folder: Path) -> Iterator[FolderEntry]:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                name = f"{folder.name}/{entry.name}"
                yield FolderEntry(name, digest_in(name), status.st_size, status.st_mtime_ns // 1000)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self._root / name).unlink(missing_ok=True)

    def check(self) -> int:
        with translated(self.where, words=FOLDER_WORDS), self._half_taken() as file:
            file.write(b"outrider")
        return 0


def _copy_hashing(source: IO[bytes], target: IO[bytes]) -> Content:
    digest, size = sha256(), 0
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        size += target.write(chunk)
    target.flush()
    return Content(digest.hexdigest(), size)
