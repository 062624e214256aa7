"""Times and lengths of time in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from outrider.model import date, locale, number

_MINUTE_US = 60_000_000
_HOUR_MINUTES = 120


def moment(zone: ZoneInfo, at_us: int) -> str:
    """Return a time for a reader."""
    return date(datetime.fromtimestamp(at_us / 1_000_000, zone), locale().moment)


@dataclass(frozen=True, slots=True)
class Clock:
    """Times of a time zone, for sentences."""

    timezone: str

    def day_time(self, at_us: int) -> str:
        """Return day and time: "Fri 27 Nov 22:20"."""
        return date(datetime.fromtimestamp(at_us / 1_000_000, ZoneInfo(self.timezone)), locale().day_time)

    def day(self, at_us: int) -> str:
        """Return weekday and day: "Fri 27 Nov"."""
        return date(datetime.fromtimestamp(at_us / 1_000_000, ZoneInfo(self.timezone)), locale().weekday_day)

    def days(self, since_us: int, until_us: int) -> str:
        """Return the days of a stretch: "20-27 Nov", or "28 Nov - 4 Dec"."""
        first, last = (datetime.fromtimestamp(at / 1_000_000, ZoneInfo(self.timezone)) for at in (since_us, until_us))
        if first.date() == last.date():
            return date(last, locale().month_day)
        if (first.year, first.month) == (last.year, last.month):
            return f"{date(first, locale().last_day)}-{date(last, locale().month_day)}"
        return f"{date(first, locale().month_day)} - {date(last, locale().month_day)}"


def span(length_us: int) -> str:
    """Return a length of time: "43 s", "12 min", "3.5 h"."""
    minutes = length_us / _MINUTE_US
    if minutes < 1:
        return f"{number(length_us / 1_000_000, '.0f')} s"
    if minutes < _HOUR_MINUTES:
        return f"{number(minutes, '.0f')} min"
    return number(float(f"{minutes / 60:.1f}"), "g") + " h"


def percent(share: float) -> str:
    """Return a share as per cent; what is below 100 %, or below an objective, never reads as if it were not."""
    return f"{number(math.floor(share * 10_000 + 1e-6) / 100, 'g')} %"


def used_budget(used: float) -> str:
    """Return how much of an error budget is used: "35 %", "1,610 %"; "all" where no failure was allowed.

    What is not used up never reads 100 %.
    """
    return f"{number(math.floor(used * 100 + 1e-9))} %" if math.isfinite(used) else "all: no failure is allowed"
