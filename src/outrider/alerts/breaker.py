"""Retries: backoff with jitter for a notification, a circuit breaker for a receiver. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST_US = 2_000_000
_LONGEST_US = 600_000_000
_DOUBLINGS = 12
TRIPS_AFTER = 5
"""Failures in a row after which a channel counts as dead."""

_FIRST_PAUSE_US = 15_000_000


def backoff_us(tries: int, jitter: float, asked_us: int | None = None) -> int:
    """Return how long to wait before a notification is tried again.

    Args:
        tries: How often it was tried, from one.
        jitter: 0 to 1, so that what failed together is not tried together.
        asked_us: What the channel asked for, which is the least.
    """
    whole = min(_LONGEST_US, _FIRST_US * 2 ** min(tries - 1, _DOUBLINGS))
    return max(asked_us or 0, int(whole * (0.5 + jitter / 2)))


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of a receiver.

    Attributes:
        failures: In a row.
        until_us: It is paused until then; a single notification is tried afterwards.
        since_us: Since when it fails.
        why: What the last failure was.
    """

    failures: int = 0
    until_us: int = 0
    since_us: int = 0
    why: str = ""

    @property
    def is_dead(self) -> bool:
        """Whether it failed so often in a row that it counts as dead."""
        return self.failures >= TRIPS_AFTER

    def is_closed(self, now_us: int) -> bool:
        """Return whether it may be used; a clock that was set back does not keep it away for longer than a pause."""
        return not self.until_us - _LONGEST_US < now_us < self.until_us

    def failed(self, why: str, now_us: int, asked_us: int | None = None) -> Breaker:
        """Return the breaker after a failure that may pass."""
        failures = self.failures + 1
        over = failures - TRIPS_AFTER
        pause_us = 0 if over < 0 else min(_LONGEST_US, _FIRST_PAUSE_US * 2 ** min(over, _DOUBLINGS))
        until_us = now_us + max(pause_us, asked_us or 0)
        return Breaker(failures, until_us, self.since_us or now_us, why)
