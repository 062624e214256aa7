"""The time, and a watch over it: wall clocks are set forward and back, the monotonic clock is not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

TOLERATED_US = 2_000_000
"""A difference below this is slewing, not a jump."""


class Clock(Protocol):
    """Where the time comes from."""

    def wall_us(self) -> int:
        """Return microseconds UTC."""
        ...

    def steady_us(self) -> int:
        """Return microseconds since some moment, which nobody sets."""
        ...


class SystemClock:
    """The machine's clocks."""

    def wall_us(self) -> int:
        """Return microseconds UTC."""
        return time.time_ns() // 1000

    def steady_us(self) -> int:
        """Return microseconds of the monotonic clock."""
        return time.monotonic_ns() // 1000


@dataclass(frozen=True, slots=True)
class Look:
    """What the watch saw.

    Attributes:
        now_us: Microseconds UTC.
        jump_us: By how much the wall clock was set since the last look; zero if it was not.
    """

    now_us: int
    jump_us: int = 0


class ClockWatch:
    """Compares the wall clock with the monotonic one at each look."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_us = clock.wall_us() - clock.steady_us()

    def look(self) -> Look:
        """Return the time, and whether the clock was set since the last look."""
        now_us = self._clock.wall_us()
        offset_us = now_us - self._clock.steady_us()
        moved_us, self._offset_us = offset_us - self._offset_us, offset_us
        return Look(now_us, moved_us if abs(moved_us) > TOLERATED_US else 0)
