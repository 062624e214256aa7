"""Times of the week, such as office hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """Hours on some days of the week; one that ends before it begins goes on past midnight.

    Attributes:
        days: Names of the days on which it begins; all if empty.
        begin: Minutes since midnight.
        end: Minutes since midnight, exclusive.
        timezone: IANA name.
        from_us: A single one: it begins at that moment, microseconds UTC, and days and hours do not count.
        until_us: And ends at that one.
    """

    days: tuple[str, ...] = ()
    begin: int = 0
    end: int = _DAY_MINUTES
    timezone: str = "UTC"
    from_us: int | None = None
    until_us: int | None = None

    def holds(self, at_us: int) -> bool:
        """Return whether a moment, microseconds UTC, lies within."""
        if self.from_us is not None or self.until_us is not None:
            return (self.from_us or 0) <= at_us < (self.until_us or at_us + 1)
        local = local_time(at_us, self.timezone)
        minute = local.hour * 60 + local.minute
        if self.begin < self.end:
            return self._is_day(local) and self.begin <= minute < self.end
        return (self._is_day(local) and minute >= self.begin) or (
            self._is_day(local - timedelta(days=1)) and minute < self.end
        )

    def _is_day(self, local: datetime) -> bool:
        return not self.days or DAYS[local.weekday()] in self.days


def local_time(at_us: int, timezone: str) -> datetime:
    """Return a moment, microseconds UTC, as clocks in a time zone show it."""
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).astimezone(ZoneInfo(timezone))
