"""The text of artifacts, piece by piece: also that of archives and of what is compressed."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE: Final = 1 << 20
_OVERLAP: Final = 1 << 10
"""An identifier that lies across two pieces is whole in one of them."""
_MOST_BYTES: Final = 1 << 30
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"


class Unsearchable(Exception):
    """A file that is damaged, or larger inflated than is read."""


def text_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what a file holds, inflated; the members of an archive by their names first.

    Raises:
        Unsearchable: If it cannot be read to its end.
    """
    try:
        yield from _pieces(file, depth=0)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Unsearchable(str(error)) from error


def _pieces(file: IO[bytes], depth: int) -> Iterator[bytes]:
    head = file.read(4)
    file.seek(0)
    if head[:2] == _GZIP and depth < 2:
        with gzip.open(file) as inflated:
            yield from _bounded(cast("IO[bytes]", inflated))
    elif head == _ZIP and depth == 0:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                yield member.filename.encode()
                with archive.open(member) as content:
                    yield from _pieces(content, depth + 1)
    else:
        yield from _bounded(file)


def _bounded(file: IO[bytes]) -> Iterator[bytes]:
    size, rest = 0, b""
    while piece := file.read(_PIECE):
        size += len(piece)
        if size > _MOST_BYTES:
            raise Unsearchable(f"it has more than {_MOST_BYTES:,} bytes")
        yield rest + piece
        rest = piece[-_OVERLAP:]
