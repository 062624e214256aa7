"""When a check is due: by interval or cron, later by a jitter. Pure: the same check and time give the same answer.

Cron follows the clocks of the workspace's time zone. APScheduler's trigger reads the fields; changes of clocks are
reckoned here, since the trigger loses a time that is skipped where the clocks change at midnight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from outrider.model import ConfigError, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model import Check

_SECOND_US = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHANGE = timedelta(hours=25)
"""More than clocks are ever moved by."""
_SUNDAY_FIRST = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CRON_FIX = 'write five fields, such as "*/5 8-18 * * mon-fri": minute, hour, day, month, weekday'


class Timetable(Protocol):
    """Says when something is due."""

    def after(self, at_us: int) -> int | None:
        """Return the first time later than this, microseconds UTC; None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """Due at every multiple of an interval, counted from the epoch, plus a phase that spreads checks evenly."""

    every_us: int
    phase_us: int = 0

    def after(self, at_us: int) -> int | None:
        """Return the first time later than this."""
        return ((at_us - self.phase_us) // self.every_us + 1) * self.every_us + self.phase_us


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


@dataclass(frozen=True, slots=True)
class Jittered:
    """Later than another timetable, each time by a part of `jitter_us` that only the seed and the time decide."""

    exact: Timetable
    jitter_us: int
    seed: str

    def after(self, at_us: int) -> int | None:
        """Return the first time later than this."""
        due_us = self.exact.after(at_us - self.jitter_us)
        while due_us is not None and due_us + self._later(due_us) <= at_us:
            due_us = self.exact.after(due_us)
        return None if due_us is None else due_us + self._later(due_us)

    def _later(self, due_us: int) -> int:
        return spread(f"{self.seed} {due_us}", self.jitter_us)


def spread(seed: str, width_us: int) -> int:
    """Return a number from zero to below `width_us` that the seed alone decides."""
    return int.from_bytes(sha256(seed.encode()).digest()[:8]) % max(1, width_us)


def timetable(check: Check, timezone: str, *, failing: bool = False, location: str = "") -> Timetable:
    """Return when a check is due.

    Args:
        timezone: IANA name.
        failing: Whether its last run was not good.
        location: Spreads the locations of a check, too.

    Raises:
        ConfigError: bad-cron.
    """
    policy = check.policy
    jitter_us = round(policy.jitter_s * _SECOND_US)
    exact: Timetable
    if policy.cron and not (failing and policy.every_failing_s):
        exact = _cron(check, timezone)
    else:
        every_s = policy.every_failing_s if failing and policy.every_failing_s else policy.every_s
        every_us = max(1, round(every_s * _SECOND_US))
        exact = Interval(every_us, spread(f"{check.id} {location}", every_us))
        jitter_us = min(jitter_us, every_us)  # a longer one would only put runs out of order
    return Jittered(exact, jitter_us, f"{check.id} {location}") if jitter_us else exact


def problems_of(checks: Iterable[Check], timezone: str, now_us: int) -> tuple[ConfigError, ...]:
    """Return what is wrong with when checks are due: a cron that cannot be read, or that never comes true."""
    problems = []
    for check in checks:
        if not check.policy.cron:
            continue
        try:
            never = _cron(check, timezone).after(now_us) is None
        except ConfigError as error:
            problems.append(error)
            continue
        if never:
            what = f'cron = "{check.policy.cron}" never comes true'
            fix = "correct the day or the month; switch a check off by enabled = false"
            problems.append(ConfigError(what, slug="cron-never", fix=fix, where=Place(check.path, check.line)))
    return tuple(problems)


def _cron(check: Check, timezone: str) -> Cron:
    try:
        return Cron(check.policy.cron or "", timezone)
    except ValueError as error:
        what = f'cron = "{check.policy.cron}" cannot be read: {error}'
        raise ConfigError(what, slug="bad-cron", fix=_CRON_FIX, where=Place(check.path, check.line)) from None


def _triggers(fields: str) -> list[CronTrigger]:
    """Return the triggers of a crontab's five fields; where both day and weekday are restricted, either may hold.

    A field that begins with `*` restricts nothing in this sense, as in crontab(5).
    """
    words = fields.lower().split()
    if len(words) != 5:
        raise ValueError(f"{len(words)} fields instead of 5")
    minute, hour, day, month, weekday = words
    pairs = [(day, _weekdays(weekday))]
    if not (day.startswith("*") or weekday.startswith("*")):
        pairs = [(day, "*"), ("*", _weekdays(weekday))]
    return [
        CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekdays, timezone=UTC, second=0)
        for day, weekdays in pairs
    ]


def _weekdays(field: str) -> str:
    """Return a crontab's weekdays by name."""
    return ",".join(_weekday_part(part) for part in field.split(","))


def _weekday_part(part: str) -> str:
    days, slash, step = part.partition("/")
    ends = [_SUNDAY_FIRST[int(day)] if day.isdigit() and int(day) < 8 else day for day in days.split("-")]
    if len(ends) == 2 and ends[0] == "sun":  # APScheduler's week ends on Sunday: a range cannot begin there
        if slash:
            raise ValueError("a range of weekdays from Sunday takes no step")
        return "sun" if ends[1] == "sun" else f"sun,mon-{ends[1]}"
    return "-".join(ends) + slash + step
