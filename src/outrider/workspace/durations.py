"""Durations as people write them: "30s", "5m", "1h30m", "500ms", "1d"."""

from __future__ import annotations

import re

_UNITS_US = {
    "w": 604_800_000_000,
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
_GRAMMAR = re.compile("".join(rf"(?:(?P<{unit}>[0-9]+(?:\.[0-9]+)?){unit})?" for unit in _UNITS_US))


def parse_duration(text: str) -> float:
    """Return the seconds that `text` names.

    Units stand from large to small, each at most once, without blanks: w, d, h, m, s, ms, us.

    Raises:
        ValueError: If `text` is not a duration.
    """
    match = _GRAMMAR.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is not a duration")
    return sum(float(amount) * _UNITS_US[unit] for unit, amount in match.groupdict().items() if amount) / 1_000_000


def format_duration(seconds: float) -> str:
    """Return the shortest text that `parse_duration` reads as `seconds`, to the microsecond.

    Raises:
        ValueError: If `seconds` is negative or not finite.
    """
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{seconds!r} is not a length of time")
    rest = round(seconds * 1_000_000)
    parts = []
    for unit, size in _UNITS_US.items():
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"
