"""Content-addressed files: a local folder, or any place that fsspec reaches by URL.

A file lies at `ab/cdef…`, its SHA-256. It is there before a row refers to it, so a crash leaves at worst a file that
nothing refers to, which `retention` collects.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Any, cast

from outrider.model import Content, FolderEntry, StoreError
from outrider.store.failures import FOLDER_WORDS, failure, translated
from outrider.store.write_probe import check_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from outrider.model import ArtifactStore

_CHUNK_BYTES = 1024 * 1024
_DIGEST_CHARACTERS = 64
_INCOMING = "incoming"


def artifact_name(digest: str) -> str:
    """Return the name in the folder of the content with this digest."""
    return f"{digest[:2]}/{digest[2:]}"


def open_folder(url_or_path: str | Path, *, to_read: bool = False) -> ArtifactStore:
    """Return the artifact folder, created if it is local and missing, unless it is only to be read.

    Raises:
        StoreError: store-read-only if it cannot be written, store-url if nothing here understands the URL.
    """
    if is_remote(url_or_path):
        return _RemoteFolder(str(url_or_path))
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
        return (self._root / artifact_name(digest)).exists()

    def open(self, digest: str) -> BinaryIO:
        try:
            return (self._root / artifact_name(digest)).open("rb")
        except FileNotFoundError as error:
            raise _missing(self.place(digest)[0]) from error

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
                yield FolderEntry(name, _digest_in(name), status.st_size, status.st_mtime_ns // 1000)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self._root / name).unlink(missing_ok=True)


class _RemoteFolder:
    """Files behind fsspec, whose writes appear whole or not at all: object stores know no half-written object."""

    local = False

    def __init__(self, url: str) -> None:
        import fsspec  # noqa: PLC0415 - only for remote folders

        self.where = url.rstrip("/")
        try:
            files, root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise _unknown_url(url, str(error)) from error
        self._files: Any = files  # fsspec ships no annotations
        self._root: str = root.rstrip("/")

    def take(self, source: Path) -> Content:
        with source.open("rb") as incoming:
            digest = file_digest(incoming, "sha256").hexdigest()
            size = incoming.tell()
            incoming.seek(0)
            name = f"{self._root}/{artifact_name(digest)}"
            self._files.makedirs(name.rsplit("/", 1)[0], exist_ok=True)
            with self._files.open(name, "wb") as target:  # again even if there: it must be young for the collector
                copyfileobj(incoming, cast("IO[bytes]", target), _CHUNK_BYTES)
        return Content(digest, size)

    def holds(self, digest: str) -> bool:
        return bool(self._files.exists(f"{self._root}/{artifact_name(digest)}"))

    def open(self, digest: str) -> BinaryIO:
        try:
            return cast("BinaryIO", self._files.open(f"{self._root}/{artifact_name(digest)}", "rb"))
        except FileNotFoundError as error:
            raise _missing(self.place(digest)[0]) from error

    def place(self, digest: str) -> tuple[str, Path | None]:
        return f"{self.where}/{artifact_name(digest)}", None

    def files(self) -> Iterator[FolderEntry]:
        for path, status in self._files.find(self._root, detail=True).items():
            name = path[len(self._root) :].lstrip("/")
            modified = self._files.modified(path)
            yield FolderEntry(name, _digest_in(name), int(status["size"]), round(modified.timestamp() * 1_000_000))

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                self._files.rm_file(f"{self._root}/{name}")
            except FileNotFoundError:
                continue


def _copy_hashing(source: IO[bytes], target: IO[bytes]) -> Content:
    digest, size = sha256(), 0
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        size += target.write(chunk)
    target.flush()
    return Content(digest.hexdigest(), size)


def _digest_in(name: str) -> str:
    digest = name.replace("/", "", 1)
    is_digest = len(digest) == _DIGEST_CHARACTERS and set(digest) <= set("0123456789abcdef")
    return digest if is_digest and name[2:3] == "/" else ""


def _missing(where: str) -> StoreError:
    return StoreError(
        f"{where}: the artifact is gone",
        slug="artifact-missing",
        fix="retention may have removed it just now; otherwise restore the artifact folder from its backup",
    )


def _unknown_url(url: str, why: str) -> StoreError:
    return StoreError(
        f"{url}: artifacts cannot be kept there ({why})",
        slug="store-url",
        fix="name a folder, or a URL that an installed fsspec package understands, such as s3:// with s3fs",
    )
