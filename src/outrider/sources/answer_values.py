"""Values of answers that are of the type and size that records of ours have; anything else is no answer. Pure."""

from __future__ import annotations

from typing import Final

_LATEST_NS: Final = 1 << 63
"""In the year 2262: what lies beyond fits no column, and soon no calendar either."""


def as_text(value: object) -> str:
    """Return a text; JSON writes null, or nothing, where there is none.

    Raises:
        TypeError: If it is anything else.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError
    return value


def as_ns(value: int) -> int:
    """Return nanoseconds, of a time since 1970 or of a duration.

    Raises:
        ValueError: If that is before 1970, or after any time that a record may have.
    """
    if not 0 <= value < _LATEST_NS:
        raise ValueError
    return value
