"""Content-addressed files behind fsspec: a local folder, or an object store by URL."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outrider.model import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was taken in."""

    digest: str
    size_bytes: int


class ArtifactFolder:
    """Keeps each content once, under its SHA-256.

    Args:
        url: A path, or a URL that fsspec knows, such as `s3://bucket/prefix`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = None if "://" in url else Path(url)

    def take(self, source: Path) -> Kept:
        """Take in a copy of a file; content that is there already is not written again.

        Raises:
            StoreError: If it cannot be written.
        """
        digest, size = _digest(source)
        try:
            if not self._has(digest):
                self._write(source, digest)
        except OSError as error:
            raise StoreError(
                f"an artifact cannot be written below {self._url}: {error.strerror or error}",
                slug="artifacts-not-writable",
                fix="free some space or make it writable; the run itself can be stored without",
            ) from error
        return Kept(digest, size)

    def path(self, digest: str) -> str:
        """Return where a content lies: a path, or a URL."""
        return str(self._local / self._name(digest)) if self._local else f"{self._url}/{self._name(digest)}"

    def read(self, digest: str) -> bytes:
        """Return a content.

        Raises:
            OSError: If it is not there.
        """
        with self._system().open(self.path(digest), "rb") as file:
            content: bytes = file.read()
        return content

    def remove(self, digest: str) -> None:
        """Remove a content, if it is there."""
        system = self._system()
        if system.exists(self.path(digest)):
            system.rm_file(self.path(digest))

    def digests(self, *, older_than_s: float) -> Iterator[str]:
        """Yield what a local folder holds and has held for longer than given, seconds since the epoch."""
        if self._local is None:
            return
        for path in self._local.glob("??/*"):
            if len(path.name) == 62 and path.stat().st_mtime < older_than_s:
                yield path.parent.name + path.name

    def _has(self, digest: str) -> bool:
        return (self._local / self._name(digest)).exists() if self._local else self._system().exists(self.path(digest))

    def _write(self, source: Path, digest: str) -> None:
        if self._local is None:
            self._system().put_file(str(source), self.path(digest))
            return
        target = self._local / self._name(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{secrets.token_hex(8)}")
        try:
            with source.open("rb") as reader, fresh.open("wb") as writer:
                while chunk := reader.read(_CHUNK_BYTES):
                    writer.write(chunk)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)

    def _system(self) -> Any:
        import fsspec  # noqa: PLC0415 - not needed to write locally

        return fsspec.core.url_to_fs(self._url)[0]

    @staticmethod
    def _name(digest: str) -> str:
        return f"{digest[:2]}{os.sep}{digest[2:]}"


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, file.tell()
