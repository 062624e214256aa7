"""Writes the evidence of an attempt that did not pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrider.model import ArtifactFile, ArtifactKind
from outrider.probes.exchange import KEPT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from outrider.probes.probe_result import Evidence

_UNSAFE = re.compile(r"[^\w.\-]+")
_SUFFIXES = {"application/json": ".json", "text/html": ".html", "text/plain": ".txt"}


def keep(files: Iterable[Evidence], folder: Path) -> tuple[ArtifactFile, ...]:
    """Write the beginning of each file into `folder`, which is created if needed."""
    kept = []
    for file in files:
        folder.mkdir(parents=True, exist_ok=True)
        name = _UNSAFE.sub("-", file.name) or "evidence"
        if "." not in name:
            name += _SUFFIXES.get(file.media_type, ".bin")
        path = folder / name
        path.write_bytes(file.data if file.is_whole else file.data[:KEPT_BYTES])
        kind = file.kind or (ArtifactKind.LOG if name.endswith((".log", "headers.txt")) else ArtifactKind.BODY)
        kept.append(ArtifactFile(kind, name, file.media_type, path))
    return tuple(kept)


def left_out(files: Iterable[Evidence]) -> Iterator[str]:
    """Yield what `keep` leaves out, a line for each file that is longer than it keeps."""
    for file in files:
        whole = len(file.data) + file.left_out_bytes
        kept = len(file.data) if file.is_whole else min(len(file.data), KEPT_BYTES)
        if (rest := whole - kept) > 0:
            yield f"{rest:,} of {whole:,} bytes of {file.name}"
