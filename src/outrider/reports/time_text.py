"""Times and lengths of time in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_MINUTE_US = 60_000_000
_HOUR_MINUTES = 120


def moment(zone: ZoneInfo, at_us: int) -> str:
    """Return a time for a reader."""
    return f"{datetime.fromtimestamp(at_us / 1_000_000, zone):%a %d %b %Y %H:%M}"


@dataclass(frozen=True, slots=True)
class Clock:
    """Times of a time zone, for sentences."""

    timezone: str

    def day_time(self, at_us: int) -> str:
        """Return day and time: "Fri 27 Nov 22:20"."""
        return f"{datetime.fromtimestamp(at_us / 1_000_000, ZoneInfo(self.timezone)):%a %d %b %H:%M}"

    def days(self, since_us: int, until_us: int) -> str:
        """Return the days of a stretch: "20-27 Nov", or "28 Nov - 4 Dec"."""
        first, last = (datetime.fromtimestamp(at / 1_000_000, ZoneInfo(self.timezone)) for at in (since_us, until_us))
        if first.date() == last.date():
            return f"{last.day} {last:%b}"
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}-{last.day} {last:%b}"
        return f"{first.day} {first:%b} - {last.day} {last:%b}"


def span(length_us: int) -> str:
    """Return a length of time: "43 s", "12 min", "3.5 h"."""
    minutes = length_us / _MINUTE_US
    if minutes < 1:
        return f"{length_us / 1_000_000:.0f} s"
    if minutes < _HOUR_MINUTES:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f}".removesuffix(".0") + " h"


def percent(share: float) -> str:
    """Return a share as per cent; what is below 100 % never reads 100 %."""
    shown = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return "99.99+ %" if shown == "100" and share < 1 else f"{shown} %"


def used_budget(used: float) -> str:
    """Return how much of an error budget is used: "35 %", "1,610 %"; "all" where no failure was allowed."""
    return f"{round(used * 100):,} %" if math.isfinite(used) else "all: no failure is allowed"
