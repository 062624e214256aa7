"""Limits on concurrent jobs of one host."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Queue(Generic[T]):
    under_way: int = 0
    waiting: deque[tuple[float, T]] = field(default_factory=deque)


class HostQueues(Generic[T]):
    """At most so many jobs at a time for a host, first come, first served; hosts do not wait for each other.

    It only holds the jobs; it neither starts nor ends them, and reads no clock.
    """

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._queues: dict[str, _Queue[T]] = {}
        self.waiting = 0

    def take(self, host: str, job: T, until_s: float) -> bool:
        """Return whether a job may begin now; if not, it waits, `until_s` at most. An empty host needs no turn."""
        if not host:
            return True
        queue = self._queues.get(host)
        if queue is None:
            queue = self._queues[host] = _Queue()
        if queue.under_way < self._per_host:
            queue.under_way += 1
            return True
        queue.waiting.append((until_s, job))
        self.waiting += 1
        return False

    def give_back(self, host: str) -> T | None:
        """End a turn; return the job that has it now, if one is waiting."""
        if not host:
            return None
        queue = self._queues[host]
        if queue.waiting:
            self.waiting -= 1
            return queue.waiting.popleft()[1]
        queue.under_way -= 1
        if not queue.under_way:
            del self._queues[host]
        return None

    def expired(self, now_s: float) -> list[T]:
        """Remove and return the jobs that have waited too long."""
        expired: list[T] = []
        for queue in self._queues.values():
            if any(until_s <= now_s for until_s, _ in queue.waiting):
                expired += [job for until_s, job in queue.waiting if until_s <= now_s]
                queue.waiting = deque(entry for entry in queue.waiting if entry[0] > now_s)
        self.waiting -= len(expired)
        return expired
