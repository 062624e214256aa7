"""Port: content-addressed files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Content:
    """A file that the artifact store holds; `digest` is its SHA-256 in hexadecimal."""

    digest: str
    bytes: int


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A file in the artifact store; `digest` is empty for what a crash left half written."""

    name: str
    digest: str
    bytes: int
    modified_us: int


class ArtifactStore(Protocol):
    """Where artifacts lie.

    Attributes:
        where: Path or URL, for a reader.
        local: Whether asking and removing are cheap enough to happen while a transaction is held.
    """

    where: str
    local: bool

    def take(self, source: Path) -> Content:
        """Copy a file in, durably, and return its address; the same content twice is one file, as young as the last.

        Raises:
            OSError: If the source cannot be read or the file not be written.
        """
        ...

    def holds(self, digest: str) -> bool:
        """Return whether the content is there; false of a text that is no digest, wherever it would lead."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """Open content for reading.

        Raises:
            StoreError: artifact-missing.
        """
        ...

    def place(self, digest: str) -> tuple[str, Path | None]:
        """Return where the content lies: for a reader, and as a path if it is local."""
        ...

    def files(self) -> Iterator[FolderEntry]:
        """Yield every file, also what a crash left half written."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove files by their names; one that is gone already is fine."""
        ...

    def check(self) -> int:
        """Write, read and remove a small file; return how many artifacts wait to be sent to where they are kept.

        Raises:
            StoreError: store-unreachable, store-read-only, store-full or artifacts-refused.
        """
        ...
