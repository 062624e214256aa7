"""What kept the main threads of pages, and where it is kept: in the HAR, beside the requests of the same moments."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from outrider.real_users import bare_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FIELD: Final = "_mainThread"
"""Of a HAR, beside `log`; names of one's own begin so (HAR 1.2)."""

_KINDS: Final = frozenset({"script", "layout", "task"})
_MOST: Final = 100

Work = tuple[str, str, float, float]
"""Kind, address of the script without its query, begin in milliseconds since 1970, and how many it took."""


def main_thread_work(documents: Sequence[Mapping[str, Any]]) -> list[Work]:
    """Return what took longest on main threads, as pages reported it, by its begin."""
    work = {own for document in documents for own in _of_document(document)}
    longest = sorted(work, key=lambda own: -own[3])[:_MOST]
    return sorted(longest, key=lambda own: own[2])


def _of_document(document: Mapping[str, Any]) -> Iterator[Work]:
    """Yield what a document reports in the known form: pages can report anything."""
    reported = document.get("work")
    for own in reported if isinstance(reported, list) else ():
        with suppress(TypeError, ValueError, KeyError, OverflowError):
            kind, source, begin_ms, end_ms = own
            at_ms, took_ms = float(document["origin_ms"]) + begin_ms, float(end_ms - begin_ms)
            if kind in _KINDS and math.isfinite(at_ms) and 0 < took_ms < math.inf:
                yield kind, bare_url(str(source)) if source else "", round(at_ms, 1), round(took_ms, 1)


def note_work(har: Path, work: Sequence[Work]) -> None:
    """Put it into a HAR that Playwright has written; one that is missing stays so."""
    with suppress(OSError):
        content = har.read_bytes()
        if work and content.startswith(b"{"):
            har.write_bytes(f'{{"{FIELD}": {json.dumps(work)},'.encode() + content[1:])
