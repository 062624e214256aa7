"""Keeps what an attempt that did not pass leaves to be looked at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrider.model import ArtifactFile, ArtifactKind
from outrider.probes.exchange import KEPT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from outrider.probes.findings import Exhibit

_UNSAFE = re.compile(r"[^\w.\-]+")
_SUFFIXES = {"application/json": ".json", "text/html": ".html", "text/plain": ".txt"}


def keep(exhibits: Iterable[Exhibit], folder: Path) -> tuple[ArtifactFile, ...]:
    """Write the beginning of each exhibit into `folder`, which is made if there is anything to write."""
    kept = []
    for exhibit in exhibits:
        folder.mkdir(parents=True, exist_ok=True)
        name = _UNSAFE.sub("-", exhibit.name) or "exhibit"
        if "." not in name:
            name += _SUFFIXES.get(exhibit.media_type, ".bin")
        path = folder / name
        path.write_bytes(exhibit.data[:KEPT_BYTES])
        kind = ArtifactKind.LOG if name.endswith((".log", "headers.txt")) else ArtifactKind.BODY
        kept.append(ArtifactFile(kind, name, exhibit.media_type, path))
    return tuple(kept)
