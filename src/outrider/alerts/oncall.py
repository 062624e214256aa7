"""Who is on call: rotations with overrides. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_DAY_US = 86_400_000_000
_MOST_TURNS = 10_000


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in from one moment to another, microseconds UTC."""

    person: str
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who are on call one after the other, a shift each.

    Attributes:
        people: In the order of their shifts.
        start_us: When the first shift begins, microseconds UTC; before it nobody is on call.
        shift_us: Length of a shift. Shifts of whole days change at the same time of the day, before and after a change
            of clocks.
        overrides: The last one that holds wins.
        timezone: IANA name of the zone whose clocks count.
    """

    people: tuple[str, ...]
    start_us: int
    shift_us: int
    overrides: tuple[Override, ...] = ()
    timezone: str = "UTC"

    def on_call(self, at_us: int) -> str:
        """Return who is on call; empty if nobody is."""
        for override in reversed(self.overrides):
            if override.from_us <= at_us < override.until_us:
                return override.person
        if at_us < self.start_us or not self.people:
            return ""
        return self.people[self._passed_us(at_us) // self.shift_us % len(self.people)]

    def turns(self, at_us: int, until_us: int, most: int = _MOST_TURNS) -> tuple[tuple[int, str], ...]:
        """Return since when who is on call, from a moment on to another one; nobody if the name is empty.

        Args:
            at_us: When the first turn is looked at, microseconds UTC.
            until_us: Turns that begin before then.
            most: How many changes are looked at; shifts may be short.
        """
        turns, moment_us = [(at_us, self.on_call(at_us))], self._next_change_us(at_us)
        while moment_us is not None and moment_us < until_us and most > 0:
            person, most = self.on_call(moment_us), most - 1
            if person != turns[-1][1]:
                turns.append((moment_us, person))
            moment_us = self._next_change_us(moment_us)
        return tuple(turns)

    def _next_change_us(self, at_us: int) -> int | None:
        """Return the next moment at which somebody else may be on call; None if there is none."""
        changes = [edge for override in self.overrides for edge in (override.from_us, override.until_us)]
        if self.people:
            changes.append(self._next_shift_us(at_us) if at_us >= self.start_us else self.start_us)
        return min((change for change in changes if change > at_us), default=None)

    def _next_shift_us(self, at_us: int) -> int:
        passed_us = self._passed_us(at_us)
        wanted_us = (passed_us // self.shift_us + 1) * self.shift_us
        next_us = at_us + wanted_us - passed_us
        next_us += wanted_us - self._passed_us(next_us)  # clocks may have been set meanwhile
        return max(next_us, at_us + 1)

    def _passed_us(self, at_us: int) -> int:
        """Return the time since the first shift began: by the clocks of the zone where shifts last whole days."""
        if self.shift_us % _DAY_US:
            return at_us - self.start_us
        return _clock_us(at_us, self.timezone) - _clock_us(self.start_us, self.timezone)


def _clock_us(at_us: int, timezone: str) -> int:
    """Return what clocks of a zone show, in microseconds since the epoch as if it were UTC."""
    at = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    shift = at.astimezone(ZoneInfo(timezone)).utcoffset() or timedelta()
    return at_us + shift // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Level:
    """One level of an escalation.

    Attributes:
        after_us: How long after the level before.
        receivers: Who is notified.
        rotations: And who is on call there.
    """

    after_us: int = 0
    receivers: tuple[str, ...] = ()
    rotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Escalation:
    """Levels that are notified in turn until somebody acknowledges.

    Attributes:
        rounds: How often all levels are notified.
        then: The policy that follows the last round; empty for none.
    """

    levels: tuple[Level, ...]
    rounds: int = 1
    then: str = ""
