"""Leadership among several processes on one store: the leader beats in a row, and is replaced when the beat stops."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from outrider.model import Leadership, ScheduleQueue
    from outrider.scheduler.clock import Clock

BEAT_US = 2_000_000
DEAD_AFTER_US = 8_000_000
"""A leader whose row has not changed for so long, by the observer's own monotonic clock, counts as dead."""


def holder_here() -> str:
    """Return the name of this process: its machine, its number and when it began."""
    return f"{_machine()} {os.getpid()} {_began(os.getpid())}"


class Leading:
    """Leads, or waits to, or only sees who does.

    Attributes:
        leads: Whether this process does; replaced as a whole.
        is_led: Whether another one does, and is alive by what was seen of it.
    """

    def __init__(self, schedule: ScheduleQueue, clock: Clock, holder: str, *, may_lead: bool = True) -> None:
        self._schedule = schedule
        self._clock = clock
        self.holder = holder
        self.leads = self.is_led = False
        self._may_lead = may_lead
        self._beaten_us = 0
        self._seen: tuple[str, int] | None = None
        self._seen_us = 0

    def look(self, now_us: int) -> Leadership | None:
        """Beat if it is time, or see whether the leader lives; return what it left if this process takes over.

        Called once a second: the sooner a standby sees each beat, the sooner it sees that none comes.

        Raises:
            StoreError: If the store cannot be used.
        """
        steady_us = self._clock.steady_us()
        if not self.leads:
            return self._take_over(now_us, steady_us)
        if steady_us - self._beaten_us >= BEAT_US:
            self.leads = self._schedule.beat(self.holder, now_us)
            self._beaten_us = steady_us
        return None

    def _take_over(self, now_us: int, steady_us: int) -> Leadership | None:
        row = self._schedule.leadership()
        if row is not None and (row.holder, row.beat) != self._seen:
            self._seen, self._seen_us = (row.holder, row.beat), steady_us
        is_free = row is None or row.holder in {"", self.holder} or is_dead(row.holder)
        is_free |= steady_us - self._seen_us >= DEAD_AFTER_US
        self.is_led = not is_free
        if is_free and self._may_lead and self._schedule.lead(self.holder, now_us, row):
            left = self._schedule.leadership()
            self.leads = True
            return left
        return None


def is_dead(holder: str) -> bool:
    """Return whether a process is known to have ended; one of another machine never is."""
    machine, _, process = holder.rpartition(" ")[0].rpartition(" ")
    if machine != _machine() or not process.isdigit():
        return False
    return _began(int(process)) != holder.rpartition(" ")[2]


def _began(process: int) -> str:
    try:
        running = psutil.Process(process)
        return "" if running.status() == psutil.STATUS_ZOMBIE else f"{running.create_time():.2f}"
    except psutil.Error:
        return ""


def _machine() -> str:
    """Return what tells machines apart, and containers of one machine, whose processes count anew."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - no path
    except OSError:
        return os.uname().nodename
