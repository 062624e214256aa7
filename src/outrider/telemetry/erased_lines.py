"""Lines of a spool without what names somebody: as long as before, so that whoever writes or sends goes on.

Who stores a segment holds its lock, so that nothing is changed below its hands; what it holds by then is found in the
store.
"""

from __future__ import annotations

import fcntl
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from outrider.telemetry.otlp_body import SignalKind
from outrider.telemetry.spool import RESOURCE_AT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Names = Callable[[str], bool]
    """Whether a record, as JSON, names somebody."""


@contextmanager
def locked(segment: Path) -> Iterator[None]:
    """Keep a segment from being changed by others that ask; one that is gone is no error."""
    try:
        file = segment.open("rb")
    except FileNotFoundError:
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def blank_lines(segment: Path, names: Names) -> int:
    """Take out of a segment what names somebody; return how many lines changed. The caller holds its lock."""
    changed = position = 0
    with segment.open("r+b") as file:
        for line in iter(file.readline, b""):
            kept = kept_line(segment, line, names) if line.endswith(b"\n") else line
            if kept != line:
                file.seek(position)
                file.write(kept)
                file.flush()
                changed += 1
            position += len(line)
            file.seek(position)
    return changed


def kept_line(segment: Path, line: bytes, names: Names) -> bytes:
    """Return a line without the records that name somebody, of the same length; blank if none is left."""
    if not names(line.decode("utf-8", "replace")):
        return line
    kind = segment.name.partition("-")[0]
    kept = _others(SignalKind(kind), line, names) if kind in set(SignalKind) else b""
    return kept.ljust(len(line) - 1)[: len(line) - 1] + b"\n"


def _others(kind: SignalKind, line: bytes, names: Names) -> bytes:
    """Return a batch with the records that name nobody."""
    try:
        resources, batch = json.loads(line)
        at = RESOURCE_AT[kind]
        others = [own for own in batch if not names(_text((resources[own[at]], own)))]
    except (ValueError, TypeError, LookupError):
        return b""
    return _text((resources, others)).encode() if others and not names(_text(resources)) else b""


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
