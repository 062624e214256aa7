"""Files that are kept as gzip (RFC 1952): texts of requests, which shrink to a tenth."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.model import GZIP_SUFFIX, ArtifactKind

if TYPE_CHECKING:
    from outrider.model import ArtifactFile

_MEDIA_TYPE = "application/gzip"


def compressed(file: ArtifactFile) -> ArtifactFile:
    """Return a file as it is kept: a HAR is written again beside itself as gzip, alike for like content.

    Raises:
        OSError: If it cannot be read, or nothing be written beside it.
    """
    if file.kind is not ArtifactKind.HAR or file.name.endswith(GZIP_SUFFIX):
        return file
    target = file.path.with_name(f"{file.path.name}{GZIP_SUFFIX}")
    target.write_bytes(gzip.compress(file.path.read_bytes(), mtime=0))
    return replace(file, name=f"{file.name}{GZIP_SUFFIX}", media_type=_MEDIA_TYPE, path=target)
