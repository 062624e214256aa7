"""A part of a file, as players ask for it (RFC 9110, 14). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` on, before `end`."""

    start: int
    end: int

    @property
    def bytes(self) -> int:
        """How many they are."""
        return self.end - self.start


class UnsatisfiableRange(ValueError):
    """A range begins behind the end of the file."""


def asked_range(header: str, size: int) -> ByteRange | None:
    """Return the one range that a `Range` header asks for; None for the whole, also where it asks for several.

    Raises:
        UnsatisfiableRange: If the file has none of its bytes.
    """
    match = _RANGE.fullmatch(header.strip().lower())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        asked = ByteRange(max(size - int(last), 0), size)
    else:
        asked = ByteRange(int(first), min(int(last) + 1, size) if last else size)
        if last and int(last) < int(first):
            return None  # no range at all, which is ignored
    if asked.start >= size or asked.bytes <= 0:
        raise UnsatisfiableRange(header)
    return asked
