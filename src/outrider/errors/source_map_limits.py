"""What a source map may hold."""

from __future__ import annotations

from typing import Final

MOST_MAPPINGS: Final = 3_000_000
LARGEST_PLACE: Final = 2**31 - 1
"""Of lines and columns."""


class BadSourceMap(Exception):
    """A map cannot be used; the message says why."""
