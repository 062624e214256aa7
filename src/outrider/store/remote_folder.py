"""Artifacts behind a URL of fsspec, such as `s3://bucket/folder`, whose writes appear whole or not at all.

What cannot be sent waits on this machine and is sent later: runs are stored, and judged, while the server is away.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import structlog

from outrider.model import Content, FolderEntry, StoreError, printable
from outrider.store.artifact_cache import ArtifactCache
from outrider.store.artifact_names import artifact_name, digest_in, is_digest, missing_artifact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

log = structlog.get_logger("outrider.artifacts")

_PART_BYTES = 8 * 1024 * 1024
"""Of an upload in parts: S3 takes ten thousand of them, and none but the last of less than 5 MiB."""
_AGAIN_S = 30.0
"""After a failure nothing is sent for so long: a dead server must not hold up every run."""
_SENT_LATER = 20
"""Files that waited and are sent after one that was."""
_S3 = ("s3://", "s3a://")
_TRIES = 3
"""Of each request to S3, within a second where it answers at once, and a quarter of a minute where it does not."""
_S3_OPTIONS = {"config_kwargs": {"retries": {"mode": "standard", "total_max_attempts": 1}, "connect_timeout": 5}}
"""s3fs tries again, and not botocore below it as well."""
_ANSWERED = ("NoSuchBucket", "The specified bucket does not exist")


class RemoteFolder:
    """Files behind fsspec.

    Args:
        url: Of the folder.
        cache: A folder of this machine for copies; without one nothing waits, and each is read anew.
    """

    local = False

    def __init__(self, url: str, cache: Path | None = None) -> None:
        import fsspec  # noqa: PLC0415 - only for remote folders

        self.where = url.rstrip("/")
        self._is_s3 = url.startswith(_S3)
        options = _S3_OPTIONS if self._is_s3 else {}
        try:  # listings of a while ago do not tell what other processes have put there or removed
            files, root = fsspec.core.url_to_fs(url, use_listings_cache=False, **options)
        except (ValueError, ImportError) as error:
            raise _unknown_url(url, str(error)) from error
        self._files: Any = files  # fsspec ships no annotations
        self._root: str = root.rstrip("/")
        if self._is_s3:
            files.retries = _TRIES
        self._cache = ArtifactCache(cache) if cache is not None else None
        self._again_s = 0.0

    def take(self, source: Path) -> Content:
        with source.open("rb") as incoming:
            digest = file_digest(incoming, "sha256").hexdigest()
            content = Content(digest, incoming.tell())
        try:
            self._send(source, digest)
        except StoreError as error:
            if self._cache is None or not self._cache.wait(source, digest):
                raise OSError(0, error.what) from error
        else:
            self._send_waiting(_SENT_LATER)
        return content

    def holds(self, digest: str) -> bool:
        if not is_digest(digest):
            return False
        if self._cache is not None and self._cache.find(digest) is not None:
            return True
        with self._asking():
            return bool(self._files.exists(self._path(digest)))

    def open(self, digest: str) -> BinaryIO:
        if self._cache is not None:
            return self._open(digest, self._cache)
        with TemporaryDirectory() as folder:  # whole, so that reading it raises nothing of the file system's own
            return self._open(digest, ArtifactCache(Path(folder)))

    def _open(self, digest: str, cache: ArtifactCache) -> BinaryIO:
        path = cache.find(digest)
        if path is None:
            with self._asking(digest), cache.filling(digest) as copy:
                self._files.get_file(self._path(digest), str(copy))
            path = cache.find(digest)
        if path is None:
            raise missing_artifact(self.place(digest)[0])
        return path.open("rb")

    def place(self, digest: str) -> tuple[str, Path | None]:
        return f"{self.where}/{artifact_name(digest)}", None

    def files(self) -> Iterator[FolderEntry]:
        self._send_waiting()
        for path, status in self._listed():
            name = path[len(self._root) :].lstrip("/")
            with self._asking():
                modified = status.get("LastModified") or self._files.modified(path)
            yield FolderEntry(name, digest_in(name), int(status["size"]), round(modified.timestamp() * 1_000_000))

    def remove(self, names: Iterable[str]) -> None:
        gone = list(names)
        for name in gone:
            if self._cache is not None and (digest := digest_in(name)):
                self._cache.forget(digest)
        if not gone:
            return
        with self._asking():
            if self._is_s3:  # a thousand with one request
                self._files.rm([f"{self._root}/{name}" for name in gone])
                return
            for name in gone:
                with suppress(FileNotFoundError):
                    self._files.rm_file(f"{self._root}/{name}")

    def check(self) -> int:
        path = f"{self._root}/check-{time.time_ns()}"
        with self._asking():
            self._files.pipe_file(path, b"outrider")
            self._files.cat_file(path)
            self._files.rm_file(path)
        return len(self._cache.waiting()) if self._cache is not None else 0

    def _listed(self) -> Iterator[tuple[str, Any]]:
        """Yield paths with what is known of them, a folder at a time: an object store may hold millions."""
        with self._asking():
            folders = self._files.ls(self._root, detail=False) if self._files.exists(self._root) else []
        for folder in folders:
            with self._asking():
                files: Mapping[str, Any] = self._files.find(folder, detail=True)
            yield from files.items()

    def _path(self, digest: str) -> str:
        return f"{self._root}/{artifact_name(digest)}"

    def _send(self, source: Path, digest: str) -> None:
        if time.monotonic() < self._again_s:
            raise _unreachable(self.where, "it did not answer a moment ago")
        try:
            with self._asking():
                parts = {"chunksize": _PART_BYTES} if self._is_s3 else {}
                self._files.put_file(str(source), self._path(digest), **parts)  # again even if there: to be young
        except StoreError as error:
            if not self._again_s:
                log.warning("artifacts.wait", where=self.where, why=error.what, fix=error.fix)
            self._again_s = time.monotonic() + _AGAIN_S
            raise
        if self._again_s:
            log.info("artifacts.sent_again", where=self.where)
        self._again_s = 0.0

    def _send_waiting(self, limit: int | None = None) -> None:
        """Send what could not be sent before; it waits on if that fails again."""
        if self._cache is None:
            return
        for path in self._cache.waiting()[:limit]:
            try:
                self._send(path, path.name)
            except (StoreError, FileNotFoundError):
                return
            self._cache.sent(path.name)

    @contextmanager
    def _asking(self, digest: str = "") -> Iterator[None]:
        """Raise whatever a file system says as a `StoreError`: each has errors of its own."""
        try:
            yield
        except StoreError:
            raise
        except FileNotFoundError as error:
            if digest and not any(text in str(error) for text in _ANSWERED):
                raise missing_artifact(self.place(digest)[0]) from error
            raise _unreachable(self.where, str(error)) from error
        except Exception as error:
            if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
                raise _refused(self.where, _first_line(error)) from error
            raise _unreachable(self.where, f"{type(error).__name__}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return printable(str(error).partition("\n")[0])


def _refused(where: str, why: str) -> StoreError:
    return StoreError(
        f"{where}: artifacts may not be kept there ({why})",
        slug="artifacts-refused",
        fix="check credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for S3) and what they may do",
    )


def _unreachable(where: str, why: str) -> StoreError:
    return StoreError(
        f"{where}: artifacts cannot be kept there now ({why})",
        slug="store-unreachable",
        fix="check the address, the bucket and the server; outrider doctor artifacts tries it",
    )


def _unknown_url(url: str, why: str) -> StoreError:
    return StoreError(
        f"{url}: artifacts cannot be kept there ({why})",
        slug="store-url",
        fix='name a folder, or a URL whose fsspec package is installed: pip install "outrider[s3]" for s3://',
    )
