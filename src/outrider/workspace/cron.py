"""When a crontab's five fields come true, on the clocks of a time zone. Pure.

APScheduler's trigger reads the fields; changes of clocks are reckoned here, since the trigger loses a time that is
skipped where the clocks change at midnight.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHANGE = timedelta(hours=25)
"""More than clocks are ever moved by."""
_NAMED = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip
_ORDINALS = {"#1": "1st", "#2": "2nd", "#3": "3rd", "#4": "4th", "#5": "5th", "l": "last"}
_LONG_STEP = re.compile(r"^(\d+)-(\d+)/(\d+)$")
_SUNDAY_FIRST = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Cron:
    """Due when five fields say so, on the clocks of a time zone.

    A time that a change of clocks skips is due as much later as the clocks moved, one that comes twice is due at both.

    Raises:
        ValueError: If the fields cannot be read.
    """

    def __init__(self, fields: str, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._triggers = _triggers(fields)

    def after(self, at_us: int) -> int | None:
        """Return the first time later than this; None if the fields never come true."""
        at = _EPOCH + timedelta(microseconds=at_us)
        due = self._first(at)
        if due is not None and due - at > _CHANGE:  # clocks may change shortly before or after it
            due = self._first(due - _CHANGE)
        return None if due is None else (due - _EPOCH) // timedelta(microseconds=1)

    def _first(self, at: datetime) -> datetime | None:
        """Return the first moment later than this, if clocks change once at most within `_CHANGE` of it."""
        offsets = [self._offset(at + shift) for shift in (-_CHANGE, timedelta(), _CHANGE)]
        clock, due = self._clock_after(at + min(offsets)), None
        while clock is not None and (due is None or clock <= due + max(offsets)):
            due = min((moment for moment in (due, *self._moments(clock)) if moment and moment > at), default=None)
            clock = self._clock_after(clock)
        return due

    def _clock_after(self, clock: datetime) -> datetime | None:
        """Return the next time for which the fields hold; what clocks show, written as if it were UTC."""
        later = clock + timedelta(microseconds=1)
        fires = (trigger.get_next_fire_time(None, later) for trigger in self._triggers)
        return min((fire for fire in fires if fire is not None), default=None)

    def _moments(self, clock: datetime) -> tuple[datetime, ...]:
        """Return the moments at which clocks show a time; a skipped one as if they had not been moved."""
        local = clock.replace(tzinfo=self._zone)
        first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        return (first, second) if first < second else (first,)

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self._zone).utcoffset() or timedelta()


def _triggers(fields: str) -> list[CronTrigger]:
    """Return the triggers of a crontab's five fields; where both day and weekday are restricted, either may hold.

    A field that begins with `*` restricts nothing in this sense, as in crontab(5). `L` is the last day of a month, `5L`
    its last Friday, `mon#1` its first Monday.
    """
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - most workspaces are read without it

    words = _words(fields)
    minute, hour, day, month = map(_numbers, words[:4])
    by_day = [] if day == "*" else [(day, "*")]
    plain, by_ordinal = _weekday_parts(words[4])
    by_weekday = [("*", _weekdays(plain))] if plain not in {"", "*"} else []
    if by_day and by_weekday and (day.startswith("*") or plain.startswith("*")):
        by_day, by_weekday = [], [(day, _weekdays(plain))]
    pairs = [*by_day, *by_weekday, *by_ordinal] or [("*", "*")]
    _check_numbers(CronTrigger, {"minute": minute, "hour": hour, "day": day, "month": month})
    return [
        CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekdays, timezone=UTC, second=0)
        for day, weekdays in pairs
    ]


def _words(fields: str) -> list[str]:
    """Return the five fields; those of a name such as `@daily` for it, and `*` for `?`, as in Quartz."""
    text = fields.strip().lower()
    if not text.isascii():
        raise ValueError("it holds characters that no cron has")
    words = _NAMED.get(text, text).split()
    if text.startswith("@") and text not in _NAMED:
        raise ValueError(f"{text} is none of {', '.join(_NAMED)}")
    if len(words) != 5:
        raise ValueError(f"it has {len(words)} field{'' if len(words) == 1 else 's'} instead of 5")
    words[2] = ",".join({"?": "*", "l": "last"}.get(part, part) for part in words[2].split(","))
    words[4] = {"?": "*"}.get(words[4], words[4])
    return words


def _weekday_parts(field: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the plain parts of a weekday field, and pairs for those of the month's first or last, `mon#1` or `5l`."""
    plain, pairs = [], []
    for part in field.split(","):
        ordinal = "l" if part.endswith("l") else part[-2:]
        if ordinal in _ORDINALS and len(part) > len(ordinal):
            name = _SUNDAY_FIRST[_weekday(part.removesuffix(ordinal))]
            pairs.append((f"{_ORDINALS[ordinal]} {name}", "*"))
        else:
            plain.append(part)
    return ",".join(plain), pairs


def _check_numbers(trigger: type[CronTrigger], fields: dict[str, str]) -> None:
    """Name the field that cannot be read; the trigger does not say which it is."""
    for name, field in fields.items():
        try:
            trigger(**{name: field}, timezone=UTC)
        except ValueError:
            raise ValueError(f'"{field}" is no {name}, nor a list, range or step of them') from None


def _weekdays(field: str) -> str:
    """Return a crontab's weekdays by name."""
    return ",".join(_weekday_part(part) for part in field.split(","))


def _weekday_part(part: str) -> str:
    """Return the days of a part by name: a week begins on Sunday here, and on Monday in APScheduler."""
    days, slash, step = part.partition("/")
    if days == "*" and not slash:
        return days
    begin, dash, end = ("0", "-", "6") if days == "*" else days.partition("-")
    first = _weekday(begin)
    last = _weekday(end, is_end=True) if dash else 6 if slash else first
    if first > last or (slash and not (step.isdigit() and int(step))):
        raise ValueError(f"{part!r} is no range of weekdays")
    return ",".join(_SUNDAY_FIRST[day] for day in range(first, last + 1, int(step or 1)))


def _weekday(text: str, *, is_end: bool = False) -> int:
    """Return the number of a day; Sunday is 7 where a range ends with it."""
    if text.isdigit() and int(text) < len(_SUNDAY_FIRST):
        number = int(text)
    elif text in _SUNDAY_FIRST:
        number = _SUNDAY_FIRST.index(text)
    else:
        raise ValueError(f"{text!r} is no weekday")
    return 7 if is_end and number == 0 else number


def _numbers(field: str) -> str:
    """Return a field of numbers as APScheduler takes it: a step beyond its range leaves the beginning of that."""
    return ",".join(_LONG_STEP.sub(_without_long_step, part) for part in field.split(","))


def _without_long_step(match: re.Match[str]) -> str:
    first, last, step = map(int, match.groups())
    return match[1] if first <= last and step > last - first else match[0]
