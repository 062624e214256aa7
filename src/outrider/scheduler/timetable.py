"""When a check is due: by interval or cron, later by a jitter. Pure: the same check and time give the same answer.

Cron follows the clocks of the workspace's time zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from outrider.model import ConfigError, Place
from outrider.workspace import Cron

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model import Check

_SECOND_US = 1_000_000
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
