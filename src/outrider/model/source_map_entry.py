"""A source map that is kept: what it is found by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceMapEntry:
    """A source map that is kept.

    Attributes:
        path: Of the script that it is for: an address, or `~/` and the path on any host.
        digest: Of the content in the artifact folder, which is gzip.
        content_bytes: Of that content.
        project: 0 for all.
        release: "" for any.
        dist: "" for any.
        debug_id: 32 digits with dashes; "" if it has none.
        added_us: When it was uploaded, the last time.
        used_us: When an error needed it, to the day; or when it was uploaded.
        number: Larger than those of all that were added before; 0 before it is kept.
    """

    path: str
    digest: str
    content_bytes: int
    added_us: int
    project: int = 0
    release: str = ""
    dist: str = ""
    debug_id: str = ""
    used_us: int = 0
    number: int = 0
