"""The period of a report, and the one that it is compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from outrider.model import UsageError

HISTORY_DAYS = 35
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, half open, and the stretch before it; microseconds UTC.

    Attributes:
        title: What it is called.
        history_us: From when on values are looked at to know what is usual.
        words: What the stretch before and this one are called in a legend.
    """

    title: str
    before_us: int
    since_us: int
    until_us: int
    timezone: str
    words: tuple[str, str] = ("the week before", "this week")

    @property
    def history_us(self) -> int:
        """From when on values are looked at to know what is usual."""
        return min(self.before_us, self.until_us - HISTORY_DAYS * 86_400 * _US)

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.until_us - self.since_us) / 3_600 / _US


def week_of(week: str | None, now_us: int, timezone: str) -> Period:
    """Return an ISO week such as "2026-W47" in a time zone, or without one the seven days that end now.

    A week with a clock change has 167 or 169 hours. A week that is not over ends now.

    Raises:
        UsageError: bad-week.
    """
    zone = ZoneInfo(timezone)
    now = datetime.fromtimestamp(now_us / _US, zone)
    if week is None:
        begins, title = _back(now, 7), "seven days"
    else:
        begins, title = _monday(week, zone), f"week {week}"
    ends_us = min(_us(_back(begins, -7)), now_us)
    if ends_us <= _us(begins):
        raise UsageError(f"{week} has not begun", slug="bad-week", fix="name a week that is over, such as 2026-W47")
    return Period(title, _us(_back(begins, 7)), _us(begins), ends_us, timezone)


def month_of(month: str | None, now_us: int, timezone: str) -> Period:
    """Return a month such as "2026-10" in a time zone, or without one the last that is over.

    A month that is not over ends now.

    Raises:
        UsageError: bad-month.
    """
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", month) if month is not None else None
    if month is not None and match is None:
        raise UsageError(f'"{month}" is no month', slug="bad-month", fix="write a month, such as 2026-10")
    first = int(match[1]) * 12 + int(match[2]) - 1 if match else _months(now_us, timezone) - 1
    title = f"month {first // 12}-{first % 12 + 1:02}"
    return _calendar(title, first, 1, now_us, timezone)


def quarter_of(quarter: str | None, now_us: int, timezone: str) -> Period:
    """Return a quarter such as "2026-Q3" in a time zone, or without one the last that is over, as `month_of` does.

    Raises:
        UsageError: bad-quarter.
    """
    match = re.fullmatch(r"(\d{4})-?[Qq]([1-4])", quarter) if quarter is not None else None
    if quarter is not None and match is None:
        raise UsageError(f'"{quarter}" is no quarter', slug="bad-quarter", fix="write a quarter, such as 2026-Q3")
    first = int(match[1]) * 12 + (int(match[2]) - 1) * 3 if match else _months(now_us, timezone) // 3 * 3 - 3
    title = f"quarter {first // 12}-Q{first % 12 // 3 + 1}"
    return _calendar(title, first, 3, now_us, timezone)


def _months(now_us: int, timezone: str) -> int:
    """Return the month of a time, counted from the year zero."""
    now = datetime.fromtimestamp(now_us / _US, ZoneInfo(timezone))
    return now.year * 12 + now.month - 1


def _calendar(title: str, first: int, months: int, now_us: int, timezone: str) -> Period:
    """Return so many months from the `first` one, counted from the year zero."""
    kind, _, _ = title.partition(" ")
    if not 1970 * 12 + months <= first < 9999 * 12:
        raise UsageError(f"{title} is out of range", slug=f"bad-{kind}", fix="name one that is over")
    before, begins, ends = (
        _us(datetime(number // 12, number % 12 + 1, 1, tzinfo=ZoneInfo(timezone)))
        for number in (first - months, first, first + months)
    )
    if begins >= now_us:
        raise UsageError(f"{title} has not begun", slug=f"bad-{kind}", fix="name one that is over")
    return Period(title, before, begins, min(ends, now_us), timezone, (f"the {kind} before", f"this {kind}"))


def day_of(now_us: int, timezone: str) -> Period:
    """Return the day that ends now, in a time zone."""
    now = datetime.fromtimestamp(now_us / _US, ZoneInfo(timezone))
    begins = _back(now, 1)
    return Period("one day", _us(_back(now, 2)), _us(begins), now_us, timezone, ("the day before", "this day"))


def release_period(name: str, times_us: tuple[int, int, int], timezone: str) -> Period:
    """Return the time since a release went live: when the one before it, it, and its successor (or now) began."""
    return Period(f"release {name}", *times_us, timezone, ("the release before", "this release"))


def _monday(week: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.strptime(f"{week}-1", "%G-W%V-%u").replace(tzinfo=zone)
    except ValueError:
        fix = "write an ISO week, such as 2026-W47"
        raise UsageError(f'"{week}" is not a week', slug="bad-week", fix=fix) from None


def _back(moment: datetime, days: int) -> datetime:
    """Return the same time of the clock on the wall, days ago."""
    return moment - timedelta(days=days)


def _us(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * _US)
