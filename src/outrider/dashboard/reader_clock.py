"""Times and shares in the words of a reader. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_SECOND_US = 1_000_000
_WEEK_US = 7 * 86_400 * _SECOND_US
_UNKNOWN = "\u2013"


@dataclass(frozen=True, slots=True)
class ReaderClock:
    """Times in a reader's time zone; `now_us` in microseconds UTC."""

    timezone: str
    now_us: int

    def brief(self, at_us: int) -> str:
        """Return a time with as much of the date as it needs: "21:58", "Fri 21:58", "3 Nov 21:58", "3 Nov 2024"."""
        local, now = self._local(at_us), self._local(self.now_us)
        if local is None or now is None:
            return _UNKNOWN
        if local.date() == now.date():
            return f"{local:%H:%M}"
        if 0 <= self.now_us - at_us < _WEEK_US:
            return f"{local:%a %H:%M}"
        return f"{local.day} {local:%b %H:%M}" if local.year == now.year else f"{local.day} {local:%b %Y}"

    def ahead(self, at_us: int) -> str:
        """Return a time to come, with weekday and date: "Mon 30 Nov 09:00"."""
        local = self._local(at_us)
        return _UNKNOWN if local is None else f"{local:%a} {local.day} {local:%b %H:%M}"

    def exact(self, at_us: int) -> str:
        """Return date, time and zone: "2026-11-27 21:58:10 CET"."""
        local = self._local(at_us)
        return _UNKNOWN if local is None else f"{local:%Y-%m-%d %H:%M:%S %Z}"

    def precise(self, time_ns: int) -> str:
        """Return a time to the millisecond: "21:58:10.123", "3 Nov 21:58:10.123", "3 Nov 2024 21:58:10.123"."""
        local, now = self._local(time_ns // 1000), self._local(self.now_us)
        if local is None or now is None:
            return _UNKNOWN
        clock = f"{local:%H:%M:%S}.{time_ns // 1_000_000 % 1000:03d}"
        if local.date() == now.date():
            return clock
        return f"{local.day} {local:%b}{'' if local.year == now.year else f' {local.year}'} {clock}"

    def iso(self, at_us: int) -> str:
        """Return a time for machines, in UTC; empty for one that no calendar has."""
        local = self._local(at_us)
        return "" if local is None else f"{local.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def time_of_day(self, at_us: int) -> str:
        """Return the time of day alone: "21:58"."""
        local = self._local(at_us)
        return _UNKNOWN if local is None else f"{local:%H:%M}"

    def _local(self, at_us: int) -> datetime | None:
        try:
            return datetime.fromtimestamp(at_us / _SECOND_US, UTC).astimezone(ZoneInfo(self.timezone))
        except (OverflowError, ValueError, OSError):
            return None


def percent(share: float | None) -> str:
    """Return a share as "99.95 %": never 100 % where anything is missing; a dash where nothing is known."""
    if share is None or not math.isfinite(share):
        return _UNKNOWN
    if share >= 1:
        return "100 %"
    return f"{math.floor(share * 10_000) / 100:.2f} %"


def length_of_time(seconds: float) -> str:
    """Return a length of time: "12.5 s", "3 min 20 s", "2 h 5 min", "4 d 3 h"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, part, part_unit in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit}{f' {rest} {part_unit}' if rest else ''}"
    return f"{whole} s"
