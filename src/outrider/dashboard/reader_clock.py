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

    def exact(self, at_us: int) -> str:
        """Return date, time and zone: "2026-11-27 21:58:10 CET"."""
        local = self._local(at_us)
        return _UNKNOWN if local is None else f"{local:%Y-%m-%d %H:%M:%S %Z}"

    def iso(self, at_us: int) -> str:
        """Return a time for machines, in UTC; empty for one that no calendar has."""
        local = self._local(at_us)
        return "" if local is None else f"{local.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

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


def counted(count: int, noun: str) -> str:
    """Return "1 check", "1,200 checks"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
